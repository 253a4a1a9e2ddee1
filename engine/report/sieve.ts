import { Problem } from '../problem.ts'
import type { KnownSecrets } from '../resource/known-secrets.ts'
import { Secret } from '../resource/secret.ts'
import type { Event } from './event.ts'

/** Words of ours in an event; a secret that is spelled like one of them does not change them. */
const OURS = new Set(['type', 'at', 'since', 'mode', 'status', 'form', 'severity', 'code', 'tolerated', 'lost'])

/** The event without any known secret. */
export function sievedEvent(event: Event, secrets: KnownSecrets): Event {
  return secrets.isEmpty ? event : (sieved(event, secrets, OURS) as Event)
}

/** The problem without any known secret, the line of its place included. */
export function sievedProblem(problem: Problem, secrets: KnownSecrets): Problem {
  if (secrets.isEmpty) return problem
  const { code, message, place, hint, severity } = problem
  const source = place?.source === undefined ? {} : { source: secrets.hide(place.source) }
  return new Problem({
    code,
    severity,
    message: secrets.hide(message),
    place: place && { ...place, ...source },
    hint: hint === undefined ? undefined : secrets.hide(hint),
  })
}

function sieved(value: unknown, secrets: KnownSecrets, kept: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return secrets.hide(value)
  if (value === null || typeof value !== 'object' || value instanceof Secret) return value
  if (value instanceof Problem) return sievedProblem(value, secrets)
  if (Array.isArray(value)) return value.map((part) => sieved(part, secrets, kept))
  // What is neither a list nor a mapping, such as what is known after apply, writes itself.
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      if (kept.has(key) && typeof part === 'string') return [key, part]
      // What a task registers has names of its own.
      return [secrets.hide(key), sieved(part, secrets, key === 'value' ? NONE : kept)]
    }),
  )
}

const NONE: ReadonlySet<string> = new Set()
