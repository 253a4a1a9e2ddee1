import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../engine/resource/command.ts'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { Secret } from '../../../engine/resource/secret.ts'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { sshCert } from '../../../modules/ssh/ssh-cert.ts'

type Want = Parameters<typeof sshCert.plan>[0]
type Have = Parameters<typeof sshCert.plan>[1]

const [CERTIFICATE = '', KEY = '', CA = ''] = readFileSync(
  new URL('../fixtures/openssh-certificate.txt', import.meta.url),
  'utf8',
).split('\n')
const FROM = 1795634496
const HOUR = 3600
const folder = (owner = 'root'): FileState => ({ type: 'directory', mode: 0o700, owner, group: owner, size: 0 })
const clock = (seconds: number) => ({ code: 0, stdout: Buffer.from(`${seconds}\n`), stderr: Buffer.alloc(0) })
const file = fileOf('', { mode: 0o600 })
const SIGNED: Have = {
  file: fileOf(`${CERTIFICATE}\n`, { mode: 0o644 }),
  ca: fileOf(`${CA}\n`, { mode: 0o644 }),
  private: file,
  record: file,
  folders: [folder(), folder()],
  caFolders: [folder(), folder()],
  tool: file,
  clock: clock(FROM + HOUR),
}
const WANT: Want = {
  path: '/etc/ca/anna-cert.pub',
  ca: '/etc/ca/ca',
  public_key: KEY,
  identity: 'anna@corp',
  principals: ['ops', 'deploy'],
  valid_for: '16h',
  options: ['permit-pty', 'source-address=10.0.0.0/8', 'force-command=echo hi'],
}
const { options: _, ...PLAIN } = WANT
const from = (want: Want, have: Have) => sshCert.plan(want, have).changes.map((change) => change.from)

describe('ssh-cert', () => {
  test.each<{ title: string; want: Want; have: Have }>([
    { title: 'a certificate that says what is asked for, in any order', want: WANT, have: SIGNED },
    {
      title: 'a certificate with just what must be left',
      want: { ...WANT, renew_before: '1h' },
      have: { ...SIGNED, clock: clock(FROM + 300 + 15 * HOUR) },
    },
  ])('plans nothing for $title', ({ want, have }) => {
    expect(from(want, have)).toEqual([])
  })

  test.each<{ title: string; want: Want; have: Have; expected: string | undefined }>([
    { title: 'none is there', want: WANT, have: { ...SIGNED, file: ABSENT }, expected: undefined },
    {
      title: 'something else is there',
      want: WANT,
      have: { ...SIGNED, file: fileOf('x', { mode: 0o644 }) },
      expected: 'something else',
    },
    {
      title: 'the key is another',
      want: { ...WANT, public_key: CA },
      have: SIGNED,
      expected: 'a certificate that is of another key',
    },
    {
      title: 'the CA is another',
      want: WANT,
      have: { ...SIGNED, ca: fileOf(`${KEY}\n`, { mode: 0o644 }) },
      expected: 'a certificate that is signed by another CA',
    },
    {
      title: 'names differ',
      want: { ...WANT, principals: ['ops'], identity: 'bert' },
      have: SIGNED,
      expected: 'a certificate that has the id anna@corp and is for deploy, ops',
    },
    {
      title: 'it allows what nobody asked for',
      want: PLAIN,
      have: SIGNED,
      expected: 'a certificate that has the options force-command=echo hi, permit-pty, source-address=10.0.0.0/8',
    },
    {
      title: 'it is for a user and not for a host',
      want: { ...PLAIN, kind: 'host' },
      have: SIGNED,
      expected:
        'a certificate that is for a user and has the options force-command=echo hi, permit-pty, source-address=10.0.0.0/8',
    },
    {
      title: 'a third of its time is left',
      want: WANT,
      have: { ...SIGNED, clock: clock(FROM + 12 * HOUR) },
      expected: 'a certificate that expires soon',
    },
    {
      title: 'it has expired',
      want: WANT,
      have: { ...SIGNED, clock: clock(FROM + 20 * HOUR) },
      expected: 'a certificate that has expired',
    },
    {
      title: 'it is not good yet',
      want: WANT,
      have: { ...SIGNED, clock: clock(FROM - HOUR) },
      expected: 'a certificate that is not good yet',
    },
    {
      title: 'it is good for longer than anybody may be',
      want: { ...WANT, valid_for: '8h' },
      have: SIGNED,
      expected: 'a certificate that is good for longer',
    },
  ])('signs when $title', ({ want, have, expected }) => {
    expect(from(want, have)).toEqual([expected])
  })

  test('knows what it has signed only afterwards, and says what stands', () => {
    const before = sshCert.plan(WANT, { ...SIGNED, file: ABSENT }).result ?? {}
    for (const name of ['certificate', 'serial', 'valid_from', 'valid_to']) expect(before[name]).toBeInstanceOf(Unknown)
    expect(sshCert.plan(WANT, SIGNED).result).toMatchObject({
      certificate: CERTIFICATE,
      serial: '1001',
      valid_to: '2026-11-26T11:26:36.000Z',
    })
  })

  test.each<{ title: string; want: Want; have: Have; message: string }>([
    {
      title: 'a CA that is not there',
      want: WANT,
      have: { ...SIGNED, private: ABSENT },
      message: 'there is no key of a CA',
    },
    {
      title: 'a CA without its public half',
      want: WANT,
      have: { ...SIGNED, ca: ABSENT },
      message: 'holds no public key',
    },
    {
      title: 'a certificate as a key',
      want: { ...WANT, public_key: CERTIFICATE },
      have: SIGNED,
      message: 'is not a public key',
    },
    {
      title: 'a certificate in a folder of another',
      want: WANT,
      have: { ...SIGNED, folders: [folder('anna'), folder()] },
      message: 'the CA is in a folder of root and the certificate in one of anna',
    },
    {
      title: 'a certificate that is never old enough',
      want: { ...WANT, renew_before: '16h' },
      have: SIGNED,
      message: 'always has less than 16h left',
    },
  ])('refuses $title', ({ want, have, message }) => {
    expect(() => sshCert.plan(want, have)).toThrow(message)
  })

  test('clears what a certificate allows by itself, and keeps the passphrase out of every argument', () => {
    const want = { ...WANT, ca_passphrase: new Secret('correct horse') }
    const [change] = sshCert.plan(want, { ...SIGNED, file: ABSENT }).changes
    const command = sshCert.apply.sign(change as never, want) as Command
    expect(command.secrets).toEqual(['correct horse\n'])
    expect(command.text).toContain('-O clear -O permit-pty')
    expect(command.text).not.toContain('correct')
  })

  test('asks for no passphrase when it is empty', () => {
    const want = { ...WANT, ca_passphrase: new Secret('') }
    const [change] = sshCert.plan(want, { ...SIGNED, file: ABSENT }).changes
    expect((sshCert.apply.sign(change as never, want) as Command).text).not.toContain('SSH_ASKPASS')
  })
})
