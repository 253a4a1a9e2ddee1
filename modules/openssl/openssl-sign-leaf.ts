import { isDeepStrictEqual } from 'node:util'
import { type Plan, TaskFailure } from '../../engine/resource/module.ts'
import {
  type FileState,
  type Prediction,
  predict,
  predictSome,
  read,
  textOf,
  tidy,
} from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { bitsOf, keyText, weaknessOf } from './openssl-key-type.ts'
import { isSameKey, publicKeyOf, publicKeyText, type Signer, signerOf } from './openssl-look.ts'
import { ownPath, type SignHave, type SignWant } from './openssl-sign-args.ts'
import { indexOf, type Order, type SignChange } from './openssl-sign-command.ts'
import {
  certificateResult,
  digestFault,
  type Issuer,
  isSignedBy,
  issuerIn,
  isWeakDigest,
  renewalOf,
  timeFault,
} from './openssl-sign-judge.ts'
import { namesFault, subjectOf } from './subject.ts'
import { type Certificate, parseCertificates, parseRequest, type Request } from './x509.ts'
import { canonicalNames, subjectText } from './x509-names.ts'

/** The certificate of a host: kept as long as it says what is asked for, and signed anew with the reason otherwise. */
export function leafPlan(want: SignWant, have: SignHave): Plan<SignChange> {
  const { days = 90, digest, name = want.cn } = want
  const dir = tidy(want.dir)
  const path = ownPath(want)
  const renewal = renewalOf({ ...want, days })
  const signer = signerOf(have.signer)
  const issuerKey = have.issuerKey.map(publicKeyOf)
  const issuer = issuerIn(dir, { ...have, issuerKey }, { now: signer.now, renewal, days })
  const request = requestOf(want)
  const isThere = requirePlace(path, have.own)
  const [old] = parseCertificates(textOf(have.own) ?? '')
  const fault = old ? faultOf(want, old, { request, issuer, now: signer.now, renewal }) : 'is none'
  const weak = weaknesses(want, request)
  const warnings = [
    ...issuer.warnings,
    ...(weak.length === 0
      ? []
      : [`${path} is weak: ${weak.join(', ')}; replace it as soon as its users can take another`]),
  ]
  const said = { ...(warnings.length === 0 ? {} : { warnings }) }
  const above = [issuer.certificate, ...issuer.above]
  const extra = { weaknesses: weak, ca: certificateResult(path, issuer.certificate, issuer.above).ca ?? '' }
  if (old && fault === undefined)
    return { changes: [], result: { ...certificateResult(path, old, above), ...extra }, ...said }
  const order: Order = {
    ...{ issuer: dir, path, isSelf: false, subject: subjectOf(want), names: canonicalNames(want.san ?? []) },
    extensions: [
      'basicConstraints = critical,CA:FALSE',
      `keyUsage = critical,digitalSignature${bitsOf(request.publicKey) === undefined ? '' : ',keyEncipherment'}`,
      `extendedKeyUsage = ${usagesOf(want).join(',')}`,
      'subjectKeyIdentifier = hash',
      'authorityKeyIdentifier = keyid:always',
    ],
    ...{ digest: digest ?? 'sha256', days, limit: issuer.certificate.notAfter, name, keeps: isThere },
  }
  const from = isThere ? `a certificate that ${fault}` : undefined
  const to = inWords(order, issuer.certificate, weak)
  return {
    changes: [{ kind: 'sign', what: path, from, to, dir, csr: request.pem, order }],
    after: signedAfter(order, signer, have.own),
    result: { ...unknownResult(path), ...extra },
    ...said,
  }

  function unknownResult(path: string) {
    const unknown = new Unknown(`the certificate ${path}, which is not signed yet`)
    const names = ['certificate', 'chain', 'serial', 'fingerprint', 'not_before', 'not_after']
    const public_key = publicKeyText(request.publicKey)
    return { path, public_key, ...Object.fromEntries(names.map((one) => [one, unknown])) }
  }
}

