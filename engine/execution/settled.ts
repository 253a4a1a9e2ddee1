import type { Step } from '../language/playbook.ts'
import type { Problem } from '../problem.ts'
import type { Difference, Failure, Status, TaskResult } from '../report/event.ts'
import type { Change } from '../resource/change.ts'
import type { Plan } from '../resource/module.ts'
import { HIDDEN, Secret } from '../resource/secret.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import type { HostState } from './host-state.ts'
import type { Job } from './jobs.ts'
import type { Planned } from './plan-job.ts'
import { expectedValue } from './register.ts'
import { showChange, showDecision } from './show.ts'

/** How one (host, task, item) ended: what is reported, and what `register` keeps. */
export interface Settled {
  host: HostState
  item: Job['item']
  status: Status
  differences: readonly Difference[]
  value: Value
  reason?: string
  failure?: Failure
  warnings?: readonly string[]
  attempts?: number
  /** It failed, and what it was to change may be changed in part. */
  begun?: true
  /** Check mode: nobody can foresee what is on the host after it. */
  hazy?: true
  /** Check mode: it fails as things are. */
  doubtful?: true
}

/** Who it is about. */
export type Subject = { host: HostState; item: Job['item'] }

/** A plan carried out, or only made when it is check mode that asks. */
export function planned({ host, item }: Subject, step: Step, plan: Plan<Change>): Settled {
  return {
    host,
    item,
    status: plan.changes.length > 0 ? 'changed' : 'ok',
    differences: plan.changes.map((change) => showChange(change, step.noLog)),
    value: { ...plan.result, changed: plan.changes.length > 0 },
    ...(plan.warnings?.length ? { warnings: plan.warnings } : {}),
  }
}

export function failed({ host, item }: Subject, failure: Failure, differences: readonly Difference[] = []): Settled {
  return {
    host,
    item,
    status: 'failed',
    differences,
    failure,
    value: { changed: differences.length > 0, failed: true, msg: failure.message },
  }
}

export function skipped({ host, item }: Subject, reason: string): Settled {
  return { host, item, status: 'skipped', differences: [], reason, value: { changed: false, skipped: true } }
}

/** Something that cannot be known before changes are made, in check mode. */
export function open(
  { host, item }: Subject,
  status: Status,
  reason: string,
  value: Value = new Unknown(reason),
): Settled {
  return { host, item, status, differences: [], reason, value }
}

/** A problem of the playbook that only shows for this host, now. */
export function problemFailure(problem: Problem): Failure {
  const { place } = problem
  const at = place ? ` (${place.file}:${place.line}:${place.column})` : ''
  return {
    code: problem.code,
    message: problem.message + at,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  }
}

/** What check mode says of a job that only has been planned; `hazy` when something before it cannot be foreseen on this host. */
export function checked(
  job: Job,
  step: Step,
  plan: Planned,
  { pending, hazy, handler }: { pending: boolean; hazy: boolean; handler: boolean },
): Settled | 'look' {
  const action = job.call.kind === 'action' ? job.call.action : undefined
  const looks = action !== undefined && (action.looks === true || action.run === undefined)
  switch (plan.kind) {
    case 'plan':
      return planned(job, step, plan.plan)
    case 'unknown': {
      const status = !action
        ? 'known-after-apply'
        : looks || neverChanges(step)
          ? 'deferred'
          : plan.guard && !action.certain
            ? 'may-run'
            : 'would-run'
      const settled = open(job, status, `depends on ${plan.unknown.reason}`, plan.unknown)
      return plan.confined || looks ? settled : { ...settled, hazy: true }
    }
    case 'denied':
      return open(job, 'not-visible', plan.message)
    case 'failure':
      if (hazy)
        return { ...open(job, 'known-after-apply', `as things are: ${plan.message}`), hazy: true, doubtful: true }
      return failed(job, {
        code: 'TASK_FAILED',
        message: plan.message,
        ...(plan.hint === undefined ? {} : { hint: plan.hint }),
      })
    case 'missing':
      throw new Error(`the reads of ${step.name} were not answered`)
    case 'decision': {
      const { decision } = plan
      if (!decision.due) return decided(job, decision, plan)
      if ((looks || decision.looks) && action?.keep === undefined)
        return pending || action?.onlyRuns ? open(job, 'deferred', showDecision(decision, step).what) : 'look'
      if (action?.keep) return 'look'
      // A handler runs because something changed: that is certain, whatever it calls.
      const certain = action?.certain === true || plan.guarded || handler
      const difference = showDecision(decision, step)
      if (neverChanges(step)) return { ...open(job, 'deferred', difference.what), hazy: true }
      if (!certain) return { ...open(job, 'would-run', difference.what), hazy: true }
      return { ...job, status: 'changed', differences: [difference], value: { changed: true }, hazy: true }
    }
  }
}

