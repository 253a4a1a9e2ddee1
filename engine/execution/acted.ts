import type { Evaluator } from '../language/evaluator.ts'
import type { Step } from '../language/playbook.ts'
import { Problem } from '../problem.ts'
import type { StepResult } from '../remote/shell.ts'
import type { Failure } from '../report/event.ts'
import type { ActionResult, AnyAction } from '../resource/action.ts'
import type { Value, ValueMap } from '../resource/value.ts'
import { argsOf, type Errand } from './act.ts'
import type { Job } from './jobs.ts'
import type { PlannedJob } from './planning.ts'
import { failed, problemFailure, type Settled } from './settled.ts'
import { showCommand, showDecision } from './show.ts'

/** How an action ended: by its own reading of the outcome, then by the task's `failed_when` and `changed_when`. */
export function acted(
  evaluator: Evaluator,
  step: Step,
  { job, planned }: PlannedJob,
  errand: Errand,
  results: readonly StepResult[],
): Settled {
  if (job.call.kind !== 'action' || planned.kind !== 'decision' || !planned.decision.due)
    throw new Error('only actions act')
  const last = results.slice(errand.before, errand.before + errand.own).findLastIndex(({ skipped }) => !skipped)
  const result = results[errand.before + last]
  const command = errand.commands[errand.before + last]
  if (!result || !command) return failed(job, { code: 'COMMAND_FAILED', message: 'it did not run' })
  const concluded = conclude(job.call.action, argsOf(job), result)
  const value = { ...concluded.result, changed: concluded.changed, failed: concluded.failure !== undefined }
  try {
    const isFailed = holds(evaluator, step.failedWhen, step, job, value) ?? concluded.failure !== undefined
    const isChanged = holds(evaluator, step.changedWhen, step, job, value) ?? concluded.changed
    const settled: Settled = {
      host: job.host,
      item: job.item,
      status: isFailed ? 'failed' : isChanged ? 'changed' : 'ok',
      differences: isChanged && !isFailed ? [showDecision(planned.decision, step)] : [],
      value: { ...value, changed: isChanged, failed: isFailed },
    }
    if (!isFailed) return settled
    const failure: Failure = {
      code: 'ACTION_FAILED',
      message: concluded.failure ?? 'its failed_when holds',
      ...(job.call.action.terse ? {} : { command: showCommand(command, result, step.noLog) }),
      ...(concluded.hint === undefined ? {} : { hint: concluded.hint }),
    }
    return { ...settled, failure }
  } catch (error) {
    if (error instanceof Problem) return failed(job, problemFailure(error))
    throw error
  }
}

/** All of the conditions, evaluated on what the action registered; undefined when there are none. */
export function holds(
  evaluator: Evaluator,
  conditions: Step['failedWhen'],
  step: Step,
  job: Job,
  value: ValueMap,
): boolean | undefined {
  const extra: Record<string, Value> = { result: value }
  if (step.register !== undefined) extra[step.register] = value
  return conditions?.every(
    (condition) => evaluator.evaluate(condition, step, job.host.name, { item: job.loopItem, names: extra }) === true,
  )
}

/** By default an exit code other than 0 is a failure, and what does more than look has changed something. */
function conclude(action: AnyAction, args: object, result: StepResult): ActionResult {
  if (action.conclude) return action.conclude(args, result)
  return {
    changed: action.looks !== true,
    result: { rc: result.code, stdout: result.stdout.toString('utf8').trimEnd() },
    ...(result.code === 0 ? {} : { failure: `it ended with exit code ${result.code}` }),
  }
}
