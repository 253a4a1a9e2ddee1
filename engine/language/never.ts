import { Problem } from '../problem.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Expression } from './expression.ts'
import { TextFailure } from './names.ts'
import type { DraftPlay } from './play.ts'
import type { Scopes } from './scopes.ts'
import type { Lexical } from './variables.ts'

/** What the inventory's shape alone decides; a condition on variables may hold with another inventory, or with `-e`. */
const SHAPE = new Set(['inventory_hostname', 'group_names', 'groups', 'play_hosts', 'this'])

/** Conditions that are false on every host of the play, those that `--limit` leaves out included. */
export function conditionsThatNeverHold({ steps, handlers, everyone }: DraftPlay, scopes: Scopes): Problem[] {
  const asked = new Set<string>()
  return [...steps, ...handlers].flatMap(({ when, inner, loop }) =>
    when.flatMap((condition) => {
      const { text, place, names } = condition
      const key = `${place.file}:${place.line}:${place.column}`
      const isBound = [loop?.variable, loop?.indexVariable].some((name) => name !== undefined && names.has(name))
      if (asked.has(key) || isBound || ![...names].every((name) => SHAPE.has(name))) return []
      asked.add(key)
      const hosts = names.size === 0 ? everyone.slice(0, 1) : everyone
      if (hosts.length === 0 || !hosts.every((host) => isFalse(condition, scopes, host, inner.scope, everyone)))
        return []
      return new Problem({
        code: 'ALWAYS_FALSE',
        message: `the condition '${text}' holds on no host`,
        place,
        hint: names.size === 0 ? 'tags: never keeps a task for those who ask for it' : undefined,
        severity: 'warning',
      })
    }),
  )
}

function isFalse(
  condition: Expression,
  scopes: Scopes,
  host: string,
  scope: Lexical,
  everyone: readonly string[],
): boolean {
  try {
    const value = condition.evaluate(scopes.of(host, scope, everyone))
    return !(value instanceof Unknown) && value === false
  } catch (error) {
    if (error instanceof Problem || error instanceof TextFailure) return false
    throw error
  }
}
