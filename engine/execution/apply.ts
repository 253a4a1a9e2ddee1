import { inspect } from 'node:util'
import type { Step } from '../language/playbook.ts'
import { type Debt, recordDebt } from '../remote/debt.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import type { StepResult } from '../remote/shell.ts'
import type { AnyRead, Prediction } from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'
import {
  argsOf,
  brokenCommand,
  changedAccounts,
  type Errand,
  errand,
  onlyLooks,
  toRemoteJob,
  touchedBy,
  verifyingReads,
} from './act.ts'
import { acted } from './acted.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import { userKey } from './hosts.ts'
import type { Job } from './jobs.ts'
import { planJob } from './plan-job.ts'
import type { PlannedJob } from './planning.ts'
import { agrees } from './prediction.ts'
import { decided, failed, planned, type Settled } from './settled.ts'
import { showChange } from './show.ts'
import { mergeReads, type World } from './world.ts'

/** Jobs of one step on one target, planned one after the other, and what ends a debt when they went well. */
export interface Batch {
  step: Step
  position: number
  target: string
  jobs: readonly PlannedJob[]
  /** The handler that is being run, whose debt ends with it. */
  settles: string | undefined
}

/**
 * Applies planned jobs in one round, which also looks again at what they were to change and at what later steps need afresh;
 * then says of each how it ended. A change that has not come about is NOT_SETTLED.
 */
export async function applyBatch(context: PlayContext, batch: Batch): Promise<Settled[]> {
  const { step, position, target, jobs } = batch
  const errands = jobs.map((job) => errand(job, step, debtsOf(context, job, step), settledBy(context, batch, job)))
  const acting = errands.filter((one) => one !== undefined)
  if (acting.length === 0) return jobs.map((job) => unmoved(job, step))
  const world = context.hosts.world(target)
  const reads = [...jobs.flatMap(verifyingReads), ...refresh(world, batch)]
  const { become } = step
  let results: readonly (readonly StepResult[])[]
  try {
    await oweElsewhere(context, batch)
    const changes = jobs.flatMap(changedAccounts)
    const work = { jobs: acting.map(toRemoteJob), reads: mergeReads(reads).values(), changes }
    results = (await context.hosts.go({ host: target, become, step: position, ...work })).jobs
  } catch (error) {
    if (!(error instanceof RemoteProblem)) throw error
    world.forget(position)
    return jobs.map(({ job }) => unreached(job, error))
  }
  if (context.onMisprediction) mispredictions(batch, world).forEach(context.onMisprediction)
  return jobs.map((job, index) => {
    const own = errands[index]
    if (!own) return unmoved(job, step)
    const answers = results[acting.indexOf(own)] ?? []
    const handler = settledBy(context, batch, job)
    if (handler !== undefined && answers.at(-1)?.skipped === false) context.debts.clear(target, handler)
    return ended(context, batch, job, own, answers)
  })
}

/** A debt can end in the same round as its handler when that is one job, on the host that is owed. */
function settledBy(
  { debts }: PlayContext,
  { step, settles, target, jobs }: Batch,
  { job }: PlannedJob,
): string | undefined {
  if (settles === undefined || userKey(debts.keeper(target, settles)) !== userKey(step.become)) return undefined
  const isOnly = jobs.filter((other) => other.job.host === job.host).length === 1
  return isOnly && job.item === undefined && job.host.name === target ? settles : undefined
}

/** What is done on another host is owed on the host that it is done for, and recorded there first. */
async function oweElsewhere(context: PlayContext, { step, position, target, jobs }: Batch): Promise<void> {
  for (const planned of jobs) {
    const { name } = planned.job.host
    if (name === target || !acts(planned)) continue
    const commands = newDebts(context, planned, step).map(recordDebt)
    if (commands.length === 0) continue
    const jobs = [{ commands, timeoutMs: step.timeoutMs }]
    await context.hosts.go({ host: name, become: step.become, step: position, jobs, reads: [] })
  }
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

/** How such a host leaves the play; undefined when only this step could not be done on it. */
export function lossOf(problem: RemoteProblem): HostState['lost'] {
  if (problem.code === 'LOCKED') return 'locked'
  return problem.unreachable || problem.lost ? 'unreachable' : undefined
}

/** Forgets what the jobs may change; gives what has to be looked at again by the same user in the same round. */
function refresh(world: World, { step, position, jobs }: Batch): readonly AnyRead[] {
  const touched: AnyRead[] = []
  let anything = false
  for (const job of jobs) {
    const reads = touchedBy(job)
    if (reads) touched.push(...reads)
    else anything = true
  }
  return world.forget(position, anything ? undefined : touched).get(userKey(step.become)) ?? []
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
  if (broken) return broken
  if (plan.plan.changes.length === 0) return planned(job, step, plan.plan)
  const again = planJob(job.call, argsOf(job), context.hosts.world(target), userKey(step.become), position)
  if (again.kind === 'plan' && again.plan.changes.length === 0) {
    return { ...planned(job, step, plan.plan), value: { ...again.plan.result, changed: true } }
  }
  const left = again.kind === 'plan' ? again.plan.changes.map((change) => showChange(change, step.noLog)) : []
  const why =
    again.kind === 'failure' || again.kind === 'denied' ? again.message : left.map(({ what }) => what).join(', ')
  const message = `the change was made and the host still differs: ${why || 'it could not be looked at again'}`
  return failed(job, { code: 'NOT_SETTLED', message, hint: 'something else on the host may be setting it back' }, left)
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

/** Debts that the job records in its own round, before its change. */
function debtsOf(context: PlayContext, planned: PlannedJob, step: Step): Debt[] {
  return planned.job.host.name === planned.job.target && acts(planned) ? newDebts(context, planned, step) : []
}

function newDebts(context: PlayContext, { job }: PlannedJob, step: Step): Debt[] {
  const { playbook, now, operator, debts } = context
  const missing = step.notify.filter((handler) => !debts.stands(job.host.name, handler))
  for (const handler of missing) debts.note(job.host.name, handler, step.become)
  return missing.map((handler) => ({ handler, playbook, reason: step.name, since: now().toISOString(), by: operator }))
}

function acts(job: PlannedJob): boolean {
  const { planned } = job
  if (planned.kind === 'plan') return planned.plan.changes.length > 0
  return planned.kind === 'decision' && planned.decision.due && !onlyLooks(job)
}