/** The task says of itself that whatever it does is no change. */
function neverChanges({ changedWhen = [] }: Step): boolean {
  return changedWhen.some(({ text }) => text.trim() === 'false')
}

/** An action that has nothing to do, or that fails by its decision alone (`assert`, `fail`). */
export function decided(
  job: Subject,
  decision: { failure?: string; hint?: string; result?: Readonly<Record<string, Value>> },
  plan: Planned,
): Settled {
  if (decision.failure !== undefined) {
    return failed(job, {
      code: 'TASK_FAILED',
      message: decision.failure,
      ...(decision.hint === undefined ? {} : { hint: decision.hint }),
    })
  }
  return { host: job.host, item: job.item, status: 'ok', differences: [], value: expectedValue(plan) }
}

/** The event's form of it. */
export function toResult(settled: Settled, step: Step): TaskResult {
  const { status, item, differences, reason, failure, warnings, value, attempts } = settled
  const shared = {
    status,
    ...(item ? { item } : {}),
    ...(attempts === undefined ? {} : { attempts }),
    differences: step.diff === false ? differences.map(unseen) : differences,
  }
  if (step.noLog) {
    // A condition is as it is written; any other reason may quote arguments.
    const told = reason === undefined || status === 'skipped' || status === 'would-run' ? reason : 'no_log hides why'
    return {
      ...shared,
      warnings: [],
      ...(told === undefined ? {} : { reason: told }),
      ...(failure ? { failure: hushed(failure, status) } : {}),
    }
  }
  const message = status === 'ok' ? messageOf(step, value) : undefined
  return {
    ...shared,
    warnings: warnings ?? [],
    ...(reason === undefined ? {} : { reason }),
    ...(failure ? { failure } : {}),
    value,
    ...(message === undefined ? {} : { message }),
  }
}

/** Failures whose sentences are the engine's own. */
const OWN_WORDS = new Set(['NEVER_HELD', 'STEP_TIMEOUT', 'STILL_UNKNOWN', 'LOCKED'])

/** A failure without the words of arguments and hosts. */
function hushed(failure: Failure, status: Status): Failure {
  if (status === 'unreachable' || OWN_WORDS.has(failure.code)) return failure
  const { code, command } = failure
  const how = command ? ` with exit code ${command.code}` : ''
  return { code, message: `it failed${how}; no_log hides its words`, ...(command ? { command } : {}) }
}

/** That something differs, and not how. */
function unseen({ kind, what, before, after }: Difference): Difference {
  const hide = (side: string | undefined) => (side === undefined ? undefined : HIDDEN)
  return { kind, what, form: 'hidden', before: hide(before), after: hide(after) }
}

/** What the step says to the person who reads along: its `msg`, as text or as JSON. */
function messageOf({ call }: Step, value: Value): string | undefined {
  if (call?.kind !== 'action' || call.action.speaks !== true) return undefined
  const { msg } = Object(value) as { msg?: unknown }
  if (typeof msg === 'string' || msg instanceof Secret) return String(msg).trimEnd()
  return JSON.stringify(msg, undefined, 2)
}
