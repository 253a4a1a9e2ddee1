import { afterAll, beforeAll, test } from 'vitest'
import { controllers } from './controller.ts'
import { NODES } from './mattermost.ts'
import { bringUp, files } from './play.ts'
import { type Lane, openLane } from './sweep-lane.ts'
import { chosen, cutsOf, isWhole, killsOf, type Places, SWEEP_LIMIT, sweep } from './sweep-places.ts'

/** By day one place of each kind, which this chooses again. */
const seed = Number(process.env.LOCKSTEP_SWEEP_SEED ?? 1)

const at = files({})
let lanes: Lane[]

beforeAll(async () => {
  const pairs = isWhole ? [NODES.slice(0, 2), NODES.slice(2, 4)] : [NODES.slice(0, 2)]
  const access = await bringUp(pairs.flat().map(({ name, address }) => ({ name, address, packages: ['serf'] })))
  const as = controllers(at, access)
  lanes = await Promise.all(pairs.map((nodes) => openLane(nodes, access, as)))
  process.stdout.write(`sweep: ${told(kills())} to be killed at, ${told(cuts())} to be cut at, seed ${seed}\n`)
})
afterAll(() => {
  for (const lane of lanes) lane.end()
  at[Symbol.dispose]()
})

test(
  'a controller that is killed at any event leaves what one more run brings to the same end',
  () => through(kills()),
  SWEEP_LIMIT,
)

test(
  'a connection that is cut at any round leaves what one more run brings to the same end',
  () => through(cuts()),
  SWEEP_LIMIT,
)

function kills(): Places {
  return killsOf(first().trace)
}

function cuts(): Places {
  return cutsOf(
    first().trace,
    NODES.slice(0, 2).map(({ name }) => name),
  )
}

function told({ all, states }: Places): string {
  return `${all.length} places of ${states.length} states`
}

function first(): Lane {
  const [lane] = lanes as [Lane]
  return lane
}

/** The places that are asked for, or one that the seed chooses. */
async function through(places: Places): Promise<void> {
  const state = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  const { all } = places
  await sweep(lanes, chosen(places, all.slice(Math.floor((state / 2 ** 32) * all.length)).slice(0, 1)))
}
