import type { Static, TSchema } from '@sinclair/typebox'
import type { Commands, Reads, Results } from './module.ts'
import type { Prediction } from './read.ts'
import type { Value } from './value.ts'
import type { WayIn } from './way-in.ts'

/** How a command on a host ended. */
export interface Outcome {
  code: number
  stdout: Buffer
  stderr: Buffer
}

/** What an action decides before it acts. */
export type Decision =
  /** Nothing to do: the guard holds, or what is waited for is there. */
  | { due: false; result?: Readonly<Record<string, Value>>; failure?: string; hint?: string }
  /**
   * It acts: `what` says so in one line ("runs make install"), with the guard that asks for it. `looks`: with these arguments
   * it only looks (a GET), as every call of an action does that says so of itself. `endangers` is as in a change.
   */
  | { due: true; what: string; from?: string; to?: string; looks?: true; endangers?: WayIn | undefined }

/** What an action made of its outcome. `failure` is one sentence. */
export interface ActionResult {
  changed: boolean
  failure?: string
  hint?: string
  result: Readonly<Record<string, Value>>
}

/** Does something, where a module declares something. A guard (`creates`, `unless`) is a read, so that check can decide it. */
export interface Action<S extends TSchema = TSchema, R extends Reads = Reads> {
  readonly name: string
  readonly summary: string
  readonly args: S
  readonly examples: readonly string[]
  /** It only looks: it runs in check mode too, and never counts as a change. */
  readonly looks?: true
  /** With `looks`: it takes back itself what it does on the way (a canary write), so check mode leaves it to the run, as deferred. */
  readonly onlyRuns?: true
  /** What the decision needs to see. Nothing, for most. */
  reads?(args: Static<S>): R
  /** Pure. */
  decide(args: Static<S>, have: Results<R>): Decision
  /** What runs on the host; left out for actions that only decide (`assert`). */
  run?(args: Static<S>): Commands
  /** Seconds that `run` may take at most by the action's own arguments; the task's `timeout` otherwise. */
  seconds?(args: Static<S>): number
  /** Whether the check is known to act for certain: `restart` always does; `command` without a guard would. Default false. */
  readonly certain?: true
  /** What reads will answer once it has run, as far as that can be told. */
  after?(args: Static<S>): readonly Prediction[]
  /** What it gives as `msg` is for the person who reads along, and shown. */
  readonly speaks?: true
  /** What it prints is for its own `conclude`, and nothing for a person who looks on, not even when it fails. */
  readonly terse?: true
  /** What came of it. Pure. */
  conclude?(args: Static<S>, outcome: Outcome): ActionResult
  /** What is done on the controller with what was read on `host` (`fetch`); after a decision to act. */
  keep?(args: Static<S>, have: Results<R>, host: string): { path: string; content: Buffer; mode: number }
}

/** An action as the engine holds it. */
// biome-ignore lint/suspicious/noExplicitAny: the twin of AnyModule
export type AnyAction = Action<any, any>

/** Checks the shape at compile time. */
export function defineAction<S extends TSchema, const R extends Reads = Record<never, never>>(
  action: Action<S, R>,
): Action<S, R> {
  return action
}
