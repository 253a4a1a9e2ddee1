import { expect } from 'vitest'
import type { Mark } from './cut-rounds.ts'
import type { Disturbance } from './disturbance.ts'

/**
 * `all` places, or `2/5` for the second fifth of them, spread evenly; `states` for one place of each state, or `states:2/5`. Without it
 * a few.
 */
const asked = /^(?:(states)?|(?:(states):)?([1-9]\d*)\/([1-9]\d*)|all)$/.exec(process.env.LOCKSTEP_SWEEP ?? '')
const [, wholeByState, partByState, part = '1', of = '1'] = asked ?? []
if (!asked || Number(part) > Number(of)) throw new Error('LOCKSTEP_SWEEP is all, 2/5, states or states:2/5')
const isByState = (wholeByState ?? partByState) !== undefined

/** Whether more is asked for than a few places, as at night. */
export const isWhole = asked[0] !== ''

/** For a test that takes places in turn. */
export const SWEEP_LIMIT = isWhole ? 12 * 3_600_000 : 300_000

/** Where a run can be disturbed. */
export interface Places {
  /** After each line that it tells, and before and after each round of each host. */
  all: readonly Disturbance[]
  /** Those of them between which a host has been acted on: the others leave the hosts as one of these does. */
  states: readonly Disturbance[]
}

/** Those that are asked for, or the few that stand for all of them. */
export function chosen({ all, states }: Places, few: readonly Disturbance[]): readonly Disturbance[] {
  if (!isWhole) return few
  return (isByState ? states : all).filter((_, index) => index % Number(of) === Number(part) - 1)
}

/** Kills of a run that has gone like this. */
export function killsOf(trace: readonly Mark[]): Places {
  const after = new Map<number, number>()
  const all: Disturbance[] = []
  for (const [index, state] of statesOf(trace).entries()) {
    if (trace[index] !== 'line') continue
    all.push({ kind: 'kill', event: all.length + 1 })
    after.set(state, all.length)
  }
  return { all, states: [...after.values()].map((event) => ({ kind: 'kill', event })) }
}

/** Cuts of the connections to these hosts, and losses of their power where that is asked for. */
export function cutsOf(
  trace: readonly Mark[],
  names: readonly string[],
  { hasPowerLoss = false }: { hasPowerLoss?: boolean } = {},
): Places {
  const states = statesOf(trace)
  const moments = ['before', 'after', ...(hasPowerLoss ? (['without power'] as const) : [])] as const
  const cuts = names.flatMap((name, host) =>
    moments.flatMap((moment) => {
      const known = new Set<number>()
      return trace.flatMap((mark, index) => {
        if (mark === 'line' || mark.isOver || mark.host !== name) return []
        const state = states[index] ?? 0
        // A host that has been asked nothing but to look is then as it was before.
        const isNew = moment === 'after' ? mark.acts : !known.has(state)
        known.add(state)
        return [{ isNew, place: { kind: 'cut', host, round: mark.round, moment } as const }]
      })
    }),
  )
  return {
    all: cuts.map(({ place }) => place),
    states: cuts.filter(({ isNew }) => isNew).map(({ place }) => place),
  }
}

export function together(...places: readonly Places[]): Places {
  return { all: places.flatMap(({ all }) => all), states: places.flatMap(({ states }) => states) }
}

/** For each mark the number of times before it that a host began or ceased to be acted on. */
function statesOf(trace: readonly Mark[]): number[] {
  let state = 0
  return trace.map((mark) => (mark !== 'line' && mark.acts ? state++ : state))
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
