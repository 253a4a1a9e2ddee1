import type { TlsFile } from '../openssl/tls-files.ts'
import { type Certificate, parseCertificates } from '../openssl/x509.ts'
import { subjectText } from '../openssl/x509-names.ts'
import type { Audited } from './key-audit-findings.ts'

/** Certificates, CAs and private keys for TLS as an audit lists them. */
export function auditedTls(files: readonly TlsFile[]): Audited[] {
  return files.flatMap(({ path, kind, mode, owner, written, text }): Audited[] => {
    const at = { path, mode, owner, written: new Date(written * 1000).toISOString() }
    if (kind === 'private')
      return [{ ...at, kind: 'TLS private key', type: 'unknown', bits: 0, fingerprint: '', comment: '' }]
    return parseCertificates(text).map((certificate) => ({ ...at, ...described(certificate) }))
  })
}

function described(certificate: Certificate) {
  const { x509, publicKey, subject, names, isAuthority, notAfter, digest } = certificate
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  // The signature of a root is of itself, and proves nothing to anybody.
  const isForgeable = (digest === 'sha1' || digest === 'md5') && x509.issuer !== x509.subject
  return {
    kind: isAuthority ? 'TLS CA' : 'TLS certificate',
    type: publicKey.asymmetricKeyType ?? 'unknown',
    bits: modulusLength ?? Number(/\d{3}/.exec(namedCurve ?? '')?.[0] ?? 0),
    fingerprint: `SHA256:${x509.fingerprint256.replaceAll(':', '').toLowerCase()}`,
    comment: subjectText(subject) || names.join(', '),
    expires: new Date(notAfter * 1000).toISOString(),
    issuer: x509.issuer.replaceAll('\n', ', '),
    names,
    ...(isForgeable ? { weakness: `signed with ${digest}` } : {}),
  }
}
