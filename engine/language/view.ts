import { Secret } from '../resource/secret.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import { meetUnknown, readSecret } from './observation.ts'

/** Mappings whose values are worked out when they are read, such as `hostvars`. */
const lazy = new WeakSet<object>()
const views = new WeakMap<object, object>()
const originals = new WeakMap<object, Value>()

/** A mapping that asks `get` for each of its values when it is read. */
export function lazyMap(
  names: Iterable<string>,
  get: (name: string) => Value | undefined,
): { readonly [name: string]: Value } {
  const map = Object.create(null) as { readonly [name: string]: Value }
  for (const name of names) Object.defineProperty(map, name, { enumerable: true, get: () => get(name) })
  lazy.add(map)
  return map
}

/**
 * A value as an expression reads it: whole where nothing is secret or unknown in it, else with getters that read the secret or
 * end the evaluation only when they are reached.
 */
export function viewOf(value: Value | undefined): unknown {
  if (value === undefined || value === null || typeof value !== 'object') return value
  if (value instanceof Unknown) return meetUnknown(value)
  if (value instanceof Secret) return readSecret(value)
  let view = views.get(value)
  if (!view) {
    view = needsView(value) ? guarded(value) : value
    views.set(value, view)
    if (view !== value) originals.set(view, value)
  }
  return view
}

/** What a view was made of; undefined for anything else. */
export function originalOf(view: object): Value | undefined {
  return originals.get(view)
}

function needsView(value: Value): boolean {
  if (value instanceof Unknown || value instanceof Secret) return true
  if (value === null || typeof value !== 'object') return false
  if (lazy.has(value)) return true
  return Object.values(value).some(needsView)
}

function guarded(value: object): object {
  const view: object = Array.isArray(value) ? new Array(value.length) : Object.create(null)
  for (const key of Object.keys(value)) {
    Object.defineProperty(view, key, { enumerable: true, get: () => viewOf((value as Record<string, Value>)[key]) })
  }
  return view
}
