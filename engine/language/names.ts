import type { KnownSecrets } from '../resource/known-secrets.ts'
import type { Value } from '../resource/value.ts'

/** What templates and expressions can name, at one place of the playbook and for one host. */
export interface Names {
  /** The value, or undefined when the name has none. */
  get(name: string): Value | undefined
  /** What to say about a name without a value beyond that it has none, such as which task would register it. */
  hint(name: string): string | undefined
  /** A text file of the controller, found from this place; throws FunctionError. */
  file(path: string): string
  /** Where it is noted what is made of secrets. */
  readonly secrets?: KnownSecrets | undefined
}

/** What is wrong inside a template or an expression; offsets count within its text. */
export class TextFailure extends Error {
  readonly code: string
  readonly start: number
  readonly end: number
  readonly hint: string | undefined

  constructor({
    code,
    message,
    start,
    end,
    hint,
  }: { code: string; message: string; start: number; end: number; hint?: string | undefined }) {
    super(message)
    this.code = code
    this.start = start
    this.end = end
    this.hint = hint
  }
}
