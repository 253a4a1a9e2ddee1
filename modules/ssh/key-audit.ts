import { Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { linesOf } from '../files/text-lines.ts'
import { tlsFiles, tlsFilesRead } from '../openssl/tls-files.ts'
import { keySources, keySourcesRead } from './authorized-files.ts'
import { type Audited, expiring, findingsOf } from './key-audit-findings.ts'
import { type KeyFile, keyFiles, keyFilesRead } from './key-files.ts'
import { parseCertificate } from './openssh-certificate.ts'
import { bitsOf, fingerprintOf, keyTypeOf, type PublicKey, parsePublicKey } from './openssh-key.ts'
import { clockRead, timeIn } from './ssh-cert-faults.ts'
import { auditedTls } from './tls-audit.ts'

/** Looks at every SSH key of a host. */
export const keyAudit = defineAction({
  name: 'key-audit',
  summary:
    'Every SSH key, and every certificate and CA of SSH and TLS on a host, with what is wrong about them; fails when something is, and changes nothing.',
  args: Arg.object({
    known: Type.Optional(
      Type.Array(Type.String({ minLength: 1, description: 'Public key, or its fingerprint as in SHA256:….' }), {
        description: 'Keys that may log in or are trusted as CAs; any other is a finding. Left out, none is.',
      }),
    ),
    expires_within: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Days that a certificate must have left; 30 when left out.' }),
    ),
    min_rsa_bits: Type.Optional(
      Type.Integer({ minimum: 1024, description: 'Size that an rsa key must have; 3072 when left out.' }),
    ),
    certificates: Type.Optional(
      Type.Array(Arg.path({ description: 'File or folder.' }), {
        description:
          'Where TLS certificates and their keys lie; folders are searched three levels deep. Nowhere when left out.',
      }),
    ),
    trusted: Type.Optional(
      Type.Array(
        Arg.object(
          {
            fingerprint: Type.String({ description: 'Fingerprint of the key or CA.' }),
            by: Type.Array(Type.String(), { description: 'Who trusts it, as in ops@web1.' }),
          },
          { description: 'A key or CA that is trusted somewhere.' },
        ),
        {
          description:
            'What is trusted on any host, from the results `trusts` of all of them: says of each key who trusts it, and finds private keys that nobody does.',
        },
      ),
    ),
    tolerate: Type.Optional(
      Type.Array(
        Arg.choice(['weak', 'open', 'expiry', 'unknown', 'unused'], {
          description: 'A kind of finding.',
        }),
        { description: 'Findings that are listed and do not fail the task.' },
      ),
    ),
  }),
  examples: [
    `- key-audit: { tolerate: [weak, open, expiry] }
- key-audit:
    known: [SHA256:xpcRe0qRUGjrOaQ4/5xfi70tDA/9AePVn+HKw/4+cyE]
    expires_within: 90
    certificates: [/etc/ssl/private]
    trusted: [{ fingerprint: SHA256:xpcRe0qRUGjrOaQ4/5xfi70tDA/9AePVn+HKw/4+cyE, by: [ops@web1] }]
    tolerate: [unknown, weak, open, expiry, unused]
  register: audited`,
  ],
  looks: true,

  reads: ({ certificates = [] }) => ({
    sources: keySourcesRead,
    files: keyFilesRead,
    tls: certificates.length === 0 ? [] : [tlsFilesRead(certificates)],
    clock: clockRead,
  }),

  decide({ known, expires_within: days = 30, min_rsa_bits: bits = 3072, trusted, tolerate = [] }, have) {
    const sources = keySources(have.sources)
    const files = keyFiles(have.files)
    const found: Audited[] = [
      ...sources.files.flatMap(({ path, mode, owner, accounts, text }) =>
        keysIn(text).map((key) => ({ ...described(key), kind: 'authorized key', path, mode, owner, accounts })),
      ),
      ...files.flatMap((file) => audited(file, files)),
      ...auditedTls(have.tls.flatMap(tlsFiles)),
    ]
    const keys = trusted === undefined ? found : found.map((key) => ({ ...key, trusted_by: trustersOf(key, trusted) }))
    const now = timeIn(have.clock)
    const limits = { days, bits, now, isWhole: trusted !== undefined }
    const findings = findingsOf(keys, { known: known && new Set(known.map(printOf)), ...limits })
    const grave = findings.filter(({ kind }) => !tolerate.some((one) => one === kind))
    const result = {
      keys: keys.map(({ mode, ...rest }) => ({ ...rest, mode: mode.toString(8).padStart(4, '0') })),
      findings: findings.map(({ sentence }) => sentence),
      expiring: expiring(keys, now),
      trusts: keys.flatMap(({ kind, fingerprint, accounts }) =>
        kind === 'authorized key' || kind === 'trusted CA'
          ? [{ fingerprint, accounts: accounts ?? ['any account'] }]
          : [],
      ),
      commands: [...sources.commands],
    }
    if (grave.length === 0) return { due: false, result }
    const [first = ''] = grave.map(({ sentence }) => sentence)
    const more = grave.length === 1 ? '' : `, and ${grave.length - 1} more`
    return { due: false, result, failure: `${first}${more}`, hint: grave.map(({ sentence }) => sentence).join('; ') }
  },
})

