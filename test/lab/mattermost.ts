import { afterEach, beforeEach, expect } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import { labExec } from '../../lab/exec.ts'
import { until } from '../../lab/wait.ts'
import { files, freshHosts, inventoryText, type Lab, type Outcome, out, playOn } from './play.ts'

const ADDRESSES = ['10.10.250.146', '10.10.250.231', '10.10.250.165', '10.10.250.17', '10.10.250.18']

/** Nodes as the shipped inventory has them, and two more. */
export const NODES = ADDRESSES.map((address, index) => ({
  name: `mattermost${index + 1}`,
  address,
  tunnel_id: index + 1,
}))

export interface Node {
  name: string
  address: string
  tunnel_id: number
}

/** The nodes as one cluster, with the playbook to check and run on it. */
export interface Cluster {
  nodes: readonly Node[]
  check(): Promise<Outcome>
  run(limit?: string): Promise<Outcome>
  /** Runs until the cluster is as asked for, and fails when it cannot be. */
  converge(): Promise<void>
}

/** The nodes as fresh hosts, with what stands in for Mattermost. */
export function freshNodes(nodes: readonly Node[]): Lab {
  return freshHosts(nodes.map(({ name, address }) => ({ name, address, packages: ['serf'] })))
}

export function clusterOf(nodes: readonly Node[], lab: Lab, vars: Record<string, unknown> = {}): Cluster {
  const hosts = Object.fromEntries(nodes.map(({ name, address, tunnel_id }) => [name, { address, tunnel_id }]))
  const play = async (mode: 'check' | 'run', limit?: string) => {
    using at = files({ 'inventory.yml': inventoryText(hosts, 'mattermost') })
    const playbook = 'playbooks/mattermost-tunnels.yml'
    return await playOn({
      mode,
      playbook,
      inventory: at.path('inventory.yml'),
      access: lab.access,
      vars,
      ...(limit === undefined ? {} : { limit }),
    })
  }
  return {
    nodes,
    check: () => play('check'),
    run: (limit) => play('run', limit),
    async converge() {
      expect((await play('run')).failed).toEqual([])
    },
  }
}

/** Gives hooks for the groups of a file: each of their tests finds the cluster converged, whatever became of the one before. */
export function keptConverged(cluster: Cluster): () => void {
  let isConverged = false
  return () => {
    beforeEach(async () => {
      if (!isConverged) await cluster.converge()
      isConverged = true
    })
    afterEach(({ task }) => {
      isConverged = task.result?.state !== 'fail'
    })
  }
}

/** Checks, runs, and runs and checks again; gives what the first check named. */
export async function provePromise(cluster: Cluster): Promise<string[]> {
  return await proveRun(cluster, await cluster.check())
}

/** The same for fresh hosts, which check leaves as they are, byte for byte; gives all that it said. */
export async function proveOnFreshHosts(cluster: Cluster): Promise<Outcome> {
  const digests = () => Promise.all(cluster.nodes.map(({ name }) => labDigest(name)))
  const before = await digests()
  const check = await cluster.check()
  expect(await digests()).toEqual(before)
  await proveRun(cluster, check)
  return check
}

async function proveRun(cluster: Cluster, check: Outcome): Promise<string[]> {
  expect(check.failed).toEqual([])
  const run = await cluster.run()
  expect(run.failed).toEqual([])
  expect(run.changed).toEqual(check.changed)
  await proveConverged(cluster)
  return check.changed
}

/** Nothing changes any more, and looking costs few rounds. */
export async function proveConverged(cluster: Cluster): Promise<void> {
  // Neither of them touches the hosts, so they need not wait for each other.
  const [again, clean] = await Promise.all([cluster.run(), cluster.check()])
  expect(again.failed).toEqual([])
  expect(again.changed).toEqual([])
  for (const [host, { rounds }] of Object.entries(again.summary.hosts)) {
    expect(rounds, `rounds on ${host}`).toBeLessThanOrEqual(4)
  }
  expect(clean.failed).toEqual([])
  expect(clean.changed).toEqual([])
}

/** Every node says that it and all others are alive, and nobody else. */
export async function untilAllAlive(nodes: readonly Node[], limitMs = 120_000): Promise<void> {
  const wanted = nodes.map(({ name }) => `${name} alive`).sort()
  for (const { name } of nodes) {
    await until(
      `${name} sees ${wanted.join(', ')}`,
      async () => {
        const { code, stdout } = await labExec(name, ['serf', 'members', '-format=json'])
        // An agent that does not listen yet is told of on stdout.
        if (code !== 0) return false
        const { members = [] } = JSON.parse(stdout.toString()) as Members
        const seen = members.map((member) => `${member.name} ${member.status}`).sort()
        return wanted.every((one) => seen.includes(one)) && seen.length === wanted.length
      },
      { limitMs, everyMs: 250 },
    )
  }
}

interface Members {
  members?: { name: string; status: string }[]
}

/** Each ordered pair of two different nodes. */
export function pairs(nodes: readonly Node[]): [from: Node, to: Node][] {
  return nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to): [Node, Node] => [from, to]))
}

/** Serves a port with an echo that also tells which program on its own host holds the other end of the connection. */
export async function startEcho(node: Node, port: number): Promise<void> {
  const answer =
    'read line; echo "$line by $(ss -Htnp src = "$SOCAT_PEERADDR:$SOCAT_PEERPORT" | sed "s/.*((.//; s/\\".*//")"'
  await labExec(node.name, ['sh', '-c', 'cat >/run/answer; chmod 755 /run/answer'], { input: `#!/bin/sh\n${answer}\n` })
  await out(
    node.name,
    `systemctl stop echo-${port} 2>/dev/null
    systemd-run -q --collect --unit=echo-${port} socat TCP-LISTEN:${port},bind=${node.address},fork,reuseaddr EXEC:/run/answer || exit
    until ss -Hltnp "src = ${node.address}:${port}" | grep -q '"socat"'; do
      systemctl -q is-active echo-${port} || exit
      sleep 0.05
    done`,
  )
}

export async function stopEcho(node: Node, port: number): Promise<void> {
  await out(node.name, `systemctl stop echo-${port} 2>/dev/null || :`)
}

/** What the echo of a node says to another node. */
export async function say(words: string, from: Node, to: Node, port: number): Promise<string> {
  const { stdout } = await labExec(
    from.name,
    ['socat', '-t60', '-T60', '-', `TCP:${to.address}:${port},connect-timeout=30`],
    {
      input: `${words}\n`,
    },
  )
  return stdout.toString().trim()
}

/** The lines of the packet filter that an iptables tool would restore, without counters. */
export async function rulesOf(node: Node): Promise<string[]> {
  const said = await out(node.name, 'iptables-save; ip6tables-save')
  return said
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
}

/** What a digest says of a host, without the times at which files were written. */
export function withoutTimes(digest: readonly string[]): string[] {
  return digest.map((line) => line.replace(/ \d{4}-\d\d-\d\dT\S+Z/, ''))
}

/** Lines that only one of two lists has, those that are gone with a minus. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)]
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ]
}
