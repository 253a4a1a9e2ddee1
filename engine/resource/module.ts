import type { Static, TSchema } from '@sinclair/typebox'
import type { Change } from './change.ts'
import type { Command } from './command.ts'
import type { Prediction, Read } from './read.ts'
import type { Value } from './value.ts'

/** The reads of one task, by a name of the module's choice; a list where their number depends on the arguments. */
export type Reads = Readonly<Record<string, Read | readonly Read[]>>

/** What came back for each of them, in the same shape. */
export type Results<R extends Reads> = {
  readonly [K in keyof R]: R[K] extends Read<infer T> ? T : R[K] extends readonly Read<infer T>[] ? readonly T[] : never
}

/** One command, or several that run one after the other until one fails. */
export type Commands = Command | readonly Command[]

/** The changes of one task on one host, and the state that follows from them. */
export interface Plan<C extends Change> {
  /** Empty when the host is as asked. Applied in this order, stopping at the first that fails. */
  changes: readonly C[]
  /** What the reads that this task touches will answer once the changes are made. */
  after?: readonly Prediction[]
  /** What `register` sees; holds an Unknown where only the run can tell. */
  result?: Readonly<Record<string, Value>>
  /** A change that may bring files, units and accounts along that nobody can name beforehand, as a package does. */
  brings?: string
  /** systemd reads all its unit files anew while the changes are made: no unit is left that asks for it. */
  reloadsSystemd?: boolean
  /** What the person at the terminal should know: a risk taken, a value that takes effect later. */
  warnings?: readonly string[]
}

/** The state of one resource, declared: reads to look, a pure plan to compare, and a leg of `apply` for each kind of change. */
export interface Module<
  S extends TSchema = TSchema,
  R extends Reads = Reads,
  C extends Change = Change,
  H = Results<R>,
> {
  /** As in a playbook: lower case with hyphens. */
  readonly name: string
  /** One line, for the reference and the editor. */
  readonly summary: string
  /** Strict object schema; every property has a description. */
  readonly args: S
  /** YAML lists of tasks (`- file: {…}`) that the tests run on real hosts: check, run, run again. */
  readonly examples: readonly string[]
  /** What the task manages, as in `file:/etc/hosts`; two tasks with the same id manage the same thing. */
  resource(args: Static<S>): string
  /** What must be looked at. Pure, total, and independent of the host. */
  reads(args: Static<S>): R
  /** What the module makes of the results; the results as they are when left out. Pure. */
  state?(results: Results<R>, args: Static<S>): H
  /** The difference between `want` and `have`. Pure, frozen input; may throw TaskFailure when no change can lead to `want`. */
  plan(want: Static<S>, have: H): Plan<C>
  /** The commands that make one change; sees only the change and what was asked for, so it cannot decide again. */
  readonly apply: { readonly [K in C['kind']]: (change: Extract<C, { kind: K }>, want: Static<S>) => Commands }
  /** The reads whose answers the task's changes set; all when left out. A parent folder or an account that is only looked at is none. */
  readonly sets?: readonly (keyof R)[]
  /** `reads`: a change shows in nothing but what `after` names; `host` (the default): anything on the host may be different. */
  readonly touches?: 'reads' | 'host'
}

/** A module as the engine holds it, its own types forgotten. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where the types of many modules meet
export type AnyModule = Module<any, any, any, any>

/**
 * Checks the shape at compile time and gives the module back as the engine holds it. The kinds are inferred from the legs
 * (`K`), so that legs which several modules share can stand in `apply` as they are.
 */
export function defineModule<
  S extends TSchema,
  const R extends Reads,
  K extends string,
  C extends Change<K>,
  H = Results<R>,
>(
  module: Omit<Module<S, R, C, H>, 'apply'> & {
    readonly apply: { readonly [P in K]: (change: Extract<C, { kind: P }>, want: Static<S>) => Commands }
  },
): Module<S, R, C, H> {
  return module
}

/** What a plan depends on was not to be seen: neither a change nor as asked for. */
export class NotVisible extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotVisible'
  }
}

/** A task that cannot succeed whatever is changed, such as a source that is missing: ends it with a sentence and a hint. */
export class TaskFailure extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'TaskFailure'
    this.hint = hint
  }
}
