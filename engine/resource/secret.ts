import { inspect } from 'node:util'

/** What is printed wherever a secret would stand. */
export const HIDDEN = '‹secret›'

/** A value that never shows: not in strings, JSON, inspection or a template. Only `reveal` and `value` give it out. */
export class Secret {
  readonly #value: string | number

  constructor(value: string | number) {
    this.#value = value
  }

  /** The text itself; for the one place that hands it to a host over stdin. */
  reveal(): string {
    return String(this.#value)
  }

  /** As it was written, a number as a number; for what computes with it and hides the outcome. */
  get value(): string | number {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
