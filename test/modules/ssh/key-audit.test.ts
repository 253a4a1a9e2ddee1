import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseCertificates } from '../../../modules/openssl/x509.ts'
import { subjectText } from '../../../modules/openssl/x509-names.ts'
import { keyAudit } from '../../../modules/ssh/key-audit.ts'
import { fingerprintOf, parsePublicKey } from '../../../modules/ssh/openssh-key.ts'
import { pem } from '../certificates.ts'

type Want = Parameters<typeof keyAudit.decide>[0]
type Have = Parameters<typeof keyAudit.decide>[1]

const read = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
const [certificate = '', key = '', ca = ''] = read('openssh-certificate.txt').split('\n')
const [, rsa = ''] = read('openssh-keys.txt').split('\n')
const PRINT = 'SHA256:k/suh892VEJUEMf579jqmXOb+G+e/Gx0RIvY403nDus'
const OTHER = 'SHA256:xpcRe0qRUGjrOaQ4/5xfi70tDA/9AePVn+HKw/4+cyE'
const [leaf] = parseCertificates(pem('ca/issued/mm1.pem'))
if (!leaf) throw new Error('the fixture holds no certificate')
const VALID_TO = 1795692396
const raw = (lines: readonly (readonly string[])[]) => ({
  code: 0,
  stdout: Buffer.from(lines.map((fields) => `${fields.join('\t')}\n`).join('')),
  stderr: Buffer.alloc(0),
})
const base64 = (text: string) => Buffer.from(text).toString('base64')
const file = (kind: string, path: string, text: string, mode = '644') => [kind, path, mode, 'root', '0', base64(text)]
const trusts = (text: string, mode = '600') => ['ops', '/k', mode, 'ops', 'ops', 'ops', base64(text)]

function audit(
  want: Want,
  { files = [] as string[][], trusted = [] as string[][], tls = [] as string[][], now = VALID_TO - 100 * 86_400 },
) {
  const have: Have = {
    sources: raw(trusted),
    files: raw(files),
    tls: [raw(tls)],
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
      title: 'a private key that nobody trusts',
      want: { trusted: [{ fingerprint: OTHER, by: ['ops@web1'] }] },
      seen: { files: [file('private', '/id', '', '600'), file('public', '/id.pub', key)] },
      failure: `the private key ${PRINT} in /id is trusted by nobody`,
    },
    {
      title: 'a private key that somebody trusts',
      want: { trusted: [{ fingerprint: PRINT, by: ['ops@web1'] }] },
      seen: { files: [file('private', '/id', '', '600'), file('public', '/id.pub', key)] },
      failure: undefined,
    },
    {
      title: 'a private key when it is not known who trusts what',
      want: {},
      seen: { files: [file('private', '/id', '', '600'), file('public', '/id.pub', key)] },
      failure: undefined,
    },
    {
      title: 'a host key, which lets nobody in',
      want: { trusted: [] },
      seen: { files: [file('private', '/etc/ssh/id', '', '600'), file('public', '/etc/ssh/id.pub', key)] },
      failure: undefined,
    },
    {
      title: 'a private key without a public half, and trusted by nobody',
      want: { trusted: [] },
      seen: { files: [file('private', '/id', `256 ${OTHER} old one (ED25519)\n`, '600')] },
      failure: `the private key ${OTHER} in /id is trusted by nobody`,
    },
    {
      title: 'a private key of nobody knows what',
      want: { trusted: [] },
      seen: { files: [file('private', '/id', '', '600')] },
      failure: undefined,
    },
    {
      title: 'a TLS certificate that ends soon',
      want: {},
      seen: { tls: [file('certificates', '/own.pem', leaf.pem)], now: leaf.notAfter - 3 * 86_400 },
      failure: `the TLS certificate ${subjectText(leaf.subject)} in /own.pem expires in 3 days`,
    },
    {
      title: 'a TLS key that its group reads',
      want: {},
      seen: { tls: [file('private', '/own.key', '', '640')] },
      failure: undefined,
    },
    {
      title: 'a TLS key that everybody reads',
      want: {},
      seen: { tls: [file('private', '/own.key', '', '644')] },
      failure: 'the TLS private key of an unknown kind in /own.key is open to others: mode 0644',
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

  test('says of TLS certificates whose they are and who has signed them, and how many end when', () => {
    const [authority] = parseCertificates(pem('ca/ca.pem'))
    const tls = [
      file('certificates', '/own.pem', pem('ca/issued/mm1.pem')),
      file('certificates', '/ca.pem', pem('ca/ca.pem')),
    ]
    const { result } = audit({}, { tls, now: leaf.notAfter - 20 * 86_400 })
    expect(result).toMatchObject({
      keys: [
        { kind: 'TLS certificate', names: leaf.names, issuer: subjectText(authority?.subject ?? []) },
        { kind: 'TLS CA' },
      ],
      expiring: { expired: 0, 7: 0, 30: 1, 90: 1 },
    })
  })

  test('says who trusts a key on any host, and of a certificate who trusts its CA', () => {
    const caKey = keyPrint(ca)
    const trusted = [
      { fingerprint: PRINT, by: ['root@web2', 'ops@web1'] },
      { fingerprint: caKey, by: ['any account@web1'] },
    ]
    const files = [file('public', '/id-cert.pub', certificate)]
    const { result } = audit({ trusted }, { files, trusted: [trusts(key)] })
    expect(result).toMatchObject({
      keys: [
        { kind: 'authorized key', trusted_by: ['ops@web1', 'root@web2'] },
        { kind: 'user certificate', trusted_by: ['any account@web1', 'ops@web1', 'root@web2'] },
      ],
      trusts: [{ fingerprint: PRINT, accounts: ['ops'] }],
    })
  })
})

function keyPrint(line: string): string {
  const parsed = parsePublicKey(line)
  return parsed ? fingerprintOf(parsed) : ''
}
