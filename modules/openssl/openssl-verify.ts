import { type Static, Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { type FileState, type RawState, read, textOf, tidy } from '../../engine/resource/read.ts'
import { chainOf } from './certificate-chain.ts'
import { keyText, weaknessOf } from './openssl-key-type.ts'
import { isSameKey, publicKeyOf, publicKeyRead, signerRead } from './openssl-look.ts'
import { dayOf, isWeakDigest } from './openssl-sign-judge.ts'
import { type Certificate, parseCertificates } from './x509.ts'
import { isNamed, NAME_PATTERN } from './x509-names.ts'

const args = Arg.object({
  cert: Arg.path({ description: 'Certificate on the host; those of intermediate CAs may follow it in the file.' }),
  ca: Arg.path({ description: 'Certificates that are trusted, one or several in a file.' }),
  key: Type.Optional(Arg.path({ description: 'Private key that the certificate must belong to.' })),
  names: Type.Optional(
    Type.Array(Type.String({ pattern: NAME_PATTERN }), {
      description: 'DNS names and addresses that it must all be for.',
    }),
  ),
  usages: Type.Optional(
    Type.Array(Arg.choice(['serverAuth', 'clientAuth'], {}), {
      description: 'What it must be usable for; both serverAuth and clientAuth by default.',
    }),
  ),
  min_days: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Days that it must still be valid for; 7 by default.' }),
  ),
  allow: Type.Optional(
    Type.Array(Arg.choice(['rsa-1024', 'sha1'], {}), {
      description: 'Weaknesses that are put up with: `rsa-1024` for rsa keys below 2048 bits, and `sha1`.',
    }),
  ),
})

type Want = Static<typeof args>

// A type, not an interface: only then is it a record of reads.
type VerifyReads = {
  cert: ReturnType<typeof read.file>
  ca: ReturnType<typeof read.file>
  signer: typeof signerRead
  key?: ReturnType<typeof publicKeyRead>
}

/** What an openssl in the handshake would find, and more, found beforehand. */
export const opensslVerify = defineAction({
  name: 'openssl-verify',
  summary:
    'Fails unless a certificate on the host will do: chain, names, usages, key, time and strength, by the clock of the host.',
  args,
  examples: [
    `- openssl-sign: { kind: root, dir: /root/verify-ca, cn: Example CA }
- openssl-key: { path: /root/verify.key }
- openssl-csr: { key: /root/verify.key, cn: example }
  register: request
- openssl-sign: { dir: /root/verify-ca, csr: "{{ request.csr }}", cn: example, san: [example.test, 10.0.0.1] }
- openssl-verify:
    cert: /root/verify-ca/issued/example.pem
    ca: /root/verify-ca/ca.pem
    key: /root/verify.key
    names: [example.test, 10.0.0.1]
    min_days: 30
- openssl-verify: { cert: /root/verify-ca/issued/example.pem, ca: /root/verify-ca/ca.pem, usages: [serverAuth] }
`,
  ],
  looks: true,

  reads: ({ cert, ca, key }): VerifyReads => ({
    cert: read.file(cert),
    ca: read.file(ca),
    signer: signerRead,
    ...(key === undefined ? {} : { key: publicKeyRead(tidy(key)) }),
  }),

  decide(want, have: { cert: FileState; ca: FileState; signer: RawState; key?: RawState }) {
    const now = Number(/^\d{1,15}/.exec(have.signer.stdout.toString('latin1'))?.[0] ?? Number.NaN)
    const [certificate, ...between] = parseCertificates(textOf(have.cert) ?? '')
    const faults = certificate
      ? certificateFaults(want, certificate, { have, between, now })
      : [missing(want.cert, have.cert)]
    if (certificate && faults.length === 0) {
      const days = Math.floor((certificate.notAfter - now) / 86400)
      const verdict = `${want.cert} is fine until ${dayOf(certificate.notAfter)}`
      const { serial } = certificate
      return {
        due: false,
        result: { passed: true, verdict, faults: [], days_left: days, serial: serial.toLowerCase() },
      }
    }
    const verdict = `${want.cert} will not do: ${faults.join('; ')}`
    return { due: false, failure: verdict, result: { passed: false, verdict, faults } }
  },
})

function certificateFaults(
  { ca, key, names = [], usages = ['serverAuth', 'clientAuth'], min_days = 7, allow = [] }: Want,
  certificate: Certificate,
  { have, between, now }: { have: { ca: FileState; key?: RawState }; between: readonly Certificate[]; now: number },
): string[] {
  const trusted = parseCertificates(textOf(have.ca) ?? '')
  const chain = chainOf(certificate, { trusted, between, now })
  const publicKey = have.key && publicKeyOf(have.key)
  const notFor = names.filter((name) => !isNamed(certificate.names, name))
  const unusable = usages.filter((usage) => certificate.usages !== undefined && !certificate.usages.includes(usage))
  const links = 'links' in chain ? chain.links : [certificate]
  const left = certificate.notAfter - now
  return [
    trusted.length === 0 ? missing(ca, have.ca) : 'fault' in chain ? chain.fault : '',
    key !== undefined && !publicKey ? `${key} is no key that can be read` : '',
    publicKey && !isSameKey(publicKey, certificate.publicKey) ? `it does not belong to the key ${key}` : '',
    notFor.length === 0 ? '' : `it is not for ${notFor.join(', ')}`,
    unusable.length === 0 ? '' : `it is not for ${unusable.join(', ')}`,
    Number.isNaN(now) ? 'the host does not tell its time' : '',
    certificate.notBefore > now ? `it is not valid before ${dayOf(certificate.notBefore)}` : '',
    left <= 0 ? `it ended on ${dayOf(certificate.notAfter)}` : '',
    left > 0 && left < min_days * 86400 ? `it ends on ${dayOf(certificate.notAfter)}, within ${min_days} days` : '',
    ...links.map((link) => weakness(link, allow)),
  ].filter(Boolean)
}

/** A certificate that signs itself is trusted as it is, so its own signature does not matter. */
function weakness({ publicKey, digest, x509 }: Certificate, allow: readonly string[]): string {
  const weak = weaknessOf(publicKey)
  if (weak !== undefined && !(weak === 'rsa-1024' && allow.includes(weak)))
    return `the key, ${keyText(publicKey)}, is weak`
  if (x509.subject === x509.issuer || !isWeakDigest(digest) || (digest === 'sha1' && allow.includes('sha1'))) return ''
  return `a signature with ${digest} is weak`
}

function missing(path: string, { type }: FileState): string {
  if (type === 'absent') return `${path} does not exist`
  return type === 'file' ? `${path} holds no certificate` : `${path} is not a file but a ${type}`
}
