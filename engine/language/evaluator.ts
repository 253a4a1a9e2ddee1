import type { Unknown } from '../resource/unknown.ts'
import type { Value, ValueMap } from '../resource/value.ts'
import type { Expression } from './expression.ts'
import type { BecomeMethod, Step } from './playbook.ts'

/** What only the execution knows while it runs. */
export interface Runtime {
  /** What `register` kept on the host; undefined when its task was skipped or has not run. Unknown: known after apply. */
  registered(host: string, name: string): Value | undefined
  facts(host: string): ValueMap | Unknown
  /** True in check mode; the value of `check_mode`. */
  checkMode: boolean
}

/** One item of a loop: what its variable holds, and which it is. */
export interface Item {
  index: number
  value: Value
}

/**
 * Says what a step means on a host, at the moment of asking. Every answer may be Unknown, with its reason. What turns out to
 * be wrong only then (a value of the wrong type, a name that nobody registered) is thrown as a Problem.
 */
export interface Evaluator {
  /** Whether all conditions hold. Unknown when one of them is and no other is false for certain. */
  when(step: Step, host: string, item?: Item): boolean | Unknown
  /** The text of the first condition that is false, for the report of a skipped step. */
  unmet(step: Step, host: string, item?: Item): string | undefined
  /** The items of the loop; undefined when the step has none. */
  items(step: Step, host: string): readonly Item[] | Unknown | undefined
  label(step: Step, host: string, item: Item): string
  /** The arguments, validated and converted as the module's schema asks. */
  args(step: Step, host: string, item?: Item): Record<string, unknown> | Unknown
  /** The same with an Unknown at each leaf that is not known yet; nothing is validated or loaded. */
  argsPartial(step: Step, host: string, item?: Item): Record<string, unknown> | Unknown
  /** An expression of the step (`failed_when`, `until`, …) with more names, such as `result`. */
  evaluate(
    expression: Expression,
    step: Step,
    host: string,
    more?: { item?: Item | undefined; names?: ValueMap | undefined },
  ): Value
  /** The user who does the step, when it is not the one who logs in. */
  become(step: Step, host: string, item?: Item): { user: string; method: BecomeMethod } | Unknown | undefined
  /** The inventory host that does the step in the host's place. */
  delegate(step: Step, host: string, item?: Item): string | Unknown | undefined
  environment(step: Step, host: string, item?: Item): Readonly<Record<string, string>> | Unknown
}
