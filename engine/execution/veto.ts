import type { Step } from '../language/playbook.ts'
import type { Difference, Failure } from '../report/event.ts'
import { onlyLooks } from './act.ts'
import type { PlayContext } from './context.ts'
import type { Job } from './jobs.ts'
import type { PlannedJob } from './planning.ts'
import { failed, type Settled } from './settled.ts'
import { showChange, showDecision } from './show.ts'

/** Has a say in what a run does: it may keep it from a host, and from any change. */
export interface Veto {
  /** Why nothing at all is done on the host. */
  refusal(host: string): Refusal | undefined
  /** Why a change is not made; asked right before. */
  admit(change: PlannedChange): Refusal | undefined
}

export interface PlannedChange {
  host: string
  step: Step
  item: Job['item']
  differences: readonly Difference[]
}

export interface Refusal {
  failure: Failure
  differences: readonly Difference[]
}

/** How a planned job ends when the run's veto keeps it from what it is about to do; undefined: it may do it. */
export function refused(context: PlayContext, step: Step, planned: PlannedJob): Settled | undefined {
  const differences = intended(planned, step)
  return differences.length === 0 ? undefined : refusedChange(context, step, planned.job, differences)
}

/** The same of a change that is known otherwise. */
export function refusedChange(
  { veto }: PlayContext,
  step: Step,
  job: Job,
  differences: readonly Difference[],
): Settled | undefined {
  // It acts in check mode too, so nothing foresees it.
  if (!veto || step.checkMode === false) return undefined
  const host = job.host.name
  const refusal =
    (job.target === host ? undefined : veto.refusal(job.target)) ??
    veto.admit({ host, step, item: job.item, differences })
  return refusal && failed(job, refusal.failure, refusal.differences)
}

/** What the job is about to do to its host. */
function intended({ job, planned }: PlannedJob, step: Step): Difference[] {
  if (planned.kind === 'plan') return planned.plan.changes.map((change) => showChange(change, step.noLog))
  if (planned.kind !== 'decision' || !planned.decision.due || onlyLooks({ job, planned })) return []
  return job.call.kind === 'action' && !job.call.action.keep ? [showDecision(planned.decision, step)] : []
}
