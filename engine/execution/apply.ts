import { inspect } from 'node:util'
import type { Step } from '../language/playbook.ts'
import { beginGuard } from '../remote/guard.ts'
import { type LockCode, RemoteProblem } from '../remote/remote-problem.ts'
import type { StepResult } from '../remote/shell.ts'
import type { AnyRead, Prediction } from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'
import {
  argsOf,
  brokenCommand,
  changedAccounts,
  type Errand,
  errand,
  toRemoteJob,
  touchedBy,
  verifyingReads,
} from './act.ts'
import { acted } from './acted.ts'
import type { PlayContext } from './context.ts'
import { type Guarded, guardOf, proveWayIn } from './guarding.ts'
import type { HostState } from './host-state.ts'
import { userKey } from './hosts.ts'
import type { Job } from './jobs.ts'
import { type Batch, debtsOf, noteDebts, oweElsewhere, settledBy } from './owing.ts'
import { planJob } from './plan-job.ts'
import type { PlannedJob } from './planning.ts'
import { agrees } from './prediction.ts'
import { decided, failed, planned, type Settled } from './settled.ts'
import { showChange } from './show.ts'
import { mergeReads, type World } from './world.ts'

/**
 * Applies planned jobs in one round, which also looks again at what they were to change and at what later steps need afresh;
 * then says of each how it ended. A change that has not come about is NOT_SETTLED.
 */
export async function applyBatch(context: PlayContext, batch: Batch): Promise<Settled[]> {
  const { step, position, target, jobs } = batch
  const guarded = guardOf(context, batch)
  const errands = jobs.map((job) => {
    const one = errand(job, step, debtsOf(context, job, step), settledBy(context, batch, job))
    return one && guarded?.jobs.has(job) ? underGuard(one, guarded) : one
  })
  const acting = errands.filter((one) => one !== undefined)
  if (acting.length === 0) return jobs.map((job) => unmoved(job, step))
  const world = context.hosts.world(target)
  const reads = readsAfter(world, batch)
  const { become } = step
  let results: readonly (readonly StepResult[])[]
  try {
    await oweElsewhere(context, batch)
    const changes = jobs.flatMap(changedAccounts)
    const remoteJobs = acting.map((one) => toRemoteJob(one, batch.listen, batch.progress))
    const work = { jobs: remoteJobs, reads: mergeReads(reads).values(), changes, signal: context.signal }
    results = (await context.hosts.go({ host: target, become, step: position, ...work })).jobs
  } catch (error) {
    if (!(error instanceof RemoteProblem)) throw error
    world.forget(position)
    const loser = context.states.get(error.host)
    if (loser && lossOf(error) === 'locked') loser.lost ??= 'locked'
    const begun = error.code === 'DEBT_UNRECORDED' ? () => ({}) : begunBy
    return jobs.map((planned) => {
      const problem = guarded?.jobs.has(planned) ? underway(error, guarded) : error
      return { ...unreached(planned.job, problem), ...begun(planned) }
    })
  }
  noteDebts(context, batch, acting, results)
  const isRead = jobs.some(({ job }) => job.call.kind === 'action') && results.flat().every(({ code }) => code === 0)
  const answersOf = (one: Errand) => results[acting.indexOf(one)] ?? []
  const kept = jobs.filter((job, index) => {
    const own = errands[index]
    return own && guarded?.jobs.has(job) && answersOf(own)[0]?.code === 0
  })
  // What could not be put under guard was not done either.
  const lockOut = guarded && kept.length > 0 ? await proveWayIn(context, batch, guarded, isRead) : undefined
  if (lockOut) world.forget(position)
  if (context.onMisprediction) mispredictions(batch, world).forEach(context.onMisprediction)
  return jobs.map((job, index) => {
    const own = errands[index]
    if (!own) return unmoved(job, step)
    const answers = answersOf(own)
    if (lockOut && kept.includes(job)) return lockedOut(job, lockOut)
    const handler = settledBy(context, batch, job)
    if (handler !== undefined && answers.at(-1)?.skipped === false) context.debts.clear(target, handler, step.become)
    return ended(context, batch, job, own, answers)
  })
}

/** What the errand touches is kept before it begins, and comes back by itself. */
function underGuard(one: Errand, { guard }: Guarded): Errand {
  return { ...one, commands: [beginGuard(guard), ...one.commands], before: one.before + 1 }
}

/** The connection broke while a guard stood. */
function underway({ code, host, message, lost }: RemoteProblem, { guard }: Guarded): RemoteProblem {
  const hint = `the host undoes within ${guard.seconds} s what this task did, since it may have cut off the way in`
  return new RemoteProblem({ code, host, message, lost, hint })
}

function lockedOut({ job }: PlannedJob, why: string): Settled {
  const message = `it would have cut off the way in, so it was undone: ${why}`
  return failed(job, {
    code: 'LOCKED_OUT',
    message,
    hint: 'nobody could have logged in any more; change what is asked for',
  })
}

/** A host that could not be reached, or whose shell failed under the step. */
export function unreached(job: Pick<Job, 'host' | 'item'>, problem: RemoteProblem): Settled {
  const failure = {
    code: problem.code,
    message: problem.message,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  }
  const settled = failed(job, failure)
  return problem.unreachable || problem.lost ? { ...settled, status: 'unreachable' } : settled
}

