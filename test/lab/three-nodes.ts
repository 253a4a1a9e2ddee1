import { expect } from 'vitest'
import { type Capture, labCapture } from '../../lab/capture.ts'
import { freshNodes, NODES, type Node, pairs, rulesOf, say, startEcho, stopEcho } from './mattermost.ts'
import { out } from './play.ts'

/** What both layouts of the tunnels are tried on: three fresh nodes, for a whole file. */
export function threeNodes() {
  const nodes = NODES.slice(0, 3)
  const [one, two, three] = nodes as [Node, Node, Node]
  return { nodes, one, two, three, lab: freshNodes(nodes) }
}

/** Watches the wire for cluster traffic that is not in a tunnel. */
export async function watchInClear(): Promise<Capture> {
  return await labCapture('tcp port 8074 or tcp port 8075 or udp port 8074')
}

/** Words from every node to every other one come back, and were handed over by its sshd. */
export async function proveTunnelsServe(nodes: readonly Node[], port: number): Promise<void> {
  await withEcho(nodes, port, async () => {
    for (const [from, to] of pairs(nodes))
      expect(await say(`hello from ${from.name}`, from, to, port)).toBe(`hello from ${from.name} by sshd`)
  })
}

/** Does the work while every node echoes on the port. */
export async function withEcho(nodes: readonly Node[], port: number, work: () => Promise<void>): Promise<void> {
  try {
    await Promise.all(nodes.map((node) => startEcho(node, port)))
    await work()
  } finally {
    await Promise.all(nodes.map((node) => stopEcho(node, port)))
  }
}

/** The node's rules are the same after ufw was reloaded five times; gives them. */
export async function proveRulesOutliveReloads(node: Node): Promise<string[]> {
  const before = await rulesOf(node)
  await out(node.name, 'for turn in 1 2 3 4 5; do ufw reload || exit; done')
  expect(await rulesOf(node)).toEqual(before)
  return before
}