/** What the reads answer once an order is carried out. */
export function signedAfter({ issuer, path, keeps }: Order, { user, group }: Signer, old: FileState): Prediction[] {
  const unknown = new Unknown(`the certificate ${path}, which is not signed yet`)
  const issued = `${issuer}/issued`
  return [
    old.type === 'absent'
      ? predictSome<FileState>(read.file(path), { type: 'file', mode: 0o644, owner: user, group })
      : predict(read.file(path), unknown),
    predict(read.file(indexOf(issuer)), unknown),
    ...(path.startsWith(`${issued}/`)
      ? [predictSome<FileState>(read.status(issued), { type: 'directory', owner: user, mode: 0o700 })]
      : []),
    ...(keeps ? [predictSome<FileState>(read.file(`${path}.1`), old)] : []),
  ]
}

/** Whether something is there; fails when it is no file. */
export function requirePlace(path: string, { type }: FileState): boolean {
  if (type === 'absent' || type === 'file') return type === 'file'
  throw new TaskFailure(`${path} is not a file but a ${type}`, 'remove it')
}

/** An order in words, for the difference. */
export function inWords(
  { subject, names, days }: Order,
  issuer: Certificate | undefined,
  weak: readonly string[],
): string {
  return [
    `${subjectText(subject)}${names.length === 0 ? '' : ` for ${names.join(', ')}`}`,
    `${days} days`,
    issuer ? `by ${subjectText(issuer.subject)}` : 'by itself',
    ...(weak.length === 0 ? [] : [`weak: ${weak.join(', ')}`]),
  ].join('; ')
}

function requestOf({ csr = '', allow = [] }: SignWant): Request {
  const request = parseRequest(csr)
  if (!request)
    throw new TaskFailure('`csr` holds no request that can be read', 'give it what `openssl-csr` has as `csr`')
  const weakness = weaknessOf(request.publicKey)
  if (weakness === undefined || (weakness === 'rsa-1024' && allow.includes(weakness))) return request
  throw new TaskFailure(
    `the request is for a key that is too weak: ${keyText(request.publicKey)}`,
    weakness === 'rsa-1024'
      ? 'make another key with `openssl-key`; if it has to be, say `allow: [rsa-1024]`'
      : 'make another key with `openssl-key`',
  )
}

function weaknesses({ digest, cn, san = [] }: SignWant, { publicKey }: Request): string[] {
  return [
    weaknessOf(publicKey) ? keyText(publicKey) : '',
    digest !== undefined && isWeakDigest(digest) ? digest : '',
    [cn, ...san].some((one) => one.startsWith('*')) ? 'one key for every name below a wildcard' : '',
  ].filter(Boolean)
}

function usagesOf({ usages = ['serverAuth', 'clientAuth'] }: SignWant): string[] {
  return [...new Set(usages)].sort().reverse()
}

/** What keeps a certificate from being the wanted one, as the rest of a sentence that begins with it. */
function faultOf(
  want: SignWant,
  old: Certificate,
  { request, issuer, now, renewal }: { request: Request; issuer: Issuer; now: number; renewal: number },
): string | undefined {
  if (!isSignedBy(old, issuer.certificate)) return 'this CA has not signed'
  if (!isSameKey(old.publicKey, request.publicKey)) return 'belongs to another key'
  if (!isDeepStrictEqual(old.subject, subjectOf(want))) return `is for ${subjectText(old.subject)}`
  const usages = [...(old.usages ?? [])].sort().reverse()
  return (
    namesFault(old.names, want.san ?? []) ??
    (isDeepStrictEqual(usages, usagesOf(want)) ? undefined : `is for ${usages.join(', ') || 'no usage'}`) ??
    (old.isAuthority ? 'is one of a CA' : undefined) ??
    digestFault(old, want.digest, want.allow ?? []) ??
    timeFault(old, now, renewal)
  )
}
