import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../engine/resource/command.ts'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { iptablesChain } from '../../../modules/firewall/iptables-chain.ts'
import { unitText } from '../../../modules/firewall/iptables-chain-parts.ts'

type Want = Parameters<typeof iptablesChain.plan>[0]

const want: Want = {
  name: 'MM',
  table: 'nat',
  from: 'OUTPUT',
  rules: ['-p tcp -d 10.0.0.1 --dport 8074 -j DNAT --to-destination 127.81.0.2'],
}
/** As iptables 1.8.9 prints the rule above. */
const printed = '-A MM -d 10.0.0.1/32 -p tcp -m tcp --dport 8074 -j DNAT --to-destination 127.81.0.2'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const saved = (lines: string[], asked = want.rules ?? []) =>
  `# asked ${sha256(asked.join('\n'))}\n# saved ${sha256(lines.join('\n'))}\n*nat\n:MM - [0:0]\n${lines.join('\n')}\nCOMMIT\n`
const file = (text: string) => fileOf(text, { mode: 0o644 })
const tool: FileState = { type: 'link', mode: 0o777, owner: 'root', group: 'root', size: 26 }
const unit = { load: 'loaded', enabled: 'enabled', active: 'active', sub: 'exited' }
const noUnit = { load: 'not-found', enabled: '', active: 'inactive', sub: 'dead' }

interface Host {
  live?: string[]
  rules?: FileState
  unitFile?: FileState
  unit?: object
  tool?: FileState
  ufw?: FileState
}

const THERE: Host = {
  live: ['-N MM', '-A OUTPUT -j MM', printed],
  rules: file(saved([printed])),
  unitFile: file(unitText(want)),
  unit,
}

function plan(asked: Want, { live = [], ...host }: Host) {
  const stdout = Buffer.from(live.map((line) => `${line}\n`).join(''))
  const bare = { connection: { user: 'ops' }, rules: ABSENT, unitFile: ABSENT, unit: noUnit, tool, ufw: ABSENT }
  return iptablesChain.plan(asked, { ...bare, ...host, live: { code: 0, stdout, stderr: Buffer.alloc(0) } } as never)
}

const kinds = (asked: Want, host: Host) => plan(asked, host).changes.map(({ kind }) => kind)

describe('iptables-chain', () => {
  test.each<{ title: string; asked: Want; host: Host; expected: string[] }>([
    { title: 'nothing when all is there', asked: want, host: THERE, expected: [] },
    { title: 'everything on a fresh host', asked: want, host: {}, expected: ['rules', 'jump', 'unit', 'enable'] },
    {
      title: 'an empty chain',
      asked: { ...want, rules: [] },
      host: { ...THERE, live: ['-N MM', '-A OUTPUT -j MM'], rules: file(saved([], [])) },
      expected: [],
    },
    { title: 'other rules', asked: { ...want, rules: ['-j RETURN'] }, host: THERE, expected: ['rules'] },
    {
      title: 'rules that somebody took out of the kernel',
      asked: want,
      host: { ...THERE, live: ['-N MM', '-A OUTPUT -j MM'] },
      expected: ['rules'],
    },
    {
      title: 'rules that somebody added',
      asked: want,
      host: { ...THERE, live: [...(THERE.live ?? []), '-A MM -j RETURN'] },
      expected: ['rules'],
    },
    {
      title: 'a file that somebody changed, with the kernel',
      asked: want,
      host: {
        ...THERE,
        live: ['-N MM', '-A OUTPUT -j MM', '-A MM -j RETURN'],
        rules: file(saved([printed]).replace(printed, '-A MM -j RETURN')),
      },
      expected: ['rules'],
    },
    { title: 'a file that is gone', asked: want, host: { ...THERE, rules: ABSENT }, expected: ['rules'] },
    { title: 'a jump that is gone', asked: want, host: { ...THERE, live: ['-N MM', printed] }, expected: ['jump'] },
    {
      title: 'a jump too many',
      asked: want,
      host: { ...THERE, live: ['-N MM', '-A OUTPUT -j MM', '-A OUTPUT -j MM', printed] },
      expected: ['jump'],
    },
    {
      title: 'a jump from elsewhere',
      asked: want,
      host: { ...THERE, live: ['-N MM', '-A PREROUTING -j MM', printed] },
      expected: ['jump'],
    },
    { title: 'a unit that changed', asked: { ...want, first: true }, host: THERE, expected: ['unit'] },
    {
      title: 'a unit that is not started at boot',
      asked: want,
      host: { ...THERE, unit: { ...unit, enabled: 'disabled' } },
      expected: ['enable'],
    },
    {
      title: 'everything away',
      asked: { name: 'MM', table: 'nat', state: 'absent' },
      host: THERE,
      expected: ['remove'],
    },
    {
      title: 'a file away that was left',
      asked: { name: 'MM', table: 'nat', state: 'absent' },
      host: { rules: file('') },
      expected: ['remove'],
    },
    {
      title: 'nothing when nothing is there',
      asked: { name: 'MM', table: 'nat', state: 'absent' },
      host: {},
      expected: [],
    },
    {
      title: 'nothing away without iptables',
      asked: { name: 'MM', state: 'absent' },
      host: { tool: ABSENT },
      expected: [],
    },
  ])('plans $title', ({ asked, host, expected }) => {
    expect(kinds(asked, host)).toEqual(expected)
  })

  test('foresees what it can: all but how iptables writes new rules', () => {
    const look = (asked: Want, host: Host) => plan(asked, host).after?.find(({ read }) => read.kind === 'raw')?.state
    expect(look(want, {})).toBeInstanceOf(Unknown)
    expect(look(want, { ...THERE, live: ['-N MM', printed] })).toMatchObject({
      stdout: Buffer.from(`-N MM\n-A OUTPUT -j MM\n${printed}\n`),
    })
    expect(look({ name: 'MM', state: 'absent' }, THERE)).toMatchObject({ stdout: Buffer.alloc(0) })
  })

  test('loads all rules in one transaction, before it saves them', () => {
    const [change] = plan(want, {}).changes
    const { text } = iptablesChain.apply.rules(change as never, want) as Command
    const fed = Buffer.from(`*nat\n:MM - [0:0]\n-A MM ${want.rules?.[0]}\nCOMMIT\n`).toString('base64')
    expect(text).toContain(`printf %s ${fed} | base64 -d | { iptables-restore -w 10 -n`)
    expect(text.indexOf('iptables-restore')).toBeLessThan(text.indexOf('mktemp'))
  })

  test('says what is missing, and that ufw would empty the chain', () => {
    expect(() => plan(want, { tool: ABSENT })).toThrow('the host has no iptables')
    expect(() => plan({ ...want, ip_version: 'ipv6' }, { tool: ABSENT })).toThrow('the host has no ip6tables')
    expect(plan(want, { ...THERE, ufw: file('MANAGE_BUILTINS=no\n') }).warnings).toEqual([])
    expect(plan(want, { ...THERE, ufw: file('MANAGE_BUILTINS=yes\n') }).warnings).toHaveLength(1)
  })
})
