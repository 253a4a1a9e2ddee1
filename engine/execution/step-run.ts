import type { RemoteProblem } from '../remote/remote-problem.ts'
import { Unknown } from '../resource/unknown.ts'
import { lossOf, unreached } from './apply.ts'
import { carryOut, type Performance } from './carry-out.ts'
import type { PlayContext } from './context.ts'
import { type Drafted, draft, type Job } from './jobs.ts'
import { lookAhead } from './look-ahead.ts'
import { look, mergeWanted, missingOf } from './looking.ts'
import { foreseeUnknown } from './plan-job.ts'
import { planJobs } from './planning.ts'
import { failed, open, problemFailure, type Settled, skipped } from './settled.ts'

/** Performs a step on all its hosts at once, and says of each (host, item) how it ended. */
export async function perform(context: PlayContext, performance: Performance): Promise<Settled[]> {
  const { step, call, position } = performance
  const members = step.runOnce ? performance.members.slice(0, 1) : performance.members
  const unreachable = new Map<string, RemoteProblem>()
  const elsewhere: Settled[] = []
  for (;;) {
    const drafts = members.flatMap((host) => draft(context.evaluator, step, call, host))
    const jobs = drafts.flatMap(jobsOf)
    const reachable = jobs.filter(({ target }) => !unreachable.has(target))
    const targets = planJobs(context.hosts, step, position, reachable)
    const wanted = missingOf(context, step, targets)
    if (wanted.size === 0) {
      const lost = jobs.flatMap((job) => {
        const problem = unreachable.get(job.target)
        return problem ? [unreached(job, problem)] : []
      })
      const settled = [
        ...drafts.flatMap(undone),
        ...lost,
        ...elsewhere,
        ...(await carryOut(context, performance, targets)),
      ]
      if (context.mode === 'check' && step.checkMode !== true) for (const drafted of drafts) blur(context, drafted)
      return settled
    }
    const ahead = lookAhead({ ...context, ahead: performance.ahead, members: performance.members })
    for (const name of unreachable.keys()) ahead.delete(name)
    for (const [name, problem] of await look(context, mergeWanted(wanted, ahead), position)) {
      unreachable.set(name, problem)
      const host = context.states.get(name)
      if (!host || host.lost) continue
      host.lost = lossOf(problem)
      if (!members.includes(host)) elsewhere.push(unreached({ host, item: undefined }, problem))
    }
  }
}

function jobsOf(drafted: Drafted): Job[] {
  return drafted.kind === 'job' ? [drafted.job] : []
}

/** Blurs what a step would touch that may be done as a whole or not; a run builds on nothing but what it sees. */
export function blurAll(context: PlayContext, drafts: readonly Drafted[], reason: string): void {
  if (context.mode === 'run') return
  const unknown = new Unknown(reason)
  for (const drafted of drafts)
    blur(context, drafted.kind === 'job' ? { ...drafted.job, kind: 'may-run', unknown, job: drafted.job } : drafted)
}

/** What may be done or not leaves what it would touch unknown. */
function blur({ hosts }: PlayContext, drafted: Drafted): void {
  if (drafted.kind !== 'may-run' || !drafted.job) return
  const { target, call, args } = drafted.job
  foreseeUnknown(hosts.world(target), call, args.kind === 'known' ? args.args : args.partial, drafted.unknown)
}

/** Drafts that never become jobs. */
function undone(drafted: Drafted): Settled[] {
  switch (drafted.kind) {
    case 'job':
      return []
    case 'skipped':
      return [skipped(drafted, drafted.reason)]
    case 'may-run':
      return [{ ...open(drafted, 'may-run', `depends on ${drafted.unknown.reason}`), hazy: true }]
    case 'failure':
      return [failed(drafted, problemFailure(drafted.problem))]
  }
}
