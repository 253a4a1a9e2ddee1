import type { Unknown } from '../resource/unknown.ts'
import type { Value, ValueMap } from '../resource/value.ts'
import type { Expression } from './expression.ts'
import type { OrderBy, Step } from './playbook.ts'

/** What only the execution knows while it runs. */
export interface Runtime {
  /** What `register` kept on the host; undefined when its task has not run. Holds an Unknown where only the run can tell. */
  registered(host: string, name: string): Value | undefined
  facts(host: string): ValueMap | Unknown
  /** When the run began, in ISO 8601; the same for all its hosts. */
  now(): string | Unknown
}

/** One item of a loop: what its variable holds, and where it stands. */
export interface LoopItem {
  value: Value
  index: number
  length: number
}

/** Whether a condition holds; when it does not, the text of the one that is false. */
export interface Verdict {
  holds: boolean | Unknown
  reason?: string
}

/** The arguments of a job, as the module's schema asks; or why they are not known yet, with an Unknown at each such leaf. */
export type Arguments = { kind: 'known'; args: object } | { kind: 'unknown'; unknown: Unknown; partial: object }

/**
 * Says what a step means on a host, at the moment of asking. What turns out to be wrong only then (a value of the wrong type, a
 * name that nobody registered) is thrown as a Problem.
 */
export interface Evaluator {
  /** All conditions. Unknown when one of them is and no other is false for certain. */
  when(step: Step, host: string, item?: LoopItem): Verdict
  /** The items of the loop; undefined when the step has none. */
  items(step: Step, host: string): readonly Value[] | Unknown | undefined
  label(step: Step, host: string, item: LoopItem): string
  args(step: Step, host: string, item?: LoopItem): Arguments
  /** An expression of the step (`failed_when`, `until`, …) with more names, such as `result`. */
  evaluate(expression: Expression, step: Step, host: string, more?: More): Value
  /** Where a host stands in an order by expression, asked on behalf of the step that is the first to pass so. */
  rank(order: OrderBy, step: Step, host: string): Value
  /** The inventory host that does the step in the host's place. */
  delegate(step: Step, host: string, item?: LoopItem): string | Unknown | undefined
  environment(step: Step, host: string, item?: LoopItem): Readonly<Record<string, string>> | Unknown
}

export interface More {
  item?: LoopItem | undefined
  names?: ValueMap | undefined
}
