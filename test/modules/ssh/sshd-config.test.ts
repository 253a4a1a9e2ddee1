import { describe, expect, test } from 'vitest'
import type { Command } from '../../../engine/resource/command.ts'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { Secret } from '../../../engine/resource/secret.ts'
import { sshHostKey } from '../../../modules/ssh/ssh-host-key.ts'
import { sshdConfig } from '../../../modules/ssh/sshd-config.ts'

type Want = Parameters<typeof sshdConfig.plan>[0]

const folder: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }
const file = (text: string, rest: Partial<FileState> = {}) => ({ ...fileOf(text, { mode: 0o644 }), ...rest })
const HOST = { folder, main: file('Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n'), program: file('') }

function plan(want: Partial<Want>, old: FileState, host: object = {}) {
  return sshdConfig.plan({ name: '50-x', ...want } as Want, { ...HOST, file: old, ...host } as never)
}

describe('sshd-config', () => {
  test.each<{ title: string; want: Partial<Want>; old: FileState; expected: string[] }>([
    { title: 'nothing when equal', want: { content: 'UsePAM no\n' }, old: file('UsePAM no\n'), expected: [] },
    {
      title: 'nothing when only the last line end is missing',
      want: { content: 'UsePAM no' },
      old: file('UsePAM no\n'),
      expected: [],
    },
    { title: 'nothing when both are empty', want: { content: '' }, old: file(''), expected: [] },
    { title: 'nothing when it is gone', want: { state: 'absent' }, old: ABSENT, expected: [] },
    { title: 'a new file', want: { content: 'UsePAM no' }, old: ABSENT, expected: ['save: undefined -> UsePAM no\n'] },
    {
      title: 'other content',
      want: { content: 'UsePAM no\n' },
      old: file('x\n'),
      expected: ['save: x\n -> UsePAM no\n'],
    },
    {
      title: 'a file that others may change',
      want: { content: 'x\n' },
      old: file('x\n', { mode: 0o666, owner: 'eve' }),
      expected: ['owner: eve:root -> root:root', 'mode: 0666 -> 0644'],
    },
    { title: 'a file away', want: { state: 'absent' }, old: file('x\n'), expected: ['remove: x\n -> undefined'] },
    {
      title: 'a secret without showing it',
      want: { content: new Secret('Banner x') },
      old: file('x\n'),
      expected: ['save: ‹secret› -> ‹secret›'],
    },
  ])('plans $title', ({ want, old, expected }) => {
    expect(plan(want, old).changes.map(({ kind, from, to }) => `${kind}: ${from} -> ${to}`)).toEqual(expected)
  })

  test.each([
    'Include /etc/ssh/sshd_config.d/*.conf',
    'include "/etc/ssh/sshd_config.d/*.conf"',
    '  Include=sshd_config.d/*.conf',
    'Include /etc/a.conf /etc/ssh/sshd_config.d/*.conf',
  ])('is content with %s', (line) => {
    expect(plan({ content: 'x' }, ABSENT, { main: file(`Port 22\n${line}\n`) }).changes).toHaveLength(1)
  })

  test.each([
    { title: 'no Include', main: file('Port 22\n') },
    { title: 'an Include in a comment', main: file('#Include /etc/ssh/sshd_config.d/*.conf\n') },
    { title: 'an Include inside a Match', main: file('Match User x\n  Include /etc/ssh/sshd_config.d/*.conf\n') },
    { title: 'an Include of another folder', main: file('Include /etc/ssh/other.d/*.conf\n') },
  ])('refuses $title', ({ main }) => {
    expect(() => plan({ content: 'x' }, ABSENT, { main })).toThrow('does not read /etc/ssh/sshd_config.d')
  })

  test('says what is missing', () => {
    expect(() => plan({ content: 'x' }, ABSENT, { main: ABSENT })).toThrow('the host has no sshd')
    expect(() => plan({ content: 'x' }, ABSENT, { program: ABSENT })).toThrow('the host has no sshd')
    expect(() => plan({ content: 'x' }, folder)).toThrow('is not a file but a directory')
  })

  test('tries the whole configuration before the file takes its place', () => {
    const [change] = plan({ content: 'x' }, ABSENT).changes
    const { text } = sshdConfig.apply.save(change as never, { name: '50-x', content: 'x' }) as Command
    expect(text.indexOf('sshd -t -f')).toBeLessThan(text.indexOf('mv -fT'))
    expect(text.indexOf('sshd -t -f')).toBeGreaterThan(0)
  })
})

describe('ssh-host-key', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBnJcvoPL+OMfgxo0CAuUoBh45SfRb7wyVDFDOP4sLb root@mm1'
  const there = { private: file('', { mode: 0o600 }), public: file(`${key}\n`), folder, tool: file('') }
  test.each([
    { title: 'nothing when it is there', have: there, kinds: [] },
    { title: 'a key on a fresh host', have: { ...there, private: ABSENT, public: ABSENT }, kinds: ['generate'] },
    { title: 'a public half that is missing', have: { ...there, public: ABSENT }, kinds: ['publish'] },
    { title: 'a public half that is empty', have: { ...there, public: file('') }, kinds: ['publish'] },
  ])('plans $title', ({ have, kinds }) => {
    expect(sshHostKey.plan({}, have as never).changes.map(({ kind }) => kind)).toEqual(kinds)
  })

  test('tells the public half and its fingerprint', () => {
    expect(sshHostKey.plan({}, there as never).result).toEqual({
      path: '/etc/ssh/ssh_host_ed25519_key',
      type: 'ed25519',
      public_key: key,
      fingerprint: 'SHA256:xpcRe0qRUGjrOaQ4/5xfi70tDA/9AePVn+HKw/4+cyE',
      size: 256,
    })
  })

  test('says what is missing', () => {
    expect(() => sshHostKey.plan({}, { ...there, folder: ABSENT } as never)).toThrow('the host has no /etc/ssh')
    expect(() => sshHostKey.plan({}, { ...there, tool: ABSENT } as never)).toThrow('the host has no ssh-keygen')
  })
})
