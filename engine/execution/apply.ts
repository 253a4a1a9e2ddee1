import { inspect } from 'node:util'
import type { Step } from '../language/playbook.ts'
import { type Debt, recordDebt } from '../remote/debt.ts'
import { type LockCode, RemoteProblem } from '../remote/remote-problem.ts'
import type { StepResult } from '../remote/shell.ts'
import type { AnyRead, Prediction } from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'
import { argsOf, brokenCommand, type Errand, errand, onlyLooks, toRemoteJob, touchedBy, verifyingReads } from './act.ts'
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
    const work = { jobs: acting.map(toRemoteJob), reads: mergeReads(reads).values() }
    results = (await context.hosts.go({ host: target, become, step: position, ...work })).jobs
  } catch (error) {
    if (!(error instanceof RemoteProblem)) throw error
    world.forget(position)
    const own = context.states.get(target)
    if (own) own.lost ??= lossOf(error)
    return jobs.map((planned) => ({ ...unreached(planned.job, error), ...begunBy(planned) }))
  }
  noteDebts(context, batch, acting, results)
  if (context.onMisprediction) mispredictions(batch, world).forEach(context.onMisprediction)
  return jobs.map((job, index) => {
    const own = errands[index]
    if (!own) return unmoved(job, step)
    const answers = results[acting.indexOf(own)] ?? []
    const handler = settledBy(context, batch, job)
    if (handler !== undefined && answers.at(-1)?.skipped === false) context.debts.clear(target, handler, step.become)
    return ended(context, batch, job, own, answers)
  })
}

/** Debts of this round that are on the disk now. What was not recorded is tried again with the next change. */
function noteDebts(
  { debts }: PlayContext,
  { step, target }: Batch,
  acting: readonly Errand[],
  results: readonly (readonly StepResult[])[],
): void {
  for (const [index, errand] of acting.entries()) {
    for (const [at, { handler }] of errand.debts.entries()) {
      const answer = results[index]?.[at]
      if (at < errand.before && answer?.code === 0 && !answer.skipped) debts.note(target, handler, step.become)
    }
  }
}

/**
 * A debt can end in the same round as its handler when that is one job on the host that is owed, as the user who recorded it,
 * and whose exit code alone says whether it went well.
 */
function settledBy(
  { debts }: PlayContext,
  { step, settles, target, jobs }: Batch,
  { job, planned }: PlannedJob,
): string | undefined {
  if (settles === undefined || !isToldByExitCode(step, job, planned)) return undefined
  const keepers = debts.keepers(target, settles).map(userKey)
  if (keepers.length !== 1 || keepers[0] !== userKey(step.become)) return undefined
  const isOnly = jobs.filter((other) => other.job.host === job.host).length === 1
  return isOnly && job.item === undefined && job.host.name === target ? settles : undefined
}

/** A module is read back after its change, and an action may judge its own outcome or be judged by the task. */
function isToldByExitCode(step: Step, job: Job, planned: PlannedJob['planned']): boolean {
  if (job.call.kind === 'module') return planned.kind === 'plan' && planned.plan.changes.length === 0
  return job.call.action.conclude === undefined && step.failedWhen === undefined && step.until === undefined
}

/** What is done on another host is owed on the host that it is done for, and recorded there first. */
async function oweElsewhere(context: PlayContext, { step, position, target, jobs }: Batch): Promise<void> {
  for (const planned of jobs) {
    const { name } = planned.job.host
    if (name === target || !acts(planned)) continue
    await owe(context, planned.job, step, position)
  }
}

/** Records what the job's change will owe to its host, in a round of its own. */
export async function owe(context: PlayContext, job: Job, step: Step, position: number): Promise<void> {
  const { name } = job.host
  const debts = newDebts(context, job, step)
  if (debts.length === 0) return
  const jobs = [{ commands: debts.map(recordDebt), timeoutMs: step.timeoutMs }]
  const done = await context.hosts.go({ host: name, become: step.become, step: position, jobs, reads: [] })
  const broken = done.jobs[0]?.find(({ code }) => code !== 0)
  if (broken) {
    const words = broken.stderr.toString('utf8').trim() || `exit code ${broken.code}`
    const message = `what '${step.name}' owes to ${name} could not be recorded there, so nothing was changed: ${words}`
    throw new RemoteProblem({ code: 'DEBT_UNRECORDED', host: name, message, hint: 'is the disk full?' })
  }
  for (const { handler } of debts) context.debts.note(name, handler, step.become)
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
  if (broken) return { ...broken, ...begunBy({ job, planned: plan }) }
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

/** Debts that the job records in its own round, before its change. */
function debtsOf(context: PlayContext, planned: PlannedJob, step: Step): Debt[] {
  return planned.job.host.name === planned.job.target && acts(planned) ? newDebts(context, planned.job, step) : []
}

/** Several jobs of a round may each record the same debt: whichever comes first does it. */
function newDebts(context: PlayContext, job: Job, step: Step): Debt[] {
  const { playbook, now, operator, debts } = context
  const missing = step.notify.filter((handler) => !debts.stands(job.host.name, handler))
  return missing.map((handler) => ({ handler, playbook, reason: step.name, since: now().toISOString(), by: operator }))
}

function acts(job: PlannedJob): boolean {
  const { planned } = job
  if (planned.kind === 'plan') return planned.plan.changes.length > 0
  return planned.kind === 'decision' && planned.decision.due && !onlyLooks(job)
}
