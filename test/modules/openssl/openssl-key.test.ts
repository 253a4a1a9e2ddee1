import { describe, expect, test } from 'vitest'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { opensslKey } from '../../../modules/openssl/openssl-key.ts'
import { ABSENT, file, folder, keyOf, openssl, pem, says } from '../certificates.ts'

type Want = Parameters<typeof opensslKey.plan>[0]

const path = '/etc/tls/x.key'
const NONE = { file: ABSENT, key: says(''), folders: [folder(), folder()], tool: openssl, accounts: [], groups: [] }
const THERE = { ...NONE, file: file('', 0o600), key: keyOf('k.csr') }
const WEAK = { ...THERE, key: keyOf('weak.csr') }

function plan(want: Partial<Want>, have: object) {
  return opensslKey.plan({ path, ...want }, have as never)
}

function changes(want: Partial<Want>, have: object): string[] {
  return plan(want, have).changes.map(({ kind, from, to }) => `${kind}: ${from ?? 'absent'} -> ${to}`)
}

describe('openssl-key', () => {
  test.each<{ title: string; want: Partial<Want>; have: object; expected: string[] }>([
    { title: 'nothing for a key that is there', want: {}, have: THERE, expected: [] },
    { title: 'nothing for one that could be replaced', want: { replace: true }, have: THERE, expected: [] },
    {
      title: 'nothing for a weak one that is wanted',
      want: { type: 'rsa', allow: ['rsa-1024'] },
      have: WEAK,
      expected: [],
    },
    { title: 'a key where none is', want: {}, have: NONE, expected: ['make: absent -> ecdsa-p256 key'] },
    {
      title: 'a key with its size',
      want: { type: 'rsa', size: 4096 },
      have: NONE,
      expected: ['make: absent -> rsa key of 4096 bits'],
    },
    {
      title: 'another type only when it may replace',
      want: { type: 'rsa', replace: true },
      have: THERE,
      expected: ['make: a key that is ecdsa-p256 -> rsa key'],
    },
    {
      title: 'a stronger one only when it may replace',
      want: { type: 'rsa', replace: true },
      have: WEAK,
      expected: ['make: a key that has only 1024 bits -> rsa key'],
    },
    {
      title: 'one in place of what is none',
      want: { replace: true },
      have: { ...THERE, key: says('') },
      expected: ['make: a key that cannot be read as a key without a passphrase -> ecdsa-p256 key'],
    },
    { title: 'the mode', want: {}, have: { ...THERE, file: file('', 0o644) }, expected: ['mode: 0644 -> 0600'] },
    {
      title: 'the group',
      want: { group: 'adm', mode: '0640' },
      have: THERE,
      expected: ['owner: root:root -> root:adm', 'mode: 0600 -> 0640'],
    },
  ])('plans $title', ({ want, have, expected }) => {
    expect(changes(want, have)).toEqual(expected)
  })

  test.each<{ title: string; want?: Partial<Want>; have?: object; message: string }>([
    { title: 'another type', want: { type: 'ecdsa-p384' }, message: 'the key /etc/tls/x.key is ecdsa-p256' },
    {
      title: 'another size',
      want: { type: 'rsa', size: 2048, allow: ['rsa-1024'] },
      have: WEAK,
      message: 'has 1024 bits',
    },
    { title: 'a weak key', want: { type: 'rsa' }, have: WEAK, message: 'has only 1024 bits' },
    { title: 'a weak size', want: { type: 'rsa', size: 1024 }, have: NONE, message: '1024 bits can be broken' },
    { title: 'what is no key', have: { key: says('') }, message: 'cannot be read as a key' },
    { title: 'a link', have: { file: { ...file(''), type: 'link' } }, message: 'is not a file but a link' },
    { title: 'no folder', have: { ...NONE, folders: [ABSENT, folder()] }, message: '/etc/tls does not exist' },
    {
      title: 'a key that another could swap',
      want: { owner: 'root' },
      have: { folders: [folder({ owner: 'eve' }), folder()] },
      message: 'could be swapped by eve',
    },
    {
      title: 'an account that is not there',
      want: { owner: 'eve' },
      have: { ...NONE, accounts: [{ present: false }] },
      message: 'no account eve',
    },
    { title: 'a host without openssl', have: { tool: ABSENT }, message: 'the host has no openssl' },
  ])('refuses $title', ({ want, have, message }) => {
    expect(() => plan(want ?? {}, { ...THERE, ...have })).toThrow(message)
  })

  test('knows the public half of a key that is there, and warns of a weak one', () => {
    expect(plan({}, THERE).result).toEqual({
      ...{ path, type: 'ecdsa-p256', size: null },
      public_key: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
    })
    expect(plan({}, NONE).result?.public_key).toBeInstanceOf(Unknown)
    const weak = plan({ type: 'rsa', size: 1024, allow: ['rsa-1024'] }, NONE)
    expect(weak.changes[0]?.to).toBe('rsa key of 1024 bits, weak')
    expect(weak.warnings?.[0]).toMatch('can be broken')
  })

  test('looks at a private key only through openssl, which gives the public half', () => {
    const reads = opensslKey.reads({ path })
    expect(reads.file.want).toBe('status')
    expect(reads.key.command.text).toMatch(/-pubout/)
    expect(pem('k.csr')).not.toMatch('PRIVATE')
  })
})
