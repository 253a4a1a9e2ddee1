import { describe, expect, test } from 'vitest'
import { ABSENT, type AccountState, fileOf, NO_CONNECTION } from '../../engine/resource/read.ts'
import { authorizedKey } from '../../modules/ssh/authorized-key.ts'
import { knownHosts } from '../../modules/ssh/known-hosts.ts'

const ONE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx'
const TWO = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr'
const THREE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICE8vUCSYKmsJ9Q0VUbf5bJAUC1wDYtREuPXWh0RZDNy'

const directory = (mode: number, owner: string) => ({
  ...ABSENT,
  type: 'directory' as const,
  mode,
  owner,
  group: owner,
})
const account: AccountState = {
  present: true,
  uid: 990,
  gid: 990,
  group: 'mm',
  comment: '',
  home: '/srv/mm',
  shell: '/bin/sh',
  groups: [],
  passwordHash: '!',
}

/** The text of the file once the task is done. */
function keysAfter(text: string, more: { keys: string[]; exclusive?: boolean; keep_comments?: string[] }): string {
  const want = { user: 'mm', path: '/srv/mm/.ssh/authorized_keys', ...more }
  const file = { ...fileOf(text, { mode: 0o600 }), owner: 'mm', group: 'mm' }
  const folders = [directory(0o700, 'mm'), directory(0o755, 'mm'), directory(0o755, 'root')]
  const { changes } = authorizedKey.plan(want, { account, connection: NO_CONNECTION, file, folders })
  return (changes.find(({ kind }) => kind === 'save')?.to as string | undefined) ?? text
}

function hostsAfter(
  text: string,
  more: { entries: { hosts: string; key: string }[]; exclusive?: boolean; keep_hosts?: string[] },
): string {
  const want = { path: '/etc/mm/known_hosts', ...more }
  const folders = [directory(0o755, 'root'), directory(0o755, 'root')]
  const { changes } = knownHosts.plan(want, { account: [], file: fileOf(text, { mode: 0o644 }), folders })
  return (changes.find(({ kind }) => kind === 'save')?.to as string | undefined) ?? text
}

describe('an exclusive list of keys', () => {
  const have = `${ONE} a@one\n${TWO} a@two\n${THREE}\n`
  test.each([
    { title: 'keeps no other key', keep: undefined, after: `${ONE} a@one\n` },
    { title: 'keeps no other key when no comment is kept', keep: [], after: `${ONE} a@one\n` },
    { title: 'keeps the lines with a comment', keep: ['a@two', 'a@nobody'], after: `${ONE} a@one\n${TWO} a@two\n` },
    { title: 'keeps a named key once when its comment is kept too', keep: ['a@one'], after: `${ONE} a@one\n` },
  ])('$title', ({ keep, after }) => {
    const more = { keys: [`${ONE} a@one`], exclusive: true, ...(keep ? { keep_comments: keep } : {}) }
    expect(keysAfter(have, more)).toBe(after)
  })

  test('may be empty but for what is kept', () => {
    expect(keysAfter(have, { keys: [], exclusive: true, keep_comments: ['a@two'] })).toBe(`${TWO} a@two\n`)
  })
})

describe('an exclusive list of hosts', () => {
  const have = `10.0.0.1 ${ONE}\n10.0.0.2 ${TWO}\n10.0.0.3 ${THREE}\n`
  const entries = [{ hosts: '10.0.0.1', key: ONE }]
  test.each([
    { title: 'keeps no other host', keep: undefined, after: `10.0.0.1 ${ONE}\n` },
    { title: 'keeps no other host when none is kept', keep: [], after: `10.0.0.1 ${ONE}\n` },
    { title: 'keeps a host that no entry names', keep: ['10.0.0.3'], after: `10.0.0.1 ${ONE}\n10.0.0.3 ${THREE}\n` },
  ])('$title', ({ keep, after }) => {
    expect(hostsAfter(have, { entries, exclusive: true, ...(keep ? { keep_hosts: keep } : {}) })).toBe(after)
  })

  test('replaces the key of a kept host that an entry names too', () => {
    const more = { entries: [{ hosts: '10.0.0.2', key: THREE }], exclusive: true, keep_hosts: ['10.0.0.2'] }
    expect(hostsAfter(have, more)).toBe(`10.0.0.2 ${THREE}\n`)
  })
})
