import { beforeAll, describe, expect, test } from 'vitest'
import { labCapture } from '../../lab/capture.ts'
import { labDigest } from '../../lab/digest.ts'
import { labReboot } from '../../lab/faults.ts'
import { labReset } from '../../lab/lab.ts'
import { until } from '../../lab/wait.ts'
import {
  bootNodes,
  type Cluster,
  clusterOf,
  NODES,
  type Node,
  pairs,
  proveConverged,
  provePromise,
  rulesOf,
  say,
  startEcho,
  stopEcho,
  untilAllAlive,
} from './mattermost.ts'
import { out } from './play.ts'

const nodes = NODES.slice(0, 3)
const [one, two, three] = nodes as [Node, Node, Node]
const names = nodes.map(({ name }) => name)
let cluster: Cluster
let supervised: Cluster

beforeAll(async () => {
  const access = await bootNodes(3)
  await labReset(names, () => {})
  cluster = clusterOf(nodes, access, { tunnel_layout: 'guide', tunnel_ports: [8074, 8075] })
  supervised = clusterOf(nodes, access, { tunnel_ports: [8074, 8075] })
})

describe("the guide's layout", () => {
  test('is announced by check and made by a run, and by that alone', async () => {
    await labReset(names, () => {})
    const before = await Promise.all(names.map(labDigest))
    const check = await cluster.check()
    expect(check.failed).toEqual([])
    expect(await Promise.all(names.map(labDigest))).toEqual(before)
    const run = await cluster.run()
    expect(run.failed).toEqual([])
    expect(run.changed).toEqual(check.changed)
    await proveConverged(cluster)
    await untilAllAlive(nodes)
  })

  test('carries bytes from every node to every other one through sshd, and none in clear', async () => {
    await cluster.converge()
    for (const node of nodes) await startEcho(node, 8075)
    const capture = await labCapture('tcp port 8074 or tcp port 8075 or udp port 8074')
    for (const [from, to] of pairs(nodes)) {
      expect(await say(`hello from ${from.name}`, from, to, 8075)).toBe(`hello from ${from.name} by sshd`)
    }
    await out(one.name, 'serf event -coalesce=false greeting')
    for (const node of nodes) await stopEcho(node, 8075)
    expect(await capture.stop()).toEqual([])
  })

  test('has one set of rules after ufw was reloaded five times', async () => {
    await cluster.converge()
    const before = await rulesOf(two)
    for (let turn = 0; turn < 5; turn++) await out(two.name, 'ufw reload')
    expect(await rulesOf(two)).toEqual(before)
    expect(before.filter((line) => /^-A (OUTPUT|MM-GUIDE) .*(DNAT|MM-GUIDE)/.test(line))).toHaveLength(5)
  })

  test('is what it was after a reboot', async () => {
    await cluster.converge()
    const before = await rulesOf(two)
    await labReboot(two.name)
    await until(
      'Mattermost is up',
      async () => (await out(two.name, 'systemctl is-active mattermost || :')) === 'active',
    )
    expect(await rulesOf(two)).toEqual(before)
    expect(await out(two.name, 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1')
  })

  test('gets its tunnels back from a run when their ssh has died', async () => {
    await cluster.converge()
    await out(one.name, String.raw`kill $(ss -Hltnp src 127.0.0.1 | sed -n 's/.*"ssh",pid=\([0-9]*\).*/\1/p')`)
    const changed = await provePromise(cluster)
    expect(changed).toEqual([`${one.name}: Tunnels to peers that answer are open`])
    await untilAllAlive(nodes)
  })

  test.each([
    {
      what: 'a redirection is gone',
      script: `sed -i '/MM-GUIDE.*--dport 8074.*${three.address}/d; /${three.address} --dport 8074/d' /etc/ufw/after.rules`,
      tasks: ['Redirections to the local ends of the tunnels', 'reload ufw'],
    },
    {
      what: 'the jump is not made',
      script: 'sed -i /MM-GUIDE/d /etc/ufw/after.init',
      tasks: ['One jump to the redirections, however often ufw is reloaded', 'reload ufw'],
    },
    {
      what: 'the jump may not be made',
      script: 'chmod 0640 /etc/ufw/after.init',
      tasks: ['One jump to the redirections, however often ufw is reloaded', 'reload ufw'],
    },
    {
      what: 'the redirections are flushed',
      script: 'iptables -t nat -F',
      tasks: ['The redirections are in the kernel too'],
    },
    {
      what: 'forwarding is off',
      script: 'sysctl -qw net.ipv4.ip_forward=0',
      tasks: ['IP forwarding, as the guide asks'],
    },
    {
      what: 'the script is lost in an upgrade',
      script: 'rm /opt/mattermost/bin/pre_start.sh',
      tasks: ['The tunnels open before Mattermost starts', 'restart mattermost'],
    },
    {
      what: 'the unit does not call the script',
      script: 'rm -r /etc/systemd/system/mattermost.service.d; systemctl daemon-reload',
      tasks: ["Mattermost's unit calls them", 'restart mattermost'],
    },
    {
      what: 'Mattermost is stopped',
      script: 'systemctl stop mattermost',
      tasks: ["Mattermost's unit calls them", 'restart mattermost'],
    },
  ])('is repaired where $what', async ({ script, tasks }) => {
    await cluster.converge()
    await out(two.name, script)
    expect(await provePromise(cluster)).toEqual(tasks.map((task) => `${two.name}: ${task}`).sort())
  })

  test('gives way to supervised tunnels and comes back, and nothing of either stays in the way', async () => {
    await cluster.converge()
    await provePromise(supervised)
    await untilAllAlive(nodes)
    const natRules = async () => (await rulesOf(two)).filter((line) => /MM-/.test(line))
    expect((await natRules()).filter((line) => line.includes('MM-GUIDE'))).toEqual([])
    await out(two.name, 'ufw reload')
    expect((await natRules()).filter((line) => line.includes('MM-GUIDE'))).toEqual([])
    await provePromise(cluster)
    await untilAllAlive(nodes)
    expect((await natRules()).filter((line) => line.includes('MM-TUNNEL'))).toEqual([])
    expect(await out(two.name, 'ls /etc/systemd/system')).not.toContain('mm-tunnel-')
  })
})
