import type { Observation } from './observations.ts'
import type { RecordEntry } from './record.ts'

/** Since when one task of a host, or one item of its loop, is as it is. */
export interface Since {
  latest: Observation
  isDrifted: boolean
  /** The first record after the last one that saw it otherwise. */
  first: RecordEntry
  /** `first` is the run that made it so. */
  isMended: boolean
  /** The last record before `first` that saw it at all; undefined: none did. */
  before: RecordEntry | undefined
  /** The last record that saw it so, and how many have, one after the other. */
  seen: RecordEntry
  times: number
}

/**
 * Follows each (task, item) of a host through its records; takes them oldest first. What could not be seen tells nothing, and
 * handlers have no state of their own.
 */
export class SinceBook {
  readonly #known = new Map<string, Since>()

  take(entry: RecordEntry, observations: ReadonlyMap<string, Observation>): void {
    for (const [key, latest] of observations) {
      const { state, handler } = latest
      if (handler) continue
      if (state !== 'clean' && state !== 'mended' && state !== 'drifted') continue
      const isDrifted = state === 'drifted'
      const isMended = state === 'mended'
      const known = this.#known.get(key)
      // What a run had to mend was drifted until then, whether a check had seen it or not.
      if (known && known.isDrifted === isDrifted && !isMended)
        this.#known.set(key, { ...known, latest, seen: entry, times: known.times + 1 })
      else
        this.#known.set(key, { latest, seen: entry, isDrifted, isMended, first: entry, before: known?.seen, times: 1 })
    }
  }

  all(): Since[] {
    return [...this.#known.values()]
  }
}
