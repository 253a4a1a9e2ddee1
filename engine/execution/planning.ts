import type { Step } from '../language/playbook.ts'
import type { Hosts } from './hosts.ts'
import { userKey } from './hosts.ts'
import type { Job } from './jobs.ts'
import { foresee, foreseeAction, foreseeUnknown, type Planned, planJob } from './plan-job.ts'
import type { World } from './world.ts'

export interface PlannedJob {
  job: Job
  planned: Planned
}

/** Planned jobs of one step on one target, and what the target will look like when all of them are done. */
export interface PlannedTarget {
  target: string
  jobs: PlannedJob[]
  world: World
}

/**
 * Plans the jobs of one step, target by target and one after the other: an item is planned on what the items before it will
 * have made, so that all of them can be applied in one round.
 */
export function planJobs(
  hosts: Hosts,
  step: Step,
  position: number,
  jobs: readonly Job[],
  base = (name: string) => hosts.world(name),
): PlannedTarget[] {
  const targets = new Map<string, PlannedTarget>()
  for (const job of jobs) {
    const target = targets.get(job.target) ?? { target: job.target, jobs: [], world: base(job.target).fork() }
    targets.set(job.target, target)
    target.jobs.push({ job, planned: planOne(target.world, step, position, job) })
  }
  return [...targets.values()]
}

function planOne(world: World, step: Step, position: number, job: Job): Planned {
  const user = userKey(step.become)
  if (job.args.kind === 'unknown') {
    const { partial, unknown } = job.args
    return { kind: 'unknown', unknown, confined: foreseeUnknown(world, job.call, partial, unknown) }
  }
  const called = job.call.kind === 'module' ? job.call.module : job.call.action
  const nul = nulIn({ ...job.args.args, environment: job.environment }, called.args.properties ?? {})
  if (nul !== undefined) {
    const message = `'${nul}' of ${called.name} holds a NUL`
    return { kind: 'failure', message, hint: 'no argument of a program can; take it out, or bring the bytes as a file' }
  }
  const nobody = world.whyNobody(user, position)
  if (nobody !== undefined) return { kind: 'failure', ...nobody }
  const planned = planJob(job.call, job.args.args, world, user, position)
  if (planned.kind === 'decision' && planned.decision.due) foreseeAction(world, job.call, job.args.args, user, position)
  if (planned.kind === 'plan') foresee(world, planned.plan, user, position)
  if (planned.kind === 'unknown')
    return { ...planned, confined: foreseeUnknown(world, job.call, job.args.args, planned.unknown) }
  return planned
}

/**
 * The name of the argument that holds a NUL byte, which no word of a command can carry: a value that a host has printed may. What
 * goes over a standard input, as the content of a file does, may hold anything.
 */
function nulIn(args: object, schemas: Readonly<Record<string, ArgumentKinds>>): string | undefined {
  const isFed = (name: string) =>
    [schemas[name], ...(schemas[name]?.anyOf ?? [])].some(
      (one) => one?.lockstep === 'text' || one?.lockstep === 'secret',
    )
  const holds = (value: unknown): boolean => {
    if (typeof value === 'string') return value.includes('\0')
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
    return Object.entries(value).some((entry) => entry.some(holds))
  }
  return Object.entries(args).find(([name, value]) => holds(value) && !isFed(name))?.[0]
}

interface ArgumentKinds {
  lockstep?: string
  anyOf?: readonly ArgumentKinds[]
}
