import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../engine/resource/command.ts'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { Secret } from '../../../engine/resource/secret.ts'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { keygen } from '../../../modules/ssh/keygen.ts'

type Want = Parameters<typeof keygen.plan>[0]

const [ed = '', rsa = '', , sealedKey = ''] = readFileSync(
  new URL('../fixtures/openssh-keys.txt', import.meta.url),
  'utf8',
).split('\n')
const path = '/etc/keys/id'
const folder = (owner = 'root'): FileState => ({ type: 'directory', mode: 0o755, owner, group: owner, size: 0 })
const file = (rest: Partial<FileState> = {}): FileState => ({
  type: 'file',
  mode: 0o600,
  owner: 'root',
  group: 'root',
  size: 400,
  ...rest,
})
/** What ssh-keygen says of the private key: its public half when it is open, its fingerprint when it is sealed. */
const says = (text: string) => ({ code: 0, stdout: Buffer.from(`${text}\n`), stderr: Buffer.alloc(0) })
const sealed = says('256 SHA256:v5Mhm+pOK2w9Ko1GKCCF3KE6/Z4n78cNheox0E+jfaw s (ED25519)')
const passphrase = new Secret('correct horse')

const FRESH = { private: ABSENT, public: ABSENT, inside: says(''), folders: [folder(), folder()], tool: file() }
const THERE = { ...FRESH, private: file(), public: fileOf(`${ed}\n`, { mode: 0o644 }), inside: says(ed) }
const SEALED = { ...THERE, public: fileOf(`${sealedKey}\n`, { mode: 0o644 }), inside: sealed }

function plan(want: Partial<Want>, have: object) {
  return keygen.plan({ path, ...want } as Want, have as never)
}

function kinds(want: Partial<Want>, have: object): string[] {
  return plan(want, have).changes.map(({ kind, from, to }) => `${kind}: ${from} -> ${to}`)
}

