import { afterAll, beforeAll, expect, test } from 'vitest'
import { controllers } from './controller.ts'
import { NODES } from './mattermost.ts'
import { bringUp, files } from './play.ts'
import { type Disturbance, type Lane, openLane } from './sweep-lane.ts'

/** By day one place of each kind, which `LOCKSTEP_SWEEP_SEED` chooses again; `all`, or `2/5` for the second fifth, spread evenly. */
const part = /^(\d+)\/(\d+)$/.exec(process.env.LOCKSTEP_SWEEP === 'all' ? '1/1' : (process.env.LOCKSTEP_SWEEP ?? ''))
const seed = Number(process.env.LOCKSTEP_SWEEP_SEED ?? 1)

const at = files({})
let lanes: Lane[]

beforeAll(async () => {
  const pairs = part ? [NODES.slice(0, 2), NODES.slice(2, 4)] : [NODES.slice(0, 2)]
  const access = await bringUp(pairs.flat().map(({ name, address }) => ({ name, address, packages: ['serf'] })))
  const as = controllers(at, access)
  lanes = await Promise.all(pairs.map((nodes) => openLane(nodes, access, as)))
  const [{ events, rounds }] = lanes as [Lane]
  process.stdout.write(`sweep: ${events} events, rounds ${rounds.join(' and ')}, seed ${seed}\n`)
})
afterAll(() => {
  for (const lane of lanes) lane.end()
  at[Symbol.dispose]()
})

test(
  'a controller that is killed at any event leaves what one more run brings to the same end',
  () => sweep(({ events }) => Array.from({ length: events }, (_, index) => ({ kind: 'kill', event: index + 1 }))),
  timeLimit(),
)

test(
  'a connection that is cut at any round leaves what one more run brings to the same end',
  () =>
    sweep(({ rounds }) =>
      rounds.flatMap((count, host) =>
        Array.from({ length: count }, (_, index) => index + 1).flatMap((round) =>
          (['before', 'after'] as const).map((moment) => ({ kind: 'cut', host, round, moment }) as const),
        ),
      ),
    ),
  timeLimit(),
)

/** Takes the lanes through the places that are due; a place that fails keeps none of the others from being tried. */
async function sweep(placesOf: (lane: Lane) => Disturbance[]): Promise<void> {
  const [first] = lanes as [Lane]
  const due = chosen(placesOf(first))
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

/** The part that is asked for, or one that the seed chooses. */
function chosen<T>(all: readonly T[]): T[] {
  if (part) return all.filter((_, index) => index % Number(part[2]) === Number(part[1]) - 1)
  const state = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return all.slice(Math.floor((state / 2 ** 32) * all.length)).slice(0, 1)
}

function timeLimit(): number {
  return part ? 12 * 3_600_000 : 300_000
}
