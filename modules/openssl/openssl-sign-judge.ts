import type { KeyObject } from 'node:crypto'
import { TaskFailure } from '../../engine/resource/module.ts'
import { type FileState, textOf } from '../../engine/resource/read.ts'
import type { Value } from '../../engine/resource/value.ts'
import { isSameKey, publicKeyText } from './openssl-look.ts'
import { type Certificate, parseCertificates } from './x509.ts'

const DAY = 86400

/** A day as people and indexes write it; the same whenever it is looked at. */
export function dayOf(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? 'a day that is none' : date.toISOString().slice(0, 10)
}

/** A moment, or null where a certificate says one that is none. */
function momentOf(seconds: number): string | null {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('.000Z', 'Z')
}

/** Seconds before its end at which a certificate is due for another. */
export function renewalOf({ days, renew_before }: { days: number; renew_before?: number }): number {
  const wanted = renew_before ?? Math.min(Math.max(30, days / 3), days / 2)
  if (wanted < days) return wanted * DAY
  throw new TaskFailure(
    `a certificate of ${days} days that is due ${wanted} days before its end would always be due`,
    'let `days` be more than `renew_before`',
  )
}

/** What is wrong with the time of a certificate, as the rest of a sentence that begins with it. */
export function timeFault({ notBefore, notAfter }: Certificate, now: number, renewal: number): string | undefined {
  // A date that cannot be read is in no order with another.
  if (!(notBefore <= now)) return `is not valid before ${dayOf(notBefore)}`
  if (!(notAfter > now)) return `ended on ${dayOf(notAfter)}`
  return notAfter - now > renewal ? undefined : `ends on ${dayOf(notAfter)}`
}

/** What is wrong with what a certificate was signed with. */
export function digestFault({ digest: have }: Certificate, want: string | undefined, allow: readonly string[]) {
  if (want !== undefined && want !== have) return `is signed with ${have}`
  return isWeakDigest(have) && !(have === 'sha1' && allow.includes('sha1')) ? `is signed with ${have}` : undefined
}

export function isWeakDigest(digest: string): boolean {
  return digest === 'sha1' || digest === 'md5'
}

/** Whether `issuer` has signed it. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.checkIssued(issuer.x509) && certificate.x509.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/** A CA that can sign. */
export interface Issuer {
  certificate: Certificate
  /** The certificates above it, up to the root. */
  above: readonly Certificate[]
  warnings: string[]
}

/** The CA in a folder, once it is clear that it may sign something that has to last for `renewal` seconds and more. */
export function issuerIn(
  dir: string,
  have: { issuer: readonly FileState[]; above: readonly FileState[]; issuerKey: readonly (KeyObject | undefined)[] },
  { now, renewal, days }: { now: number; renewal: number; days: number },
): Issuer {
  const [certificate] = have.issuer.flatMap((file) => parseCertificates(textOf(file) ?? ''))
  if (!certificate)
    throw new TaskFailure(`there is no CA in ${dir}`, 'make it with `openssl-sign` and `kind: root` before this task')
  const [key] = have.issuerKey
  if (!key) throw new TaskFailure(`the CA in ${dir} has lost its key`, 'bring ca.key back from where it is kept safe')
  if (!isSameKey(key, certificate.publicKey))
    throw new TaskFailure(`ca.key and ca.pem in ${dir} do not belong together`, 'bring back the one that is missing')
  if (!certificate.isAuthority || !certificate.mayCertify)
    throw new TaskFailure(`the certificate in ${dir} is not one of a CA`, 'name the folder of a CA')
  const left = certificate.notAfter - now
  if (!(left > renewal))
    throw new TaskFailure(
      `the CA in ${dir} ${left > 0 ? 'ends' : 'ended'} on ${dayOf(certificate.notAfter)}, too soon for what it would sign`,
      'give it a new certificate first, with `renew: same-key`, and bring that to everybody who trusts it',
    )
  const warnings =
    left < days * DAY ? [`the CA in ${dir} ends on ${dayOf(certificate.notAfter)}, and what it signs with it`] : []
  return { certificate, above: have.above.flatMap((file) => parseCertificates(textOf(file) ?? '')), warnings }
}

/** What `register` sees of a certificate, with all that stands above it up to the root. */
export function certificateResult(
  path: string,
  own: Certificate,
  above: readonly Certificate[],
): Record<string, Value> {
  const all = [own, ...above]
  const isRoot = ({ x509 }: Certificate) => x509.subject === x509.issuer
  return {
    path,
    certificate: own.pem,
    chain: all
      .filter((one, index) => index === 0 || !isRoot(one))
      .map(({ pem }) => pem)
      .join(''),
    ca: (all.findLast(isRoot) ?? all.at(-1))?.pem ?? '',
    public_key: publicKeyText(own.publicKey),
    serial: own.serial.toLowerCase(),
    fingerprint: own.x509.fingerprint256,
    not_before: momentOf(own.notBefore),
    not_after: momentOf(own.notAfter),
  }
}
