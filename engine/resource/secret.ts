import { inspect } from 'node:util'

/** What is printed wherever a secret would stand. */
export const HIDDEN = '‹secret›'

/** A value that never shows: not in strings, JSON, inspection or a template. Only `reveal` gives it out. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself; for the one place that hands it to a host over stdin. */
  reveal(): string {
    return this.#text
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
