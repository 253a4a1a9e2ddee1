/** What a key was deleted with: whoever is asked for it knows nothing more of it. */
const GONE = Symbol('gone')

/**
 * A map that can be forked at any time for next to nothing: a fork sees what was there, and neither side sees what the other writes
 * from then on. Writes go to a layer of one's own; layers that are shared are merged when the upper one has grown to the size of the
 * lower one, so that there are few of them and each entry is copied few times.
 */
export class LayeredMap<V> {
  /** The lowest first; nobody writes to them any more. */
  #shared: readonly ReadonlyMap<string, V | typeof GONE>[] = []
  #own = new Map<string, V | typeof GONE>()

  fork(): LayeredMap<V> {
    if (this.#own.size > 0) {
      this.#shared = merged([...this.#shared, this.#own])
      this.#own = new Map()
    }
    const fork = new LayeredMap<V>()
    fork.#shared = this.#shared
    return fork
  }

  get(key: string): V | undefined {
    const own = this.#own.get(key)
    if (own !== undefined) return own === GONE ? undefined : own
    for (let at = this.#shared.length - 1; at >= 0; at--) {
      const value = this.#shared[at]?.get(key)
      if (value !== undefined) return value === GONE ? undefined : value
    }
    return undefined
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  set(key: string, value: V): void {
    this.#own.set(key, value)
  }

  delete(key: string): void {
    if (this.#shared.length === 0) this.#own.delete(key)
    else this.#own.set(key, GONE)
  }

  /** All that is in it, in no order that means anything. */
  values(): V[] {
    const all = new Map<string, V | typeof GONE>()
    for (const layer of [...this.#shared, this.#own]) for (const [key, value] of layer) all.set(key, value)
    return [...all.values()].filter((value): value is V => value !== GONE)
  }
}

type Layer<V> = ReadonlyMap<string, V | typeof GONE>

/** The same in layers each of which is more than twice as large as the one above it. */
function merged<V>(layers: readonly Layer<V>[]): readonly Layer<V>[] {
  const upper = layers.at(-1)
  const lower = layers.at(-2)
  if (!upper || !lower || lower.size > 2 * upper.size) return layers
  const both = new Map(lower)
  for (const [key, value] of upper) {
    if (value === GONE && layers.length === 2) both.delete(key)
    else both.set(key, value)
  }
  return merged([...layers.slice(0, -2), both])
}
