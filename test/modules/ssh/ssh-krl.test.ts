import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf, NO_CONNECTION } from '../../../engine/resource/read.ts'
import { EMPTY_KRL } from '../../../modules/ssh/krl.ts'
import { formatKrl } from '../../../modules/ssh/krl-file.ts'
import { parsePublicKey } from '../../../modules/ssh/openssh-key.ts'
import { sshKrl } from '../../../modules/ssh/ssh-krl.ts'

type Want = Parameters<typeof sshKrl.plan>[0]
type Have = Parameters<typeof sshKrl.plan>[1]

const [, KEY = '', CA = ''] = readFileSync(
  new URL('../fixtures/openssh-certificate.txt', import.meta.url),
  'utf8',
).split('\n')
const blob = parsePublicKey(KEY)?.blob ?? ''
const path = '/etc/ssh/revoked.krl'
const folder: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }
const tool = fileOf('', { mode: 0o755 })
const fresh: Have = { file: ABSENT, folders: [folder, folder], connection: NO_CONNECTION, tool }
const holding = (bytes: Buffer | string, rest: Partial<FileState> = {}): Have => ({
  ...fresh,
  file: { ...fileOf(bytes, { mode: 0o644 }), ...rest },
})
const empty = formatKrl(EMPTY_KRL)
const anna = formatKrl({ ...EMPTY_KRL, keys: new Set([blob]) })
const changes = (want: Partial<Want>, have: Have) =>
  sshKrl.plan({ path, ...want }, have).changes.map(({ kind, from, to }) => `${kind}: ${from} -> ${to}`)

const ANNA = 'key SHA256:k/suh892VEJUEMf579jqmXOb+G+e/Gx0RIvY403nDus\n'

describe('ssh-krl', () => {
  test.each<{ title: string; want: Partial<Want>; have: Have; expected: string[] }>([
    {
      title: 'an empty list where there is none',
      want: {},
      have: fresh,
      expected: ['save: undefined -> a list that is empty\n'],
    },
    { title: 'nothing for an empty list', want: {}, have: holding(empty), expected: [] },
    { title: 'a key', want: { keys: [KEY] }, have: holding(empty), expected: [`save:  -> ${ANNA}`] },
    { title: 'nothing for a key that is refused', want: { keys: [KEY] }, have: holding(anna), expected: [] },
    { title: 'nothing when others are refused', want: {}, have: holding(anna), expected: [] },
    {
      title: 'an empty list in place of another',
      want: { exclusive: true },
      have: holding(anna),
      expected: [`save: ${ANNA} -> a list that is empty\n`],
    },
    {
      title: 'a list in place of a text of keys',
      want: {},
      have: holding(`# mine\n${KEY}\n`),
      expected: [`save: ${ANNA} -> ${ANNA}`],
    },
    {
      title: 'serial numbers of a CA and of any',
      want: { certificates: [{ ca: CA, serials: [3, '4-9', 11] }, { ids: ['x'] }] },
      have: fresh,
      expected: [
        'save: undefined -> certificates with the id "x" of any CA\ncertificate 3-9 of the CA SHA256:HUN25Qk55f3RuRr8peDRFaRu23iDjyZ/I6rvgqZVzCo\ncertificate 11 of the CA SHA256:HUN25Qk55f3RuRr8peDRFaRu23iDjyZ/I6rvgqZVzCo\n',
      ],
    },
    {
      title: 'owner and mode, since sshd must be able to read it',
      want: {},
      have: holding(empty, { owner: 'daemon', mode: 0o600 }),
      expected: ['owner: daemon:root -> root:root', 'mode: 0600 -> 0644'],
    },
  ])('plans $title', ({ want, have, expected }) => {
    expect(changes(want, have)).toEqual(expected)
  })

  test('puts the list back with the way in when a new login is not let in', () => {
    expect(sshKrl.plan({ path, keys: [KEY] }, fresh).changes).toEqual([expect.objectContaining({ endangers: 'keys' })])
  })

  test.each<{ title: string; want: Partial<Want>; have: Have; message: string }>([
    { title: 'a file that is no list', want: {}, have: holding('hello\n'), message: 'holds no list of revoked keys' },
    { title: 'a link', want: {}, have: holding('', { type: 'link' }), message: 'is not a file but a link' },
    {
      title: 'a folder that is not root’s',
      want: {},
      have: { ...fresh, folders: [{ ...folder, owner: 'app' }, folder] },
      message: 'is in a folder that root does not own',
    },
    { title: 'a text that is no key', want: { keys: ['x'] }, have: fresh, message: "'x' is not a public key" },
    {
      title: 'serial numbers that run backwards',
      want: { certificates: [{ serials: ['9-3'] }] },
      have: fresh,
      message: 'run backwards',
    },
    {
      title: 'the key that let the run in',
      want: { keys: [KEY] },
      have: { ...fresh, connection: { user: 'ops', key: blob } },
      message: 'the key that let this run in would be revoked',
    },
    { title: 'a host without ssh-keygen', want: {}, have: { ...fresh, tool: ABSENT }, message: 'no ssh-keygen' },
  ])('refuses $title', ({ want, have, message }) => {
    expect(() => sshKrl.plan({ path, ...want }, have)).toThrow(message)
  })
})