/** What is in a file; a private key is described by the public half beside it. */
function audited(file: KeyFile, files: readonly KeyFile[]): Audited[] {
  const { path, kind, mode, owner, text } = file
  const written = new Date(file.written * 1000).toISOString()
  const at = { path, mode, owner, written }
  if (kind === 'private') {
    const [key] = keysIn(files.find((other) => other.path === `${path}.pub`)?.text ?? '')
    return [{ ...at, ...(key ? described(key) : toldOf(text)), kind: 'private key' }]
  }
  if (kind === 'authorities') return keysIn(text).map((key) => ({ ...at, ...described(key), kind: 'trusted CA' }))
  const certificate = parseCertificate(text)
  if (!certificate) return []
  const key = { type: text.split('-cert-')[0] ?? '', blob: certificate.key, comment: certificate.identity, options: '' }
  const { validTo } = certificate
  const expires = Number.isFinite(validTo) ? new Date(validTo * 1000).toISOString() : 'never'
  const issuer = fingerprintOf({ type: '', blob: certificate.ca, comment: '', options: '' })
  return [{ ...at, ...described(key), kind: `${certificate.kind} certificate`, expires, issuer }]
}

/** Who lets the key in on any host; of a certificate, who trusts its CA. */
function trustersOf(
  { fingerprint, issuer }: Audited,
  trusted: readonly { fingerprint: string; by: readonly string[] }[],
): string[] {
  const named = trusted.filter((one) => one.fingerprint === fingerprint || one.fingerprint === issuer)
  return [...new Set(named.flatMap(({ by }) => by))].sort()
}

/** What `ssh-keygen -l` says of a key, as in `256 SHA256:… comment (ED25519)`. */
function toldOf(text: string) {
  const [, bits, fingerprint = '', comment = '', type = ''] = /^(\d+) (SHA256:\S+) (.*) \((\S+)\)/.exec(text) ?? []
  return bits === undefined ? NOTHING : { type: type.toLowerCase(), bits: Number(bits), fingerprint, comment }
}

const NOTHING = { type: 'unknown', bits: 0, fingerprint: '', comment: '' }

function described(key: PublicKey) {
  return { type: keyTypeOf(key), bits: bitsOf(key), fingerprint: fingerprintOf(key), comment: key.comment }
}

function keysIn(text: string): PublicKey[] {
  return linesOf(text).flatMap((line) => parsePublicKey(line) ?? [])
}

function printOf(known: string): string {
  const key = parsePublicKey(known)
  return key ? fingerprintOf(key) : known
}
