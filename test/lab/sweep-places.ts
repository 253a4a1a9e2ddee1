import { expect } from 'vitest'
import type { Disturbance } from './disturbance.ts'

/** `all` places, or `2/5` for the second fifth of them, spread evenly; without it a few. */
const asked = process.env.LOCKSTEP_SWEEP
const part = /^(\d+)\/(\d+)$/.exec(asked === 'all' ? '1/1' : (asked ?? ''))

/** Whether more is asked for than a few places, as at night. */
export const isWhole = part !== null

/** For a test that takes places in turn. */
export const SWEEP_LIMIT = isWhole ? 12 * 3_600_000 : 300_000

/** Those that are asked for, or the few that stand for all of them. */
export function chosen<T>(all: readonly T[], few: readonly T[]): T[] {
  return part ? all.filter((_, index) => index % Number(part[2]) === Number(part[1]) - 1) : [...few]
}

/** A kill after each line that a run tells. */
export function everyKill(events: number): Disturbance[] {
  return numbers(events).map((event) => ({ kind: 'kill', event }))
}

/** Cuts before and after each round of each host. */
export function everyCut(rounds: readonly number[]): Disturbance[] {
  return rounds.flatMap((count, host) =>
    numbers(count).flatMap((round) =>
      (['before', 'after'] as const).map((moment) => ({ kind: 'cut', host, round, moment }) as const),
    ),
  )
}

/** A loss of power before each round of each host. */
export function everyPowerLoss(rounds: readonly number[]): Disturbance[] {
  return rounds.flatMap((count, host) =>
    numbers(count).map((round) => ({ kind: 'cut', host, round, moment: 'without power' }) as const),
  )
}

/** What takes disturbances one after the other. */
interface Lane {
  disturb(place: Disturbance): Promise<void>
}

/** Takes the lanes through the places; one that fails keeps none of the others from being tried. */
export async function sweep(lanes: readonly Lane[], places: readonly Disturbance[]): Promise<void> {
  const due = [...places]
  const failed: string[] = []
  const take = async (lane: Lane): Promise<void> => {
    for (let place = due.shift(); place !== undefined; place = due.shift()) {
      const start = performance.now()
      const problem = await lane.disturb(place).then(
        () => undefined,
        (error: unknown) => `${JSON.stringify(place)}: ${error instanceof Error ? error.message : String(error)}`,
      )
      if (problem !== undefined) failed.push(problem)
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      process.stdout.write(`sweep: ${problem ? 'FAILED' : 'passed'} ${JSON.stringify(place)} in ${seconds} s\n`)
    }
  }
  await Promise.all(lanes.map(take))
  expect(failed).toEqual([])
}

/** What was found that must not be; a sweep tells of a failure by its message alone. */
export function expectNone(what: string, found: readonly string[]): void {
  if (found.length > 0) throw new Error(`${what}: ${found.join('; ')}`)
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
