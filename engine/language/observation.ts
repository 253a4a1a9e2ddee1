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
  /** A secret number was read, so that numbers of the result are secrets too. */
  secretNumber: boolean
  /** What was made a secret on the way. */
  marked: Value[]
  /** Something was read that may differ at the next asking: a registered value, a fact, a loop's item. */
  volatile: boolean
  /** Who is asked for names and files. */
  names?: Names
}

function nothingMet(): Observation {
  return { secret: false, secretNumber: false, marked: [], volatile: false }
}

/** Thrown by a read that met an Unknown, to end an evaluation that needs it; never leaves this folder. */
export class MetUnknown extends Error {
  readonly unknown: Unknown

  constructor(unknown: Unknown) {
    super(unknown.reason)
    this.unknown = unknown
  }
}

let current: Observation = nothingMet()

/** Runs `work` and notes what it meets. Being volatile is passed on to the evaluation around it. */
export function observe<T>(work: (observation: Observation) => T, names: Names | undefined = current.names): T {
  const outer = current
  const own: Observation = { ...nothingMet(), ...(names ? { names } : {}) }
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
  const met = thrown.get(unknown) ?? new MetUnknown(unknown)
  thrown.set(unknown, met)
  throw met
}

/** One for each, since making an error costs more than all else about it. */
const thrown = new WeakMap<Unknown, MetUnknown>()

/** The value of a secret, for an evaluation whose result becomes a secret in turn. */
export function readSecret(secret: Secret): string | number {
  current.secret = true
  if (typeof secret.value === 'number') current.secretNumber = true
  return secret.value
}

/** Whether what is being evaluated has read a secret, so that a message could tell of it. */
export function hasReadSecret(): boolean {
  return current.secret
}

/** Makes a secret of what is being evaluated. */
export function markSecret(value: Value): void {
  current.secret = true
  if (typeof value === 'number') current.secretNumber = true
  current.marked.push(hideLeaves(value))
}

/** A copy without secrets and unknowns inside: it reads the ones and ends at the others. */
export function readPlain(value: Value): Exclude<Value, Secret | Unknown> {
  const unknown = findUnknown(value)
  if (unknown) meetUnknown(unknown)
  return reveal(value) as Exclude<Value, Secret | Unknown>
}

/** The outcome of an evaluation that has read or made secrets, as a secret that is known from here on. */
export function hideMade(value: Value, { secrets }: Names, met: Observation): Value {
  // The length of a secret text is none; what is computed with a secret number is.
  const hidden = hideLeaves(value, met.secretNumber ? () => true : (number) => secrets?.isIn(String(number)) ?? false)
  for (const each of [...met.marked, hidden]) secrets?.addMade(each)
  return hidden
}

/** Makes every text inside a secret, and the numbers that are one. */
export function hideLeaves(value: Value, isSecret: (number: number) => boolean = () => true): Value {
  if (typeof value === 'string' || (typeof value === 'number' && isSecret(value))) return new Secret(value)
  if (Array.isArray(value)) return value.map((part) => hideLeaves(part, isSecret))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, hideLeaves(part, isSecret)]))
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
