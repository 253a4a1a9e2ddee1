import { expect } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import { type LabAccess, labReset } from '../../lab/lab.ts'
import { until } from '../../lab/wait.ts'
import type { Controller } from './controller.ts'
import { type Mark, Wire } from './cut-rounds.ts'
import { type Disturbance, disturb, leftOn, playThrough } from './disturbance.ts'
import { differences, type Node, withoutTimes } from './mattermost.ts'
import { files, inventoryText } from './play.ts'
import { type SeenFiles, watchFiles } from './seen-files.ts'

const PLAYBOOK = 'playbooks/mattermost-tunnels.yml'

/** What differs from one fresh host to the next by nature: keys are made anew, and each node lists those of the others. */
const OWN_NATURE = [/^file \/var\/lib\/mm-tunnel\/\.ssh\/(id_ed25519(\.pub)?|authorized_keys) /]

/** Written by useradd, which fills new homes too, and by ufw, which empties its files first. */
const OTHERS =
  /^\/etc\/((passwd|group|shadow|gshadow)-?|ufw\/(user6?\.rules|ufw\.conf)|default\/ufw)$|\/\.(bash_logout|bashrc|profile)$/

/** Hosts that go through disturbances one after the other, beside other lanes. */
export interface Lane {
  /** What an undisturbed run did. */
  trace: readonly Mark[]
  /** Fresh hosts, a run that is disturbed, and one more: it must come to the same end, by ways on which nothing is ever half there. */
  disturb(place: Disturbance): Promise<void>
  end(): void
}

/** Takes hosts that are up, and notes what an undisturbed run makes of them when they are fresh. */
export async function openLane(nodes: readonly Node[], access: LabAccess, as: Controller): Promise<Lane> {
  const names = nodes.map(({ name }) => name)
  const hosts = nodes.map(({ name, address, tunnel_id }) => [name, { address, tunnel_id }] as const)
  const at = files({ 'inventory.yml': inventoryText(Object.fromEntries(hosts), 'mattermost') })
  const subject = { playbook: PLAYBOOK, inventory: at.path('inventory.yml'), nodes, access, as }
  const statesNow = () => Promise.all(names.map(stateOf))

  await labReset(names, () => {})
  using wire = new Wire()
  const run = await playThrough(subject, wire)
  expect(run.failed).toEqual([])
  const reference = await statesNow()
  const paths = reference.flat().flatMap((line) => /^file (\S+) file /.exec(line)?.[1] ?? [])
  const watched = [...new Set(paths)].filter((path) => !OTHERS.test(path))

  const differ = async () =>
    (await statesNow()).map((state, index) => differences(reference[index] ?? [], state)).filter(({ length }) => length)

  return {
    trace: wire.trace,
    async disturb(place) {
      await labReset(names, () => {})
      const watch = watchFiles(names, watched)
      let seen: SeenFiles
      try {
        await disturb(subject, place)
        expect((await playThrough(subject)).failed).toEqual([])
      } finally {
        seen = await watch.end()
      }
      expect(torn(seen)).toEqual([])
      for (const host of names) expect(await leftOn(host)).toBe('')
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
