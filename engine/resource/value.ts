import { Secret } from './secret.ts'
import { Unknown } from './unknown.ts'

/** What variables, arguments and results are made of: JSON, plus what is secret and what only a run can know. */
export type Value =
  | string
  | number
  | boolean
  | null
  | Secret
  | Unknown
  | readonly Value[]
  | { readonly [name: string]: Value }

export type ValueMap = { readonly [name: string]: Value }

/** The first Unknown anywhere inside `value`. */
export function findUnknown(value: unknown): Unknown | undefined {
  if (value instanceof Unknown) return value
  if (value === null || typeof value !== 'object' || value instanceof Secret || ArrayBuffer.isView(value))
    return undefined
  for (const part of Array.isArray(value) ? value : Object.values(value)) {
    const found = findUnknown(part)
    if (found) return found
  }
  return undefined
}
