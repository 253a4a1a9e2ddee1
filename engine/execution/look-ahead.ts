import type { Evaluator } from '../language/evaluator.ts'
import type { Step } from '../language/playbook.ts'
import type { Mode } from '../report/event.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import { touchedBy } from './act.ts'
import type { HostState } from './host-state.ts'
import type { Hosts } from './hosts.ts'
import { type Drafted, draft, type Job } from './jobs.ts'
import { type Wanted, want } from './looking.ts'
import type { Planned } from './plan-job.ts'
import { type PlannedJob, planJobs } from './planning.ts'
import { expectedValue } from './register.ts'
import type { Registry } from './registry.ts'
import type { World } from './world.ts'

export interface LookAhead {
  mode: Mode
  evaluator: Evaluator
  registry: Registry
  hosts: Hosts
  /** What is still to come, with its position in the play. */
  ahead: Iterable<{ step: Step; position: number }>
  members: readonly HostState[]
}

/**
 * Walks all steps ahead on what is known now, as check mode would, and collects what nobody has looked at yet. What depends on
 * an answer that is still out is pending, and comes with the next round: a play needs as many rounds of looking as its longest
 * chain of such dependencies. What stands behind a step that may leave anything otherwise is looked at after it.
 */
export function lookAhead({ mode, evaluator, registry, hosts, ahead, members }: LookAhead): Wanted {
  const wanted: Wanted = new Map()
  const upset = new Set<string>()
  const worlds = new Map<string, World>()
  const worldOf = (name: string) => worlds.get(name) ?? hosts.world(name)
  registry.guessing(() => {
    for (const { step, position } of ahead) {
      const { call } = step
      if (call.kind === 'meta') continue
      const drafts = members.filter((host) => isAhead(host, step)).map((host) => draft(evaluator, step, call, host))
      const taken = step.runOnce ? drafts.slice(0, 1) : drafts
      const targets = planJobs(hosts, step, position, taken.flat().flatMap(jobOf), worldOf)
      for (const { target, jobs, world } of targets) {
        worlds.set(target, world)
        if (upset.has(target)) continue
        for (const { planned } of jobs) if (planned.kind === 'missing') want(wanted, target, step.become, planned.reads)
        if (mode === 'run' && step.checkMode !== true && jobs.some(upsets)) upset.add(target)
      }
      if (members.every((host) => !host.active || upset.has(host.name))) break
      if (step.register === undefined) continue
      const planned = new Map(targets.flatMap(({ jobs }) => jobs.map((one) => [one.job, one.planned] as const)))
      for (const drafted of taken) guess(registry, step.register, drafted, planned, step.runOnce ? members : undefined)
    }
  })
  return wanted
}

/** Whether it is certain that after this job everything on its host has to be looked at again. */
function upsets(one: PlannedJob): boolean {
  const { planned } = one
  const acts = planned.kind === 'plan' ? planned.plan.changes.length > 0 : isDueForSure(planned)
  return acts && touchedBy(one) === undefined
}

function isDueForSure(planned: Planned): boolean {
  return planned.kind === 'decision' && planned.decision.due && !planned.guarded
}

/** Steps of a rescue are looked at when it comes to that. */
function isAhead(host: HostState, step: Step): boolean {
  return host.active && step.blocks.every(({ section }) => section !== 'rescue')
}

function jobOf(drafted: Drafted): Extract<Drafted, { kind: 'job' }>['job'][] {
  return drafted.kind === 'job' ? [drafted.job] : []
}

function guess(
  registry: Registry,
  name: string,
  drafts: readonly Drafted[],
  planned: ReadonlyMap<Job, Planned>,
  shared: readonly HostState[] | undefined,
): void {
  const [first] = drafts
  if (!first) return
  const own = first.kind === 'job' ? first.job.host : first.host
  const values = drafts.map((drafted): Value => {
    if (drafted.kind === 'skipped') return { changed: false, skipped: true }
    const found = drafted.kind === 'job' ? planned.get(drafted.job) : undefined
    return found ? expectedValue(found) : new Unknown(`${name}, which is registered only when its task has run`)
  })
  const isLoop = drafts.some((drafted) => (drafted.kind === 'job' ? drafted.job.item : drafted.item) !== undefined)
  const value: Value = isLoop ? { changed: false, results: values } : (values[0] ?? null)
  for (const host of shared ?? [own]) registry.register(host.name, name, value)
}
