import type { KnownSecrets } from '../resource/known-secrets.ts'
import { Secret } from '../resource/secret.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import type { Planned } from './plan-job.ts'

/** What a task will register, as far as its plan tells before anything is done. */
export function expectedValue(planned: Planned): Value {
  switch (planned.kind) {
    case 'plan':
      return { ...planned.plan.result, changed: planned.plan.changes.length > 0 }
    case 'decision':
      if (!planned.decision.due) return { ...planned.decision.result, changed: false }
      return new Unknown('the result of an action that has not run')
    case 'unknown':
      return planned.unknown
    case 'missing':
      return new Unknown('what has not been looked at yet')
    case 'denied':
    case 'failure':
      return { changed: false, failed: true, msg: planned.message }
  }
}

/** The registered value of a loop: its passes under `results`, as Ansible has it. */
export function loopValue(results: readonly Value[]): Value {
  const some = (field: string) => results.some((value) => isRecord(value) && value[field] === true)
  return {
    changed: some('changed'),
    failed: some('failed'),
    skipped: results.length > 0 && results.every(isSkipped),
    results,
  }
}

/** The value with each text that holds a known secret as a secret itself, so that it cannot go on in the clear. */
export function withoutSecrets(value: Value, secrets: KnownSecrets): Value {
  if (secrets.isEmpty) return value
  if (typeof value === 'string') return secrets.isIn(value) ? new Secret(value) : value
  if (Array.isArray(value)) return value.map((part) => withoutSecrets(part, secrets))
  if (!isRecord(value) || value instanceof Secret) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutSecrets(part, secrets)]))
}

function isSkipped(value: Value): boolean {
  return isRecord(value) && value.skipped === true
}

function isRecord(value: Value): value is { readonly [name: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Unknown)
}
