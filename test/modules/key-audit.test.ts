import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { keyAudit } from '../../modules/key-audit.ts'

type Want = Parameters<typeof keyAudit.decide>[0]
type Have = Parameters<typeof keyAudit.decide>[1]

const read = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const [certificate = '', key = '', ca = ''] = read('openssh-certificate.txt').split('\n')
const [, rsa = ''] = read('openssh-keys.txt').split('\n')
const PRINT = 'SHA256:k/suh892VEJUEMf579jqmXOb+G+e/Gx0RIvY403nDus'
const VALID_TO = 1795692396
const raw = (lines: readonly (readonly string[])[]) => ({
  code: 0,
  stdout: Buffer.from(lines.map((fields) => `${fields.join('\t')}\n`).join('')),
  stderr: Buffer.alloc(0),
})
const base64 = (text: string) => Buffer.from(text).toString('base64')
const file = (kind: string, path: string, text: string, mode = '644') => [kind, path, mode, 'root', '0', base64(text)]
const trusts = (text: string, mode = '600') => ['ops', '/k', mode, 'ops', 'ops', 'ops', base64(text)]

function audit(want: Want, { files = [] as string[][], trusted = [] as string[][], now = VALID_TO - 100 * 86_400 }) {
  const have: Have = {
    sources: raw(trusted),
    files: raw(files),
    clock: { ...raw([]), stdout: Buffer.from(`${now}\n`) },
  }
  const decision = keyAudit.decide(want, have)
  if (decision.due) throw new Error('it only looks')
  return decision
}

describe('key-audit', () => {
  test.each<{ title: string; want: Want; seen: Parameters<typeof audit>[1]; failure: string | undefined }>([
    { title: 'a host without keys', want: {}, seen: {}, failure: undefined },
    {
      title: 'keys that are fine',
      want: {},
      seen: { trusted: [trusts(key)], files: [file('authorities', '/ca', ca)] },
      failure: undefined,
    },
    {
      title: 'a small rsa key',
      want: {},
      seen: { trusted: [trusts(rsa)] },
      failure: 'in /k is weak: rsa of 2048 bits',
    },
    {
      title: 'a small rsa key that may be',
      want: { min_rsa_bits: 2048 },
      seen: { trusted: [trusts(rsa)] },
      failure: undefined,
    },
    {
      title: 'a private key that others can read',
      want: {},
      seen: { files: [file('private', '/id', '', '640'), file('public', '/id.pub', key)] },
      failure: `the private key ${PRINT} in /id is open to others: mode 0640`,
    },
    {
      title: 'a file of keys that others can write',
      want: {},
      seen: { trusted: [trusts(key, '664')] },
      failure: 'is open to others: mode 0664',
    },
    {
      title: 'a certificate that ends soon',
      want: {},
      seen: { files: [file('public', '/id-cert.pub', certificate)], now: VALID_TO - 3 * 86_400 },
      failure: `the user certificate ${PRINT} in /id-cert.pub expires in 3 days`,
    },
    {
      title: 'a certificate that has ended',
      want: { expires_within: 0 },
      seen: { files: [file('public', '/id-cert.pub', certificate)], now: VALID_TO },
      failure: 'has expired',
    },
    {
      title: 'a certificate with time',
      want: {},
      seen: { files: [file('public', '/id-cert.pub', certificate)] },
      failure: undefined,
    },
    { title: 'a key that is known', want: { known: [key] }, seen: { trusted: [trusts(key)] }, failure: undefined },
    {
      title: 'a key that is known by its fingerprint',
      want: { known: [PRINT] },
      seen: { trusted: [trusts(key)] },
      failure: undefined,
    },
    {
      title: 'a key that nobody knows',
      want: { known: [] },
      seen: { trusted: [trusts(key)] },
      failure: `the authorized key ${PRINT} in /k (anna), which opens ops, is known to nobody`,
    },
    {
      title: 'a finding that is tolerated',
      want: { known: [], tolerate: ['unknown'] },
      seen: { trusted: [trusts(key)] },
      failure: undefined,
    },
    {
      title: 'several findings',
      want: { known: [] },
      seen: { trusted: [trusts(`${key}\n${ca}\n`)] },
      failure: ', and 1 more',
    },
  ])('says of $title: $failure', ({ want, seen, failure }) => {
    const said = audit(want, seen).failure
    if (failure === undefined) expect(said).toBeUndefined()
    else expect(said).toContain(failure)
  })

  test('lists what it has seen, findings that are tolerated too', () => {
    const { result } = audit({ known: [], tolerate: ['unknown'] }, { trusted: [trusts(key)] })
    expect(result).toMatchObject({
      keys: [
        {
          kind: 'authorized key',
          type: 'ed25519',
          fingerprint: PRINT,
          comment: 'anna',
          accounts: ['ops'],
          mode: '0600',
        },
      ],
      findings: [expect.stringContaining('is known to nobody')],
    })
  })
})
