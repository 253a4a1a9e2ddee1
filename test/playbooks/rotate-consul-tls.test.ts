import { describe, expect, test } from 'vitest'
import { compile } from '../../engine/language/compile.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import { actions, modules } from '../../modules/index.ts'

const inventory = loadInventory(['inventories/consul-lab.yml'])
const packed = (text: string) => Buffer.from(text).toString('base64')
const [OLD, NEXT] = ['old\n', 'next\n']

/** What a rotation named `one` does on a server, by what the scripts have said of the CA's folder and of the member's files. */
function tasks(kind: string, ca: string[], pair: string[], more: object = {}): string[] {
  const extraVars = { consul_ca_dir: '/ca', rotation: 'one', consul_tls_rotate: kind, ...more }
  const registry = { modules, actions }
  const playbookPath = 'playbooks/rotate-consul-tls.yml'
  const { playbook, evaluatorFor, warnings } = compile({
    playbookPath,
    inventory,
    extraVars,
    registry,
    checkMode: false,
  })
  expect(warnings).toEqual([])
  const said: Record<string, string> = { consul_ca_here: ca.join('\n'), consul_pair: pair.join('\n') }
  const evaluator = evaluatorFor({
    registered: (_, name) => (name in said ? { stdout: said[name] ?? '' } : undefined),
    facts: () => ({}),
    now: () => '2026-01-02T03:04:05.000Z',
  })
  const all = playbook.plays.flatMap(({ steps }) => steps)
  return all.filter((step) => evaluator.when(step, 'server1').holds === true).map(({ name }) => name)
}

const MADE = [`now ${packed(OLD)}`, `now-key ${packed('old key')}`]
const BEGUN = [...MADE, `next ${packed(NEXT)}`, `next-key ${packed('next key')}`, 'begun ca one']
const KNOWN = `ca ${packed(OLD)}`
const PHASES = {
  whole: 'A pair that was switched by half is whole again',
  renew: 'The server knows it',
  trust: 'The server trusts both',
  request: 'The member has another key',
  switch: "The server's next pair takes its place",
  use: 'The server uses it',
  distrust: 'The server trusts the next CA alone',
  exchange: 'The next CA takes the place of the old one on the controller',
  forget: 'The pair of the old CA goes',
  roll: 'The pair of the old CA goes, and servers are to drop who came with one',
}

describe('a rotation of TLS has before it', () => {
  test.each<{
    title: string
    kind: string
    ca?: string[]
    pair: string[]
    more?: object
    phases: (keyof typeof PHASES)[]
  }>([
    {
      title: 'a leaf of another rotation',
      kind: 'leaf',
      pair: ['mark done leaf zero', KNOWN],
      phases: ['request', 'switch', 'use'],
    },
    {
      title: 'a leaf that was never rotated',
      kind: 'leaf',
      pair: ['mark ', KNOWN],
      phases: ['request', 'switch', 'use'],
    },
    { title: 'a leaf that is done', kind: 'leaf', pair: ['mark done leaf one', KNOWN], phases: [] },
    { title: 'a leaf that came with another CA', kind: 'leaf', pair: ['mark done ca one', KNOWN], phases: [] },
    {
      title: 'a leaf that was switched and not read',
      kind: 'leaf',
      pair: ['mark switching leaf one', KNOWN, 'key-switched', 'cert-switched'],
      phases: ['request', 'use'],
    },
    {
      title: 'a leaf that was switched by half',
      kind: 'leaf',
      pair: ['mark switching leaf one', KNOWN, 'key-switched'],
      phases: ['whole', 'request', 'switch', 'use'],
    },
    { title: 'a CA to be renewed', kind: 'ca-certificate', pair: ['mark ', KNOWN], phases: ['renew'] },
    {
      title: 'another CA',
      kind: 'ca',
      pair: ['mark ', KNOWN],
      phases: ['trust', 'request', 'switch', 'use', 'distrust', 'exchange', 'forget'],
    },
    {
      title: 'another CA, after leaves of that name',
      kind: 'ca',
      pair: ['mark done leaf one', KNOWN],
      phases: ['trust', 'request', 'switch', 'use', 'distrust', 'exchange', 'forget'],
    },
    {
      title: 'another CA that was begun last month',
      kind: 'ca',
      ca: BEGUN,
      pair: ['mark done ca one', `ca ${packed(OLD + NEXT)}`],
      more: { rotation: 'two' },
      phases: ['trust', 'distrust', 'exchange', 'forget'],
    },
    {
      title: 'another CA that the member trusts alone by now',
      kind: 'ca',
      ca: BEGUN,
      pair: ['mark done ca one', `ca ${packed(NEXT)}`],
      phases: ['distrust', 'exchange', 'forget'],
    },
    {
      title: 'another CA in place of one that is compromised',
      kind: 'ca',
      ca: BEGUN,
      pair: ['mark done ca one', `ca ${packed(NEXT)}`],
      more: { consul_ca_compromised: true },
      phases: ['distrust', 'exchange', 'roll'],
    },
    {
      title: 'another CA, but for what is left of the old pair',
      kind: 'ca',
      ca: [...MADE, 'done ca one'],
      pair: ['mark done ca one', KNOWN, 'left'],
      phases: ['forget'],
    },
    {
      title: 'another CA that is done',
      kind: 'ca',
      ca: [...MADE, 'done ca one'],
      pair: ['mark done ca one', KNOWN],
      phases: [],
    },
  ])('$title', ({ kind, ca = MADE, pair, more, phases }) => {
    const done = tasks(kind, ca, pair, more)
    expect(Object.entries(PHASES).flatMap(([phase, name]) => (done.includes(name) ? [phase] : []))).toEqual(phases)
  })
})
