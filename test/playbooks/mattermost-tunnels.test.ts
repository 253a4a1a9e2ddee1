import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Compiled, compile } from '../../engine/language/compile.ts'
import type { Evaluator } from '../../engine/language/evaluator.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import type { Value } from '../../engine/resource/value.ts'
import { actions, modules } from '../../modules/index.ts'
import { files, inventoryText } from '../lab/play.ts'

const COUNT = 300
const nodes = Array.from({ length: COUNT }, (_, index) => ({
  name: `node${index + 1}`,
  address: `10.20.${Math.floor(index / 200)}.${(index % 200) + 1}`,
  tunnel_id: index + 1,
}))

describe('the tunnels playbook for 300 nodes', () => {
  let folder: ReturnType<typeof files>
  beforeAll(() => {
    const hosts = Object.fromEntries(nodes.map(({ name, ...variables }) => [name, variables]))
    folder = files({ 'hosts.yml': inventoryText(hosts, 'mattermost') })
  })
  afterAll(() => folder[Symbol.dispose]())

  function compiled(vars: Record<string, unknown> = {}): Compiled {
    const inventory = loadInventory([folder.path('hosts.yml')], { extraVars: vars })
    return compile({
      playbookPath: 'playbooks/mattermost-tunnels.yml',
      inventory,
      extraVars: vars,
      registry: { modules, actions },
      checkMode: false,
    })
  }

  /** What a task asks for on a host, once all but the last two nodes have answered. */
  function ask({ playbook, evaluatorFor }: Compiled, task: string, host: string): Record<string, Value> {
    const answered = new Set(nodes.slice(0, -2).map(({ name }) => name))
    const evaluator: Evaluator = evaluatorFor({
      registered: (name) =>
        answered.has(name) ? { path: `/key/of/${name}`, public_key: `ssh-ed25519 ${name}` } : undefined,
      facts: () => ({}),
      now: () => '2026-01-02T03:04:05.000Z',
    })
    const step = playbook.plays.flatMap(({ steps }) => steps).find(({ name }) => name === task)
    if (!step) throw new Error(`no task '${task}'`)
    const args = evaluator.args(step, host)
    if (args.kind !== 'known') throw new Error(args.unknown.reason)
    return args.args as Record<string, Value>
  }

  test('compiles without a warning', () => {
    const { playbook, warnings } = compiled()
    expect(warnings).toEqual([])
    expect(playbook.plays.map(({ hosts }) => hosts.length)).toEqual([COUNT, COUNT])
  })

  test('gives each node a unit, a rule and a loopback address for each of its peers', () => {
    const play = compiled()
    const { units } = ask(play, 'Each peer has a tunnel that restarts itself', 'node2') as { units: { name: string }[] }
    expect(units).toHaveLength(COUNT - 1)
    expect(units.at(-1)).toEqual({
      name: 'node300',
      environment: { PEER: '10.20.1.100', PORT: 22, LISTEN: '127.81.1.44' },
    })
    const { rules } = ask(play, 'What is sent to a peer goes into its tunnel', 'node2') as { rules: string[] }
    expect(rules).toHaveLength(COUNT - 1)
    expect(rules[0]).toBe('-d 10.20.0.1/32 -p tcp -m tcp --dport 8074 -j DNAT --to-destination 127.81.0.1:8074')
  })

  test('lets in the peers that answered, and keeps what the others have', () => {
    const args = ask(compiled(), 'Peers may open tunnels, and nothing else', 'node2') as {
      keys: { key: string; options: string }[]
      keep_comments: string[]
    }
    expect(args.keys).toHaveLength(COUNT - 3)
    expect(args.keys[0]).toEqual({
      key: 'ssh-ed25519 node1',
      options: 'restrict,port-forwarding,permitopen="10.20.0.2:8074",from="10.20.0.1"',
    })
    expect(args.keep_comments).toEqual(['mm-tunnel@node299', 'mm-tunnel@node300'])
  })

  test('gives the guide its own local ports below those of the kernel', () => {
    const play = compiled({ tunnel_layout: 'guide', tunnel_ports: [8074, 8075] })
    const { block } = ask(play, 'Redirections to the local ends of the tunnels', 'node2') as { block: string }
    const ports = [...block.matchAll(/127\.0\.0\.1:(\d+)$/gm)].map(([, port]) => Number(port))
    expect(ports.slice(0, 6)).toEqual([18074, 18075, 28074, 28075, 20008, 20009])
    expect(new Set(ports).size).toBe((COUNT - 1) * 2)
    expect(Math.max(...ports)).toBeLessThan(32768)
  })
})
