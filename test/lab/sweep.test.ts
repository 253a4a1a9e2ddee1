import { afterAll, beforeAll, expect, test } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import type { LabAccess } from '../../lab/lab.ts'
import { labReset } from '../../lab/lab.ts'
import { until } from '../../lab/wait.ts'
import { type Controller, controllers } from './controller.ts'
import { Wire } from './cut-rounds.ts'
import { differences, NODES, withoutTimes } from './mattermost.ts'
import { bringUp, files, inventoryText, type Outcome, out, playOn } from './play.ts'
import { type SeenFiles, watchFiles } from './seen-files.ts'

/** By night every position; by day a few, which `LOCKSTEP_SWEEP_SEED` chooses again. */
const isWhole = process.env.LOCKSTEP_SWEEP === 'all'
const seed = Number(process.env.LOCKSTEP_SWEEP_SEED ?? 1)
const SAMPLE = 1

const nodes = NODES.slice(0, 2)
const names = nodes.map(({ name }) => name)
const PLAYBOOK = 'playbooks/mattermost-tunnels.yml'
const at = files({
  'inventory.yml': inventoryText(
    Object.fromEntries(nodes.map(({ name, address, tunnel_id }) => [name, { address, tunnel_id }])),
    'mattermost',
  ),
})
const inventory = at.path('inventory.yml')

/** What differs from one fresh host to the next by nature: keys are made anew, and each node lists those of the others. */
const OWN_NATURE = [/^file \/var\/lib\/mm-tunnel\/\.ssh\/(id_ed25519(\.pub)?|authorized_keys) /]

/** Written by useradd, which fills new homes too, and by ufw, which empties its files first. */
const OTHERS =
  /^\/etc\/((passwd|group|shadow|gshadow)-?|ufw\/(user6?\.rules|ufw\.conf)|default\/ufw)$|\/\.(bash_logout|bashrc|profile)$/

const LEFT = `find / -xdev -name '.lockstep*'; ls -d /var/lib/lockstep /run/lockstep.lock 2>/dev/null || :`

let access: LabAccess
let as: Controller
let reference: string[][]
/** What the controller tells in an undisturbed run, in lines. */
let events = 0
let rounds: ReadonlyMap<string, number>

beforeAll(async () => {
  access = await bringUp(nodes.map(({ name, address }) => ({ name, address, packages: ['serf'] })))
  as = controllers(at, access)
  await labReset(names, () => {})
  using wire = new Wire()
  const run = await converge(wire)
  rounds = new Map(wire.rounds)
  events = run.events.length
  reference = await Promise.all(names.map(stateOf))
  process.stdout.write(`sweep: ${events} events, rounds ${JSON.stringify([...rounds])}, seed ${seed}\n`)
})
afterAll(() => at[Symbol.dispose]())

test(
  'a controller that is killed at any event leaves what one more run brings to the same end',
  async () => {
    for (const position of chosen(Array.from({ length: events }, (_, index) => index + 1))) {
      process.stdout.write(`sweep: killed at event ${position} of ${events}\n`)
      await disturbed(async () => {
        const words = ['run', PLAYBOOK, '-i', inventory, '--output', 'jsonl']
        const { code, said } = await as('ann', words, { killAt: position }).ended
        expect([code, said.trim().split('\n').length]).toEqual(['SIGKILL', position])
      })
    }
  },
  timeLimit(),
)

test(
  'a connection that is cut at any round leaves what one more run brings to the same end',
  async () => {
    const places = [...rounds].flatMap(([host, count]) =>
      Array.from({ length: count }, (_, index) => index + 1).flatMap((round) =>
        (['before', 'after'] as const).map((moment) => ({ host, round, moment })),
      ),
    )
    for (const place of chosen(places)) {
      process.stdout.write(
        `sweep: ${place.host} cut off ${place.moment} round ${place.round} of ${rounds.get(place.host)}\n`,
      )
      await disturbed(async () => {
        using wire = new Wire(place)
        await play(wire)
        expect(wire.hasCut).toBe(true)
      })
    }
  },
  timeLimit(),
)

/** Fresh hosts, a run that is disturbed, and one more: it must come to the same end, by ways on which nothing is ever half there. */
async function disturbed(disturb: () => Promise<void>): Promise<void> {
  await labReset(names, () => {})
  const paths = reference.flat().flatMap((line) => /^file (\S+) file /.exec(line)?.[1] ?? [])
  const watch = watchFiles(
    names,
    [...new Set(paths)].filter((path) => !OTHERS.test(path)),
  )
  let seen: SeenFiles
  try {
    await disturb()
    await converge()
  } finally {
    seen = await watch.end()
  }
  expect(torn(seen)).toEqual([])
  for (const host of names) {
    expect(await out(host, LEFT)).toBe('')
  }
  await until(
    'the hosts are as after an undisturbed run',
    async () => {
      const states = await Promise.all(names.map(stateOf))
      return states.every((state, index) => differences(reference[index] ?? [], state).length === 0)
    },
    { limitMs: 60_000, everyMs: 500 },
  ).catch(async () => {
    const states = await Promise.all(names.map(stateOf))
    expect(states.map((state, index) => differences(reference[index] ?? [], state))).toEqual(names.map(() => []))
  })
}

/** Contents that were neither there before nor are there now. */
function torn(seen: SeenFiles): string[] {
  return [...seen].flatMap(([key, { contents, first, last }]) =>
    [...contents]
      .filter((content) => content !== undefined && content !== first && content !== last)
      .map((content) => `${key}: ${JSON.stringify(content?.slice(0, 300))}`),
  )
}

async function converge(wire?: Wire): Promise<Outcome> {
  const outcome = await play(wire)
  expect(outcome.failed).toEqual([])
  return outcome
}

function play(wire?: Wire): Promise<Outcome> {
  return playOn({
    mode: 'run',
    playbook: PLAYBOOK,
    inventory,
    access,
    // What the last run began on a host may still be at work there, and then its lock is.
    lockTimeoutMs: 120_000,
    ...(wire
      ? {
          around: (host, remote) => wire.around(host, nodes.find(({ name }) => name === host)?.address ?? '', remote),
        }
      : {}),
  })
}

async function stateOf(host: string): Promise<string[]> {
  const digest = withoutTimes(await labDigest(host))
  return digest.map((line) => (OWN_NATURE.some((own) => own.test(line)) ? line.replace(/ [0-9a-f]{64}$/, '') : line))
}

/** All of them, or a few that the seed chooses. */
function chosen<T>(all: readonly T[]): T[] {
  if (isWhole) return [...all]
  let state = seed
  return Array.from({ length: SAMPLE }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return all[Math.floor((state / 2 ** 32) * all.length)] as T
  })
}

function timeLimit(): number {
  return isWhole ? 12 * 3_600_000 : 300_000
}
