import { Needles, type Stretch } from './needles.ts'
import { HIDDEN, Secret } from './secret.ts'
import { formsOf } from './secret-forms.ts'
import type { Value } from './value.ts'

/** Automata that are asked one after the other before they become one. */
const MOST_NEEDLES = 8

/** The secrets of a run, so that whatever leaves the engine can be freed of them: the last line of defence. */
export class KnownSecrets {
  readonly #texts = new Set<string>()
  readonly #forms = new Set<string>()
  #fresh: string[] = []
  #needles: Needles[] = []

  /** Notes a secret as it was written. */
  add(secret: Secret): void {
    const text = secret.reveal()
    if (this.#texts.has(text)) return
    this.#texts.add(text)
    const forms = formsOf(text).filter((form) => !this.#forms.has(form))
    for (const form of forms) this.#forms.add(form)
    this.#fresh.push(...forms)
  }

  /** Notes every secret inside a value, as it was written. */
  addAll(value: Value): void {
    if (value instanceof Secret) this.add(value)
    else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) this.addAll(part)
  }

  /** Notes every secret inside a value that was made of secrets; one that holds another is hidden with that. */
  addMade(value: Value): void {
    if (value instanceof Secret) {
      if (!this.isIn(value.reveal())) this.add(value)
    } else if (Array.isArray(value)) for (const part of value) this.addMade(part)
    else if (isPlainObject(value)) for (const part of Object.values(value)) this.addMade(part)
  }

  /** The text with every known secret, in whatever form, replaced. */
  hide(text: string): string {
    if (this.isEmpty || text.length === 0) return text
    const stretches = this.#compiled().flatMap((needles) => needles.stretches(text))
    if (stretches.length === 0) return text
    let out = ''
    let at = 0
    for (const [start, end] of joined(stretches)) {
      out += text.slice(at, start) + HIDDEN
      at = end
    }
    return out + text.slice(at)
  }

  /** Whether a known secret is in the text as a whole. */
  isIn(text: string): boolean {
    return !this.isEmpty && this.#compiled().some((needles) => needles.isIn(text))
  }

  get isEmpty(): boolean {
    return this.#forms.size === 0
  }

  /** New secrets get an automaton of their own, so that adding one by one costs little. */
  #compiled(): readonly Needles[] {
    if (this.#fresh.length > 0) {
      const isFull = this.#needles.length >= MOST_NEEDLES
      this.#needles = isFull ? [new Needles(this.#forms)] : [...this.#needles, new Needles(this.#fresh)]
      this.#fresh = []
    }
    return this.#needles
  }
}

/** Stretches in order, those that touch as one. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const all: [number, number][] = []
  for (const [start, end] of stretches.toSorted((a, b) => a[0] - b[0])) {
    const last = all.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else all.push([start, end])
  }
  return all
}

function isPlainObject(value: unknown): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
