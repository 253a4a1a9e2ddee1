import type { Step } from '../language/playbook.ts'
import { type Debt, recordDebt } from '../remote/debt.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import type { StepResult } from '../remote/shell.ts'
import { type Errand, type OutputListener, onlyLooks, type ProgressListener } from './act.ts'
import type { PlayContext } from './context.ts'
import { userKey } from './hosts.ts'
import type { Job } from './jobs.ts'
import type { PlannedJob } from './planning.ts'

/** Jobs of one step on one target, planned one after the other, and what ends a debt when they went well. */
export interface Batch {
  step: Step
  position: number
  target: string
  jobs: readonly PlannedJob[]
  /** The handler that is being run, whose debt ends with it. */
  settles: string | undefined
  listen: OutputListener
  progress?: ProgressListener
}

/** Debts that the job records in its own round, before its change. */
export function debtsOf(context: PlayContext, planned: PlannedJob, step: Step): Debt[] {
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

/** Debts of this round that are on the disk now. What was not recorded is tried again with the next change. */
export function noteDebts(
  { debts }: PlayContext,
  { step, target }: Batch,
  acting: readonly Errand[],
  results: readonly (readonly StepResult[])[],
): void {
  for (const [index, errand] of acting.entries()) {
    const first = errand.before - errand.debts.length
    for (const [at, { handler }] of errand.debts.entries()) {
      const answer = results[index]?.[first + at]
      if (answer?.code === 0 && !answer.skipped) debts.note(target, handler, step.become)
    }
  }
}

/**
 * A debt can end in the same round as its handler when that is one job on the host that is owed, as the user who recorded it,
 * and whose exit code alone says whether it went well.
 */
export function settledBy(
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
export async function oweElsewhere(context: PlayContext, { step, position, target, jobs }: Batch): Promise<void> {
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
