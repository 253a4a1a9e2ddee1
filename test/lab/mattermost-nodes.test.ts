import { describe, expect, test } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import { labKill, labPowerOn } from '../../lab/faults.ts'
import {
  clusterOf,
  differences,
  freshNodes,
  keptConverged,
  NODES,
  type Node,
  proveConverged,
  provePromise,
  untilAllAlive,
  withoutTimes,
} from './mattermost.ts'
import { out } from './play.ts'

const [one, two, three] = NODES as [Node, Node, Node]

describe.each([2, 5])('%i fresh nodes', (count) => {
  const nodes = NODES.slice(0, count)
  const cluster = clusterOf(nodes, freshNodes(nodes))

  test('become one cluster', async () => {
    expect(await provePromise(cluster)).not.toEqual([])
    await untilAllAlive(nodes)
  })
})

describe('of three nodes', () => {
  const all = [one, two, three]
  const rest = [one, two]
  const lab = freshNodes(all)
  const cluster = clusterOf(all, lab)
  keptConverged(cluster)()

  test('one that leaves is forgotten by the others, which lose nothing else, and may come back', async () => {
    const digests = async () => await Promise.all(rest.map(({ name }) => contentOf(name)))
    const before = await digests()
    const changed = await provePromise(clusterOf(rest, lab))
    expect(changed).toEqual(rest.flatMap(({ name }) => LEAVING.map((task) => `${name}: ${task}`)).sort())
    const after = await digests()
    rest.forEach((_, index) => {
      const lines = differences(before[index] ?? [], after[index] ?? [])
      expect(lines.map(subject).filter((what) => !TOUCHED.test(what))).toEqual([])
      expect(
        lines
          .filter((line) => line.startsWith('+'))
          .map(subject)
          .filter((what) => !REWRITTEN.test(what)),
      ).toEqual([])
    })
    for (const { name } of rest)
      expect(await out(name, `grep -rlE '${three.address}|${three.name}' /etc /var/lib/mm-tunnel || :`)).toBe(
        '/etc/hosts',
      )
    for (const { name } of rest) expect(await out(name, `iptables-save | grep -cF ${three.address} || :`)).toBe('0')
    const back = await provePromise(cluster)
    expect(back.filter((line) => !line.startsWith(three.name))).toEqual(changed)
    expect((await digests()).map((digest, index) => differences(before[index] ?? [], digest))).toEqual([[], []])
    await untilAllAlive(all)
  })

  test('one may be run alone, and forgets nobody', async () => {
    const run = await cluster.run(one.name)
    expect(run.failed).toEqual([])
    expect(run.changed).toEqual([])
    expect(Object.keys(run.summary.hosts)).toEqual([one.name])
  })

  test('one that cannot be reached is not forgotten', async () => {
    const keys = () => out(one.name, 'cat /var/lib/mm-tunnel/.ssh/authorized_keys /etc/mm-tunnels/known_hosts')
    const before = await keys()
    await labKill(three.name)
    try {
      const run = await cluster.run()
      expect(run.changed).toEqual([])
      expect(run.failed.map((line) => line.split(' ')[0])).toEqual([`${three.name}:`])
      expect(await keys()).toBe(before)
    } finally {
      await labPowerOn(three.name)
    }
    await untilAllAlive(all)
    await proveConverged(cluster)
  })

  test('a node that gets a new key is let in with that one only', async () => {
    const file = '/var/lib/mm-tunnel/.ssh/id_ed25519'
    const old = await out(three.name, `cut -d' ' -f2 ${file}.pub; rm ${file} ${file}.pub`)
    const changed = await provePromise(cluster)
    expect(changed).toEqual(
      [
        `${three.name}: The account has a key pair`,
        ...rest.map(({ name }) => `${name}: Peers may open tunnels, and nothing else`),
      ].sort(),
    )
    for (const { name } of rest)
      expect(await out(name, `grep -cF ${old} /var/lib/mm-tunnel/.ssh/authorized_keys || :`)).toBe('0')
    await untilAllAlive(all)
  })
})

/** The digest of a host and its rules of ufw, in which those of a node that comes back go behind the others. */
async function contentOf(host: string): Promise<string[]> {
  const digest = withoutTimes(await labDigest(host)).filter((line) => !line.startsWith('file /etc/ufw/user.rules '))
  const rules = (await out(host, 'ufw show added')).split('\n').sort()
  return [...digest, ...rules]
}

/** The tasks that forget a node. */
const LEAVING = [
  'Each peer has a tunnel that restarts itself',
  'The stand-in is there',
  'Mattermost starts after its tunnels',
  'Peers are known by their host keys',
  'Peers may open tunnels, and nothing else',
  'The firewall lets administrators, clients and peers in',
  'What is sent to a peer goes into its tunnel',
]

/** What a line of a digest is about. */
function subject(line: string): string {
  const [, kind = '', what = ''] = line.split(' ')
  return kind === 'file' ? what : line.slice(2)
}

/** What differs on the nodes that stay: files that name the peer, its unit, and its rules. */
const TOUCHED = new RegExp(
  [
    '^/var/lib/mm-tunnel/.ssh/authorized_keys$',
    '^/etc/mm-tunnels/known_hosts$',
    `^ufw allow from ${three.address} `,
    `^/etc/systemd/system/(multi-user.target.wants/)?mm-tunnel-${three.name}.service$`,
    '^/etc/systemd/system/mattermost.service.d/10-tunnels.conf$',
    '^/etc/iptables-chains/',
    '^/opt/mattermost/bin/mattermost$',
    `^unit(-file)? mm-tunnel-${three.name}.service `,
    `^ip6?tables-save .*${three.address}`,
  ].join('|'),
)

/** Of these, what is there still. */
const REWRITTEN = /authorized_keys$|known_hosts$|10-tunnels.conf$|^\/etc\/iptables-chains\/|bin\/mattermost$/
