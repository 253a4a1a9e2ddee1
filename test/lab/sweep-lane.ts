import { expect } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import { type LabAccess, labReset } from '../../lab/lab.ts'
import { until } from '../../lab/wait.ts'
import type { Controller } from './controller.ts'
import { type Moment, Wire } from './cut-rounds.ts'
import { differences, type Node, withoutTimes } from './mattermost.ts'
import { files, inventoryText, type Outcome, out, playOn } from './play.ts'
import { type SeenFiles, watchFiles } from './seen-files.ts'

const PLAYBOOK = 'playbooks/mattermost-tunnels.yml'

/** What differs from one fresh host to the next by nature: keys are made anew, and each node lists those of the others. */
const OWN_NATURE = [/^file \/var\/lib\/mm-tunnel\/\.ssh\/(id_ed25519(\.pub)?|authorized_keys) /]

/** Written by useradd, which fills new homes too, and by ufw, which empties its files first. */
const OTHERS =
  /^\/etc\/((passwd|group|shadow|gshadow)-?|ufw\/(user6?\.rules|ufw\.conf)|default\/ufw)$|\/\.(bash_logout|bashrc|profile)$/

const LEFT = `find / -xdev -name '.lockstep*'; ls -d /var/lib/lockstep /run/lockstep.lock 2>/dev/null || :`

/** A run that is disturbed at one place. */
export type Disturbance =
  | { kind: 'kill'; event: number }
  /** The host by its place among those of the lane. */
  | { kind: 'cut'; host: number; round: number; moment: Moment }

/** Hosts that go through disturbances one after the other, beside other lanes. */
export interface Lane {
  /** How many lines the controller tells in an undisturbed run. */
  events: number
  /** How many rounds each host has in it. */
  rounds: readonly number[]
  /** Fresh hosts, a run that is disturbed, and one more: it must come to the same end, by ways on which nothing is ever half there. */
  disturb(disturbance: Disturbance): Promise<void>
  end(): void
}

/** Takes hosts that are up, and notes what an undisturbed run makes of them when they are fresh. */
export async function openLane(nodes: readonly Node[], access: LabAccess, as: Controller): Promise<Lane> {
  const names = nodes.map(({ name }) => name)
  const hosts = nodes.map(({ name, address, tunnel_id }) => [name, { address, tunnel_id }] as const)
  const at = files({ 'inventory.yml': inventoryText(Object.fromEntries(hosts), 'mattermost') })
  const inventory = at.path('inventory.yml')

  const play = (wire?: Wire): Promise<Outcome> =>
    playOn({
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
  const statesNow = () => Promise.all(names.map(stateOf))

  await labReset(names, () => {})
  using counting = new Wire()
  const run = await play(counting)
  expect(run.failed).toEqual([])
  const reference = await statesNow()
  const paths = reference.flat().flatMap((line) => /^file (\S+) file /.exec(line)?.[1] ?? [])
  const watched = [...new Set(paths)].filter((path) => !OTHERS.test(path))

  const hurt = async (disturbance: Disturbance): Promise<void> => {
    if (disturbance.kind === 'kill') {
      const words = ['run', PLAYBOOK, '-i', inventory, '--output', 'jsonl']
      const { code, said } = await as('ann', words, { killAt: disturbance.event }).ended
      expect([code, said.trim().split('\n').length]).toEqual(['SIGKILL', disturbance.event])
    } else {
      using wire = new Wire({ ...disturbance, host: names[disturbance.host] ?? '' })
      await play(wire)
      expect(wire.hasCut).toBe(true)
    }
  }

  const differ = async () =>
    (await statesNow()).map((state, index) => differences(reference[index] ?? [], state)).filter(({ length }) => length)

  return {
    events: run.events.length,
    rounds: names.map((name) => counting.rounds.get(name) ?? 0),
    async disturb(disturbance) {
      await labReset(names, () => {})
      const watch = watchFiles(names, watched)
      let seen: SeenFiles
      try {
        await hurt(disturbance)
        expect((await play()).failed).toEqual([])
      } finally {
        seen = await watch.end()
      }
      expect(torn(seen)).toEqual([])
      for (const host of names) expect(await out(host, LEFT)).toBe('')
      await until('the hosts are as after an undisturbed run', async () => (await differ()).length === 0, {
        limitMs: 60_000,
        everyMs: 500,
      }).catch(async () => expect(await differ()).toEqual([]))
    },
    end: () => at[Symbol.dispose](),
  }
}

/** Contents that were neither there before nor are there now. */
function torn(seen: SeenFiles): string[] {
  return [...seen].flatMap(([key, { contents, first, last }]) =>
    [...contents]
      .filter((content) => content !== undefined && content !== first && content !== last)
      .map((content) => `${key}: ${JSON.stringify(content?.slice(0, 300))}`),
  )
}

async function stateOf(host: string): Promise<string[]> {
  const digest = withoutTimes(await labDigest(host))
  return digest.map((line) => (OWN_NATURE.some((own) => own.test(line)) ? line.replace(/ [0-9a-f]{64}$/, '') : line))
}
