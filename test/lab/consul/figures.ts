import type { Recording } from './recording.ts'
import { rulerOf } from './spans.ts'

export interface Tally {
  writer: string
  written: number
  failed: number
  /** How many needed more than one try. */
  retried: number
}

/** What became of the writes of each writer. */
export function tally({ writers, writes }: Recording): Tally[] {
  return writers.map(({ name }) => {
    const own = writes.filter(({ writer }) => writer === name)
    return {
      writer: name,
      written: own.length,
      failed: own.filter(({ isAcknowledged }) => !isAcknowledged).length,
      retried: own.filter(({ tries }) => tries > 1).length,
    }
  })
}

/** The longest time between two looks at a leader that a majority follows, the end included. */
export function leaderlessMs(recording: Recording): number {
  const ruled = recording.samples.filter((sample) => rulerOf(recording, sample) !== undefined).map(({ at }) => at)
  const times = [...ruled, recording.samples.at(-1)?.at ?? 0]
  return Math.max(...times.map((at, index) => at - (times[index - 1] ?? at)))
}