/** A module that was to change something may have done so, in part or in whole. */
function begunBy({ job, planned }: PlannedJob): { begun?: true } {
  return job.call.kind === 'module' && planned.kind === 'plan' && planned.plan.changes.length > 0 ? { begun: true } : {}
}

/** How such a host leaves the play; undefined when only this step could not be done on it. */
export function lossOf(problem: RemoteProblem): HostState['lost'] {
  if (LOCK_CODES.includes(problem.code)) return 'locked'
  return problem.unreachable || problem.lost ? 'unreachable' : undefined
}

const LOCK_CODES: readonly string[] = ['LOCKED', 'LOCK_BROKEN', 'LOCK_FAILED'] satisfies LockCode[]

/**
 * Forgets what the jobs may change; gives what tells whether they have come about, and what has to be looked at again by the same user in
 * the same round.
 */
function readsAfter(world: World, { step, position, jobs }: Batch): readonly AnyRead[] {
  const user = userKey(step.become)
  const each = jobs.map(touchedBy)
  const touched = each.every((reads) => reads !== undefined) ? each.flat() : undefined
  const again = world.forget(position, touched).get(user) ?? []
  const isKnown = (read: AnyRead) => world.answer(read, user, position) !== undefined
  return [...jobs.flatMap((job) => verifyingReads(job, touched, isKnown)), ...again]
}

function ended(
  context: PlayContext,
  { step, position, target }: Batch,
  { job, planned: plan }: PlannedJob,
  own: Errand,
  results: readonly StepResult[],
): Settled {
  if (job.call.kind === 'action') {
    if (own.own === 0) return brokenCommand(own, results, step, []) ?? unmoved({ job, planned: plan }, step)
    const broken = brokenCommand(
      { ...own, commands: own.commands.slice(0, own.before) },
      results.slice(0, own.before),
      step,
      [],
    )
    if (broken) return broken
    return acted(context.evaluator, step, { job, planned: plan }, own, results)
  }
  if (plan.kind !== 'plan') throw new Error('only planned modules are applied')
  const differences = plan.plan.changes.map((change) => showChange(change, step.noLog))
  const broken = brokenCommand(own, results, step, differences)
  if (broken) {
    const at = results.findIndex(({ code, skipped }) => !skipped && code !== 0)
    return at < own.before ? broken : { ...broken, ...begunBy({ job, planned: plan }) }
  }
  if (plan.plan.changes.length === 0) return planned(job, step, plan.plan)
  const again = planJob(job.call, argsOf(job), context.hosts.world(target), userKey(step.become), position)
  if (again.kind === 'plan' && again.plan.changes.length === 0) {
    return { ...planned(job, step, plan.plan), value: { ...again.plan.result, changed: true } }
  }
  const left = again.kind === 'plan' ? again.plan.changes.map((change) => showChange(change, step.noLog)) : []
  const why =
    again.kind === 'failure' || again.kind === 'denied' ? again.message : left.map(({ what }) => what).join(', ')
  const message = `the change was made and the host still differs: ${why || 'it could not be looked at again'}`
  const failure = { code: 'NOT_SETTLED', message, hint: 'something else on the host may be setting it back' }
  return { ...failed(job, failure, left), begun: true }
}

/** What the plans foresaw and the host shows otherwise, of what was looked at again. */
function mispredictions({ step, position, jobs }: Batch, world: World): string[] {
  const foreseen = new Map<string, Prediction>()
  for (const { planned: plan } of jobs) {
    if (plan.kind === 'plan' && plan.plan.changes.length > 0) {
      for (const prediction of plan.plan.after ?? []) foreseen.set(prediction.read.key, prediction)
    }
  }
  return [...foreseen.values()].flatMap(({ read, state }) => {
    if (state instanceof Unknown) return []
    const actual = world.answer(read, userKey(step.become), position)
    if (!actual || actual instanceof Unknown || 'denied' in actual || agrees(known(read, state), actual.state))
      return []
    return [`${step.name}: ${read.key} was foreseen as ${inspect(state)} and is ${inspect(actual.state)}`]
  })
}

/** A file that is foreseen without its content is foreseen without its size. */
function known(read: AnyRead, state: unknown): unknown {
  if (read.kind !== 'file' || typeof state !== 'object' || state === null || 'content' in state) return state
  return { ...state, size: undefined }
}

/** Nothing was due: as planned, or as decided. */
function unmoved({ job, planned: plan }: PlannedJob, step: Step): Settled {
  if (plan.kind === 'plan') return planned(job, step, plan.plan)
  if (plan.kind === 'decision' && !plan.decision.due) return decided(job, plan.decision, plan)
  if (plan.kind === 'failure' || plan.kind === 'denied')
    return failed(job, { code: plan.kind === 'denied' ? 'NOT_ALLOWED' : 'TASK_FAILED', message: plan.message })
  if (plan.kind === 'unknown')
    return failed(job, { code: 'STILL_UNKNOWN', message: `it depends on ${plan.unknown.reason}` })
  throw new Error(`${step.name} was neither planned nor decided`)
}
