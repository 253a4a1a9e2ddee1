import type { Runtime } from '../language/evaluator.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value, ValueMap } from '../resource/value.ts'
import type { HostState } from './host-state.ts'

/** Registered values and facts of all hosts, as expressions see them; while looking ahead, with guesses laid over them. */
export class Registry implements Runtime {
  readonly #states: ReadonlyMap<string, HostState>
  readonly #gathered: (host: string) => ValueMap | undefined
  readonly #started: string
  #guesses: Map<string, Map<string, Value>> | undefined
  /** Hosts whose facts something has asked for and nobody has gathered. */
  readonly factsWanted = new Set<string>()

  constructor(
    states: ReadonlyMap<string, HostState>,
    gathered: (host: string) => ValueMap | undefined,
    started: string,
  ) {
    this.#states = states
    this.#started = started
    this.#gathered = gathered
  }

  registered(host: string, name: string): Value | undefined {
    return this.#guesses?.get(host)?.get(name) ?? this.#states.get(host)?.registered.get(name)
  }

  facts(host: string): ValueMap | Unknown {
    const facts = this.#gathered(host)
    if (facts) return facts
    const state = this.#states.get(host)
    if (state && state.lost === undefined) this.factsWanted.add(host)
    return new Unknown(`the facts of ${host}, which were not gathered`)
  }

  now(): string {
    return this.#started
  }

  register(host: string, name: string, value: Value): void {
    if (!this.#guesses) {
      this.#states.get(host)?.registered.set(name, value)
      return
    }
    const mine = this.#guesses.get(host) ?? new Map<string, Value>()
    this.#guesses.set(host, mine.set(name, value))
  }

  /** What `look` registers is a guess, and forgotten when it is done. */
  guessing<T>(look: () => T): T {
    this.#guesses = new Map()
    try {
      return look()
    } finally {
      this.#guesses = undefined
    }
  }
}
