import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../engine/resource/command.ts'
import { ABSENT, type Endpoints, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { ufw } from '../../../modules/firewall/ufw.ts'

type Want = Parameters<typeof ufw.plan>[0]

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
const policies = fixture('ufw-default.txt')
const off = fixture('ufw-conf.txt').replace(/^ENABLED=.*$/m, 'ENABLED=no')
const on = off.replace('ENABLED=no', 'ENABLED=yes')
const text = (content: string) => fileOf(content, { mode: 0o644 })
const there: FileState = { type: 'directory', mode: 0o555, owner: 'root', group: 'root', size: 0 }
const unit = { load: 'loaded', active: 'active', enabled: 'enabled' }

interface Host {
  settings?: string
  policies?: string
  rules?: string[]
  live?: string
  live6?: string
  unit?: object
  program?: FileState
  way?: Endpoints
}

function plan(want: Want, host: Host = {}) {
  const rules = (host.rules ?? []).map((line) => `${line}\n`).join('')
  const live = host.live ?? (host.settings === off ? 'unloaded' : 'loaded')
  const results = {
    policies: text(host.policies ?? policies),
    settings: text(host.settings ?? on),
    firewall: {
      code: 0,
      stdout: Buffer.from(`${rules}ufw ${live}\nufw6 ${host.live6 ?? live}\n`),
      stderr: Buffer.alloc(0),
    },
    ipv6: there,
    program: host.program ?? there,
    unit: host.unit ?? unit,
    connection: { user: 'ops', ...(host.way ? { endpoints: host.way } : {}) },
    services: [text(fixture('services.txt'))],
    profiles: [{ code: 0, stdout: Buffer.from(fixture('ufw-profiles.txt')), stderr: Buffer.alloc(0) }],
  }
  return ufw.plan(want, ufw.state?.(results as never, want) as never)
}

/** What would be called, in order. */
function calls(want: Want, host: Host = {}): string[] {
  return plan(want, host).changes.map((change) => {
    const command = ufw.apply[change.kind](change as never, want) as Command
    return command.text.replace(/^ufw (--force )?| <\/dev\/null$/g, '')
  })
}

/** What the firewall's look is foreseen to answer. */
function foreseen(want: Want, host: Host = {}): string[] {
  const look = plan(want, host).after?.find(({ read }) => read.key === 'raw:ufw')?.state as
    | { stdout: Buffer }
    | undefined
  return look?.stdout.toString().split('\n').filter(Boolean) ?? []
}

const peer = (name: string, comment = '') =>
  `allow tcp 22 0.0.0.0/0 any ${name} in${comment && ` comment=${Buffer.from(comment).toString('hex')}`}`
const both = (line: string) => [line, line.replaceAll('0.0.0.0/0', '::/0')]

describe('ufw runs nothing', () => {
  test.each<{ title: string; want: Want; host?: Host }>([
    { title: 'when it is on', want: { enabled: true } },
    { title: 'when it is off', want: { enabled: false }, host: { settings: off } },
    {
      title: 'for the policies that it has',
      want: { default: { incoming: 'deny', outgoing: 'allow', routed: 'deny' } },
    },
    { title: 'for the policy that it has, while it is off', want: { default: 'deny' }, host: { settings: off } },
    { title: 'for the level that it logs at', want: { logging: 'low' } },
    {
      title: 'to log while it logs',
      want: { logging: 'on' },
      host: { settings: on.replace('LOGLEVEL=low', 'LOGLEVEL=high') },
    },
    {
      title: 'for a rule in other words',
      want: { rule: 'allow', port: 'ssh', from: '10.0.0.1/32' },
      host: { rules: [peer('10.0.0.1')] },
    },
    {
      title: 'for a rule with a comment that nobody asks for',
      want: { rule: 'allow', port: '22/tcp', from: '10.0.0.1' },
      host: { rules: [peer('10.0.0.1', 'x')] },
    },
    {
      title: 'to insert what is there',
      want: { rule: 'allow', port: '22/tcp', from: '10.0.0.1', insert: 1 },
      host: { rules: [peer('10.0.0.9'), peer('10.0.0.1')] },
    },
    { title: 'to delete what is not there', want: { rule: 'allow', port: 25, delete: true } },
    {
      title: 'to delete a rule that does something else',
      want: { rule: 'deny', port: '22/tcp', from: '10.0.0.1', delete: true },
      host: { rules: [peer('10.0.0.1')] },
    },
    { title: 'for an empty list', want: { rules: [] }, host: { rules: [peer('10.0.0.1')] } },
    {
      title: 'for a list in its order, whatever stands between',
      want: {
        rules: [
          { rule: 'allow', from: '10.0.0.1', port: 'ssh' },
          { rule: 'allow', from: '10.0.0.3', port: 'ssh' },
        ],
      },
      host: { rules: [peer('10.0.0.1'), peer('10.0.0.2'), peer('10.0.0.3')] },
    },
    {
      title: 'for managed rules of others',
      want: { managed: 'mm', rules: [] },
      host: { rules: [peer('10.0.0.1', 'mm2'), peer('10.0.0.2', 'mm-x'), peer('10.0.0.3')] },
    },
    {
      title: 'for IPv6 rules that ufw does not heed',
      want: { rule: 'allow', port: 'ssh' },
      host: { policies: policies.replace('IPV6=yes', 'IPV6=no'), rules: [peer('0.0.0.0/0')], live6: 'unloaded' },
    },
  ])('$title', ({ want, host }) => {
    expect(calls(want, host)).toEqual([])
    expect(plan(want, host).after).toEqual([])
  })
})

describe('ufw calls', () => {
  test.each<{ title: string; want: Want; host?: Host; expected: string[] }>([
    {
      title: 'once for a rule of both families',
      want: { rule: 'allow', port: 22 },
      expected: ['allow from any to any port 22'],
    },
    {
      title: 'for the family that lacks the rule',
      want: { rule: 'allow', port: 'ssh' },
      host: { rules: [peer('0.0.0.0/0')] },
      expected: ['allow proto tcp from ::/0 to ::/0 port 22'],
    },
    {
      title: 'to change an action in place',
      want: { rule: 'limit', port: 'ssh' },
      host: { rules: both(peer('0.0.0.0/0', 'x')) },
      expected: ['limit proto tcp from any to any port 22 comment x'],
    },
    {
      title: 'to take a comment away',
      want: { rule: 'allow', port: 'ssh', from: '10.0.0.1', comment: '' },
      host: { rules: [peer('10.0.0.1', 'x')] },
      expected: ['allow proto tcp from 10.0.0.1 to 0.0.0.0/0 port 22'],
    },
    {
      title: 'to delete without the comment',
      want: { rule: 'allow', port: 'ssh', delete: true },
      host: { rules: both(peer('0.0.0.0/0', 'x')) },
      expected: ['delete allow proto tcp from any to any port 22'],
    },
    {
      title: 'with a number for each family',
      want: { rule: 'deny', port: 25, insert: 1 },
      host: { rules: [peer('10.0.0.1'), ...both(peer('0.0.0.0/0'))] },
      expected: ['insert 1 deny from 0.0.0.0/0 to 0.0.0.0/0 port 25', 'insert 4 deny from ::/0 to ::/0 port 25'],
    },
    {
      title: 'without a number behind the last rule',
      want: { rule: 'deny', from: '10.0.0.9', insert: 7 },
      host: { rules: [peer('10.0.0.1')] },
      expected: ['deny from 10.0.0.9 to 0.0.0.0/0'],
    },
    {
      title: 'to put a rule before the next of its list',
      want: {
        rules: [
          { rule: 'allow', from: '10.0.0.1', port: 'ssh' },
          { rule: 'allow', from: '10.0.0.2', port: 'ssh' },
        ],
      },
      host: { rules: [peer('10.0.0.9'), peer('10.0.0.2')] },
      expected: ['insert 2 allow proto tcp from 10.0.0.1 to 0.0.0.0/0 port 22'],
    },
    {
      title: 'to move a rule that stands in the wrong place',
      want: {
        rules: [
          { rule: 'allow', from: '10.0.0.1', port: 'ssh' },
          { rule: 'deny', from: '10.0.0.0/24' },
        ],
      },
      host: { rules: ['deny any any 0.0.0.0/0 any 10.0.0.0/24 in', peer('10.0.0.1')] },
      expected: ['delete deny from 10.0.0.0/24 to 0.0.0.0/0', 'deny from 10.0.0.0/24 to 0.0.0.0/0'],
    },
    {
      title: 'to delete what a managed list no longer names',
      want: { managed: 'mm-tunnel', rules: [{ rule: 'allow', from: '10.0.0.1', port: 'ssh', comment: 'mm1' }] },
      host: {
        rules: [
          peer('10.0.0.1', 'mm-tunnel mm1'),
          peer('10.0.0.2', 'mm-tunnel: mm2'),
          peer('10.0.0.3', 'mm-tunnel'),
          peer('10.0.0.4', 'mm-tunnels'),
        ],
      },
      expected: [
        'delete allow proto tcp from 10.0.0.2 to 0.0.0.0/0 port 22',
        'delete allow proto tcp from 10.0.0.3 to 0.0.0.0/0 port 22',
      ],
    },
    {
      title: 'for policies',
      want: { default: { incoming: 'reject', outgoing: 'allow', routed: 'allow' } },
      expected: ['default reject incoming', 'default allow routed'],
    },
    {
      title: 'for logging',
      want: { logging: 'on' },
      host: { settings: on.replace('LOGLEVEL=low', 'LOGLEVEL=off') },
      expected: ['logging low'],
    },
    {
      title: 'to turn it on after all else',
      want: { enabled: true, rule: 'allow', port: 22, default: { outgoing: 'deny' } },
      host: { settings: off },
      expected: ['allow from any to any port 22', 'default deny outgoing', 'enable'],
    },
    {
      title: 'to turn it off before all else',
      want: { enabled: false, rule: 'allow', from: '10.0.0.1' },
      expected: ['disable', 'allow from 10.0.0.1 to 0.0.0.0/0'],
    },
    {
      title: 'to load what the kernel has lost',
      want: { enabled: true },
      host: { live: 'unloaded' },
      expected: ['enable'],
    },
    {
      title: 'to load what somebody has changed in the kernel',
      want: { rule: 'allow', from: '10.0.0.1' },
      host: { live: 'stale' },
      expected: ['reload', 'allow from 10.0.0.1 to 0.0.0.0/0'],
    },
    { title: 'to load IPv6 rules alone', want: { enabled: true }, host: { live6: 'unloaded' }, expected: ['reload'] },
    {
      title: 'to empty the kernel when it is off',
      want: { enabled: false },
      host: { settings: off, live: 'loaded' },
      expected: ['disable'],
    },
    {
      title: 'systemctl, so that it is on after a reboot',
      want: { enabled: true },
      host: { unit: { ...unit, enabled: 'disabled' } },
      expected: ['systemctl enable -q ufw.service'],
    },
  ])('$title', ({ want, host, expected }) => {
    expect(calls(want, host)).toEqual(expected)
  })
})

describe('ufw foresees', () => {
  test('its rules in both families, and what the kernel will have', () => {
    expect(
      foreseen({ rule: 'deny', port: 25, insert: 1, enabled: true }, { settings: off, rules: both(peer('0.0.0.0/0')) }),
    ).toEqual([
      'deny any 25 0.0.0.0/0 any 0.0.0.0/0 in',
      peer('0.0.0.0/0'),
      'deny any 25 ::/0 any ::/0 in',
      peer('0.0.0.0/0').replaceAll('0.0.0.0/0', '::/0'),
      'ufw loaded',
      'ufw6 loaded',
    ])
  })

  test('its settings as it writes them', () => {
    const { after = [] } = plan({ enabled: true, default: 'allow', logging: 'high' }, { settings: off })
    const texts = new Map(after.map(({ read, state }) => [read.key, (state as FileState).content?.toString()]))
    expect(texts.get('file:/etc/ufw/ufw.conf')).toBe(on.replace('LOGLEVEL=low', 'LOGLEVEL=high'))
    expect(texts.get('file:/etc/default/ufw')).toBe(policies.replace('INPUT_POLICY="DROP"', 'INPUT_POLICY="ACCEPT"'))
  })

  test('that two rules of one play need one call each', () => {
    const first: Want = { rule: 'allow', port: 80 }
    const rules = foreseen(first).filter((line) => !line.startsWith('ufw'))
    expect(calls({ rule: 'allow', port: 443 }, { rules })).toEqual(['allow from any to any port 443'])
    expect(calls(first, { rules })).toEqual([])
  })
})

describe('ufw warns', () => {
  const warning = [
    'no rule of ufw lets port 22 in, and its policy refuses what has no rule: new logins over ssh may fail',
  ]
  test.each<{ title: string; want: Want; host: Host; expected: string[] | undefined }>([
    {
      title: 'when it is turned on without a rule for ssh',
      want: { enabled: true },
      host: { settings: off },
      expected: warning,
    },
    {
      title: 'when the last rule for ssh goes',
      want: { rule: 'allow', port: 'ssh', from: '10.0.0.1', delete: true },
      host: { rules: [peer('10.0.0.1')] },
      expected: warning,
    },
    {
      title: 'not when the task brings the rule',
      want: { enabled: true, rule: 'limit', port: 'ssh' },
      host: { settings: off },
      expected: undefined,
    },
    {
      title: 'not when a range has the port',
      want: { enabled: true },
      host: { settings: off, rules: ['allow tcp 20:23 0.0.0.0/0 any 10.0.0.1 in'] },
      expected: undefined,
    },
    {
      title: 'not when what comes in is allowed',
      want: { enabled: true, default: 'allow' },
      host: { settings: off },
      expected: undefined,
    },
    { title: 'not when nothing changes', want: { enabled: true }, host: {}, expected: undefined },
  ])('$title', ({ want, host, expected }) => {
    expect(plan(want, host).warnings).toEqual(expected)
  })
})

describe('ufw and the way in', () => {
  const way = { client: { address: '10.0.0.5', port: 40_000 }, server: { address: '10.0.0.1', port: 22 } }
  const ssh = 'allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'

  test.each<{ title: string; want: Want; host: Host }>([
    { title: 'turned on without a rule', want: { enabled: true }, host: { settings: off } },
    {
      title: 'without its last rule',
      want: { rule: 'allow', port: 22, proto: 'tcp', delete: true },
      host: { rules: [ssh] },
    },
    { title: 'behind a denial', want: { rule: 'deny', port: 22, insert: 1 }, host: { rules: [ssh] } },
    {
      title: 'by its policy alone',
      want: { default: 'deny' },
      host: { policies: policies.replace('DEFAULT_INPUT_POLICY="DROP"', 'DEFAULT_INPUT_POLICY="ACCEPT"') },
    },
  ])('would be shut by ufw $title, so that is refused', ({ want, host }) => {
    expect(() => plan(want, { ...host, way })).toThrow(
      'with these rules ufw would refuse the connection that this run uses, from 10.0.0.5 to port 22',
    )
  })

  test('may stay shut, since the run has come by another door', () => {
    expect(plan({ rule: 'allow', port: 80 }, { way }).changes).toHaveLength(1)
  })

  test.each<{ title: string; want: Want; host: Host; kinds: [string, string | undefined][] }>([
    {
      title: 'what turns it on',
      want: { enabled: true },
      host: { settings: off, rules: [ssh] },
      kinds: [['enable', 'firewall']],
    },
    {
      title: 'no rule that lets more in',
      want: { rule: 'allow', port: 80 },
      host: { rules: [ssh] },
      kinds: [['rule', undefined]],
    },
    {
      title: 'no denial of something else',
      want: { rule: 'deny', port: 80 },
      host: { rules: [ssh] },
      kinds: [['rule', undefined]],
    },
    {
      title: 'a denial behind the rule',
      want: { rule: 'deny', port: 22 },
      host: { rules: [ssh] },
      kinds: [['rule', 'firewall']],
    },
    {
      title: 'nothing while it is off',
      want: { rule: 'deny', port: 22 },
      host: { settings: off },
      kinds: [['rule', undefined]],
    },
  ])('is endangered by $title', ({ want, host, kinds }) => {
    expect(plan(want, { ...host, way }).changes.map(({ kind, endangers }) => [kind, endangers])).toEqual(kinds)
  })
})

test('ufw says what is missing on the host', () => {
  expect(() => plan({ enabled: true }, { program: ABSENT })).toThrow('the host has no ufw')
  expect(() => plan({ rule: 'allow', from: 'fd00::1' }, { policies: policies.replace('IPV6=yes', 'IPV6=no') })).toThrow(
    'ufw leaves out',
  )
})
