import { Secret } from '../resource/secret.ts'
import type { Unknown } from '../resource/unknown.ts'
import { findUnknown, type Value } from '../resource/value.ts'
import { FunctionError } from './functions/define.ts'
import type { Names } from './names.ts'

/** What an evaluation met on its way, beside the value that it gave. */
export interface Observation {
  unknown?: Unknown
  /** Something secret was read, so that the result is one too. */
  secret: boolean
  /** Something was read that may differ at the next asking: a registered value, a fact, a loop's item. */
  volatile: boolean
  /** Who is asked for names and files. */
  names?: Names
}

/** Thrown by a read that met an Unknown, to end an evaluation that needs it; never leaves this folder. */
export class MetUnknown extends Error {
  readonly unknown: Unknown

  constructor(unknown: Unknown) {
    super(unknown.reason)
    this.unknown = unknown
  }
}

let current: Observation = { secret: false, volatile: false }

/** Runs `work` and notes what it meets. Being volatile is passed on to the evaluation around it. */
export function observe<T>(work: (observation: Observation) => T, names: Names | undefined = current.names): T {
  const outer = current
  const own: Observation = { secret: false, volatile: false, ...(names ? { names } : {}) }
  current = own
  try {
    return work(own)
  } finally {
    if (own.volatile) outer.volatile = true
    current = outer
  }
}

/** A file of the controller, for the evaluation that is on. */
export function readFile(path: string): string {
  if (!current.names) throw new FunctionError('file is read while something is evaluated')
  return current.names.file(path)
}

export function noteVolatile(): void {
  current.volatile = true
}

export function meetUnknown(unknown: Unknown): never {
  current.unknown ??= unknown
  throw new MetUnknown(unknown)
}

/** The text of a secret, for an evaluation whose result becomes a secret in turn. */
export function readSecret(secret: Secret): string {
  current.secret = true
  return secret.reveal()
}

/** A copy without secrets and unknowns inside: it reads the ones and ends at the others. */
export function readPlain(value: Value): Exclude<Value, Secret | Unknown> {
  const unknown = findUnknown(value)
  if (unknown) meetUnknown(unknown)
  return reveal(value) as Exclude<Value, Secret | Unknown>
}

/** Makes every text inside a secret, as what was computed from one. */
export function hideTexts(value: Value): Value {
  if (typeof value === 'string') return new Secret(value)
  if (Array.isArray(value)) return value.map(hideTexts)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, hideTexts(part)]))
}

/** A mapping of names to values. */
export function isRecord(value: unknown): value is { readonly [name: string]: Value } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function reveal(value: Value): Value {
  if (value instanceof Secret) return readSecret(value)
  if (Array.isArray(value)) return value.map(reveal)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reveal(part)]))
}
