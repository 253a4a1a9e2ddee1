import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { knownHosts } from '../../../modules/ssh/known-hosts.ts'

type Want = Parameters<typeof knownHosts.plan>[0]

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
const [ed = '', rsa = '', ecdsa = '', other = ''] = fixture('openssh-keys.txt')
  .split('\n')
  .map((line) => line.split(' ').slice(0, 2).join(' '))
/** Made by `ssh-keygen -H`: mm1 and 10.10.250.146 have `ed`, [mm2]:2222 has `rsa`. */
const hashed = fixture('known-hosts-hashed.txt')

const folder: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }

function plan(want: Partial<Want>, text: string | undefined) {
  const file = text === undefined ? ABSENT : fileOf(text, { mode: 0o644 })
  return knownHosts.plan(want as Want, { account: [], file, folders: [folder, folder] } as never)
}

describe('known-hosts', () => {
  test.each<{ title: string; want: Partial<Want>; text: string | undefined }>([
    { title: 'a host that is known', want: { name: 'mm1', key: ed }, text: `mm1 ${ed}\n` },
    {
      title: 'a host in a line with others',
      want: { name: ['mm2', 'mm1'], key: ed },
      text: `mm1,x ${ed} old comment\nmm2 ${ed}\n`,
    },
    { title: 'capital letters and the usual port', want: { name: ['MM1', '[mm1]:22'], key: ed }, text: `mm1 ${ed}\n` },
    { title: 'hashed hosts', want: { name: ['mm1', '10.10.250.146'], key: ed }, text: hashed },
    { title: 'a hashed host on another port', want: { name: '[mm2]:2222', key: rsa }, text: hashed },
    {
      title: 'a key with name and comment, as ssh-keyscan prints it',
      want: { name: 'mm1', key: `mm1 ${ed} a comment` },
      text: `mm1 ${ed}\n`,
    },
    {
      title: 'a list that is there',
      want: {
        exclusive: true,
        entries: [
          { hosts: ['mm1', '10.10.250.146'], key: ed },
          { hosts: '[mm2]:2222', key: rsa },
        ],
      },
      text: hashed,
    },
    { title: 'an absent host', want: { name: 'mm3', state: 'absent' }, text: hashed },
    { title: 'an absent key of a host', want: { name: 'mm1', key: rsa, state: 'absent' }, text: hashed },
    { title: 'no entries without a file', want: { entries: [] }, text: undefined },
    { title: 'an absent host without a file', want: { name: 'mm1', state: 'absent' }, text: undefined },
    { title: 'an exclusive empty list', want: { entries: [], exclusive: true }, text: '# none\n' },
  ])('plans nothing for $title', ({ want, text }) => {
    expect(plan(want, text).changes).toEqual([])
  })

  test.each<{ title: string; want: Partial<Want>; text: string | undefined; expected: string }>([
    {
      title: 'a new file',
      want: { name: ['MM1', '10.0.0.1'], key: ed },
      text: undefined,
      expected: `mm1,10.0.0.1 ${ed}\n`,
    },
    {
      title: 'a name beside the others',
      want: { name: ['mm1', 'mm9'], key: ed },
      text: `mm1 ${ed}`,
      expected: `mm1 ${ed}\nmm9 ${ed}\n`,
    },
    {
      title: 'a new key in place of the old one',
      want: { name: 'mm1', key: other },
      text: `# keys\nmm1,mm2 ${ed}\nmm1 ${rsa}\n`,
      expected: `# keys\nmm2 ${ed}\nmm1 ${rsa}\nmm1 ${other}\n`,
    },
    {
      title: 'a new key in place of a hashed one',
      want: { name: '10.10.250.146', key: other },
      text: hashed,
      expected: `${hashed
        .split('\n')
        .filter((_, index) => index !== 1)
        .join('\n')}10.10.250.146 ${other}\n`,
    },
    {
      title: 'keys of several types',
      want: {
        entries: [
          { hosts: 'mm1', key: ed },
          { hosts: 'mm1', key: ecdsa },
        ],
      },
      text: '',
      expected: `mm1 ${ed}\nmm1 ${ecdsa}\n`,
    },
    {
      title: 'a certificate authority',
      want: { entries: [{ hosts: '*.example.org', key: ed, marker: 'cert-authority' }] },
      text: `mm1 ${ed}\n`,
      expected: `mm1 ${ed}\n@cert-authority *.example.org ${ed}\n`,
    },
    {
      title: 'only the list when it is exclusive',
      want: { exclusive: true, entries: [{ hosts: ['mm1', 'mm2'], key: ed }] },
      text: `# keys\nrubbish\nmm1,old ${ed}\nold ${rsa}\n@revoked mm1 ${rsa}\n`,
      expected: `# keys\nmm1 ${ed}\nmm2 ${ed}\n`,
    },
    {
      title: 'a host without all its keys',
      want: { name: 'mm1', state: 'absent' },
      text: `mm1,mm2 ${ed}\nmm1 ${rsa}\n`,
      expected: `mm2 ${ed}\n`,
    },
    {
      title: 'a host without one key',
      want: { name: 'mm1', key: rsa, state: 'absent' },
      text: `mm1 ${ed}\nmm1 ${rsa}\n`,
      expected: `mm1 ${ed}\n`,
    },
    { title: 'a host once', want: { name: 'mm1', key: ed }, text: `mm1 ${ed}\nmm1 ${ed}\n`, expected: `mm1 ${ed}\n` },
  ])('writes $title', ({ want, text, expected }) => {
    const { changes } = plan(want, text)
    expect(changes.map(({ kind, to }) => [kind, to])).toEqual([['save', expected.replace(/\n*$/, '\n')]])
    expect(plan(want, expected.replace(/\n*$/, '\n')).changes).toEqual([])
  })

  test.each<{ title: string; want: Partial<Want>; message: string }>([
    { title: 'a host without a key', want: { name: 'mm1' }, message: 'mm1 has no key' },
    { title: 'what is no key', want: { name: 'mm1', key: 'x' }, message: "'x' is not a public key" },
    {
      title: 'an exclusive list of absent hosts',
      want: { name: 'mm1', exclusive: true, state: 'absent' },
      message: 'exclusive and absent',
    },
  ])('refuses $title', ({ want, message }) => {
    expect(() => plan(want, '')).toThrow(message)
  })

  test('names the number of entries and keeps a mode that is asked for', () => {
    const { changes, result } = plan({ name: 'mm1', key: ed, mode: '0640' }, `mm1 ${ed}\n`)
    expect(changes.map(({ kind, to }) => [kind, to])).toEqual([['mode', '0640']])
    expect(result).toEqual({ path: '/etc/ssh/ssh_known_hosts', entries: 1 })
  })
})