describe('keygen', () => {
  test.each<{ title: string; want: Partial<Want>; have: object }>([
    { title: 'a key that is there', want: {}, have: THERE },
    { title: 'a key with its comment', want: { comment: 'anna@mm1' }, have: THERE },
    { title: 'the size that an ed25519 key always has', want: { size: 256 }, have: THERE },
    { title: 'a sealed key', want: { passphrase, comment: 's' }, have: SEALED },
    { title: 'an open key and a passphrase that is empty', want: { passphrase: new Secret('') }, have: THERE },
    { title: 'another type that may never be made anew', want: { type: 'rsa', regenerate: 'never' }, have: THERE },
    { title: 'another comment that may never change', want: { comment: 'x', regenerate: 'never' }, have: THERE },
    {
      title: 'a key that cannot be read but must stay',
      want: { regenerate: 'never' },
      have: { ...THERE, inside: says('') },
    },
  ])('plans nothing for $title', ({ want, have }) => {
    expect(kinds(want, have)).toEqual([])
  })

  test.each<{ title: string; want: Partial<Want>; have: object; expected: string[] }>([
    {
      title: 'a key on a fresh host',
      want: { comment: 'x' },
      have: FRESH,
      expected: ['generate: undefined -> ed25519 key with the comment x'],
    },
    {
      title: 'a key when another type was wanted',
      want: { type: 'rsa', regenerate: 'mismatch' },
      have: THERE,
      expected: ['generate: a key that is of the type ed25519 -> rsa key'],
    },
    {
      title: 'a key when another size was wanted',
      want: { type: 'rsa', size: 4096, regenerate: 'mismatch' },
      have: { ...THERE, public: fileOf(rsa, { mode: 0o644 }), inside: says(rsa) },
      expected: ['generate: a key that has 2048 bits -> rsa key'],
    },
    {
      title: 'a sealed key in place of an open one',
      want: { passphrase, regenerate: 'mismatch' },
      have: THERE,
      expected: ['generate: a key that has no passphrase -> ed25519 key with a passphrase'],
    },
    {
      title: 'an open key in place of a sealed one',
      want: { regenerate: 'always' },
      have: SEALED,
      expected: ['generate: a key that has a passphrase -> ed25519 key'],
    },
    {
      title: 'a key in place of one that cannot be read',
      want: { regenerate: 'mismatch' },
      have: { ...THERE, inside: says('') },
      expected: ['generate: a key that cannot be read by ssh-keygen -> ed25519 key'],
    },
    {
      title: 'a key for another comment when asked always',
      want: { comment: 'x', regenerate: 'always' },
      have: THERE,
      expected: ['generate: a key that has another comment -> ed25519 key with the comment x'],
    },
  ])('plans to make $title', ({ want, have, expected }) => {
    expect(kinds(want, have)).toEqual(expected)
  })

  test.each<{ title: string; want: Partial<Want>; have: object; expected: string[] }>([
    { title: 'the comment, in place', want: { comment: 'x' }, have: THERE, expected: ['comment: anna@mm1 -> x'] },
    {
      title: 'the mode',
      want: {},
      have: { ...THERE, private: file({ mode: 0o644 }) },
      expected: ['mode: 0644 -> 0600'],
    },
    {
      title: 'nothing but the mode while it hides what is inside',
      want: {},
      have: { ...SEALED, private: file({ mode: 0o644 }) },
      expected: ['mode: 0644 -> 0600'],
    },
    {
      title: 'the owner of both files',
      want: { owner: 'app' },
      have: THERE,
      expected: ['owner: root:root -> app:root', 'owner: root:root -> app:root'],
    },
    {
      title: 'a public half that is missing',
      want: {},
      have: { ...THERE, public: ABSENT },
      expected: [`publish: undefined -> ${ed}\n`],
    },
    {
      title: 'a public half of another key',
      want: {},
      have: { ...THERE, public: fileOf(rsa, { mode: 0o644 }) },
      expected: [`publish: ${rsa} -> ${ed}\n`],
    },
  ])('mends $title', ({ want, have, expected }) => {
    expect(kinds(want, have)).toEqual(expected)
  })

  test.each<{ title: string; want: Partial<Want>; have: object; message: string }>([
    {
      title: 'a key of another type',
      want: { type: 'rsa' },
      have: THERE,
      message: 'the key /etc/keys/id is of the type ed25519',
    },
    { title: 'a key without the passphrase', want: { passphrase }, have: THERE, message: 'has no passphrase' },
    { title: 'a key that cannot be read', want: {}, have: { ...THERE, inside: says('') }, message: 'cannot be read' },
    {
      title: 'a link',
      want: {},
      have: { ...THERE, private: file({ type: 'link' }) },
      message: `${path} is not a file but a link`,
    },
    {
      title: 'a missing folder',
      want: {},
      have: { ...FRESH, folders: [ABSENT, folder()] },
      message: 'the folder /etc/keys does not exist',
    },
    {
      title: 'a key of root in a folder of another',
      want: { owner: 'root' },
      have: { ...FRESH, folders: [folder('app'), folder()] },
      message: 'could be swapped by app',
    },
    {
      title: 'a host without ssh-keygen',
      want: {},
      have: { ...FRESH, tool: ABSENT },
      message: 'the host has no ssh-keygen',
    },
  ])('refuses $title', ({ want, have, message }) => {
    expect(() => plan(want, have)).toThrow(message)
  })

  test('knows what a key will be only after it is made', () => {
    const result = plan({ type: 'rsa' }, FRESH).result ?? {}
    expect(result).toMatchObject({ path, type: 'rsa' })
    for (const name of ['public_key', 'fingerprint', 'size', 'comment']) expect(result[name]).toBeInstanceOf(Unknown)
    expect(plan({}, THERE).result).toEqual({
      path,
      type: 'ed25519',
      size: 256,
      comment: 'anna@mm1',
      public_key: ed,
      fingerprint: 'SHA256:xpcRe0qRUGjrOaQ4/5xfi70tDA/9AePVn+HKw/4+cyE',
    })
  })

  test('makes an open key when the passphrase is empty', () => {
    const want = { path, passphrase: new Secret('') } as Want
    const [change] = plan(want, FRESH).changes
    expect((keygen.apply.generate(change as never, want) as Command).text).toContain("-N ''")
  })

  test.each([{ owner: 'root' }, { owner: 'app' }])(
    'keeps the passphrase out of every argument, in a folder of $owner',
    ({ owner }) => {
      const want = { path, passphrase } as Want
      const [change] = plan(want, { ...FRESH, folders: [folder(owner), folder()] }).changes
      const command = keygen.apply.generate(change as never, want) as Command
      const fed = Buffer.from('correct horse\ncorrect horse\n').toString('base64')
      expect(command.secrets).toEqual(['correct horse\ncorrect horse\n'])
      expect(command.text).toMatch(new RegExp(`^printf %s ${fed} \\| base64 -d \\| `))
      const rest = command.text.slice(command.text.indexOf('base64 -d'))
      expect(rest).not.toContain('correct')
      expect(rest).not.toContain(fed)
    },
  )
})
