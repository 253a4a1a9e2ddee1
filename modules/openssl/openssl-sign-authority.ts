import { isDeepStrictEqual } from 'node:util'
import { type Plan, TaskFailure } from '../../engine/resource/module.ts'
import {
  type FileState,
  fileOf,
  type Prediction,
  predict,
  predictSome,
  read,
  textOf,
  tidy,
} from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { typeOf } from './openssl-key-type.ts'
import { isSameKey, publicKeyOf, publicKeyRead, publicKeyText, type Signer, signerOf } from './openssl-look.ts'
import { ownPath, type SignHave, type SignWant } from './openssl-sign-args.ts'
import type { Order, SignChange } from './openssl-sign-command.ts'
import { folderAfter, folderChanges } from './openssl-sign-folder.ts'
import {
  certificateResult,
  digestFault,
  type Issuer,
  isSignedBy,
  issuerIn,
  renewalOf,
  timeFault,
} from './openssl-sign-judge.ts'
import { inWords, requirePlace, signedAfter } from './openssl-sign-leaf.ts'
import { subjectOf } from './subject.ts'
import { type Certificate, parseCertificates } from './x509.ts'
import { subjectText } from './x509-names.ts'

/** A CA in its folder: made once, kept closed, and never replaced by another of the same name. */
export function authorityPlan(want: SignWant, have: SignHave): Plan<SignChange> {
  const { kind, days = 1825, digest } = want
  const dir = tidy(want.dir)
  const path = ownPath(want)
  const renewal = renewalOf({ ...want, days })
  const signer = signerOf(have.signer)
  const issuer = kind === 'intermediate' ? parentOf(want, have, { now: signer.now, renewal, days }) : undefined
  const work: Work = { ...folderChanges(dir, have, signer), warnings: [...(issuer?.warnings ?? [])] }
  const [old] = parseCertificates(textOf(have.own) ?? '')
  const isThere = requirePlace(path, have.own)
  const weak = digest === 'sha1' ? ['sha1'] : []
  work.warnings.push(...weak.map((one) => `${path} is weak: ${one}`))
  const order = orderOf(want, issuer, isThere)
  const terms: Terms = { dir, order, words: inWords(order, issuer?.certificate, weak), issuer, signer, renewal }
  if (have.keyFile.every(({ type }) => type === 'absent')) addNew(want, have, terms, work)
  else addRenewed(want, have, { ...terms, old }, work)
  const isSigned = work.changes.some(({ kind }) => kind === 'make' || kind === 'sign')
  if (issuer) addAbove(dir, issuer, have, work)
  return {
    changes: work.changes,
    after: work.after,
    result: old && !isSigned ? certificateResult(path, old, aboveOf(issuer)) : unknownResult(path, have, issuer),
    ...(work.warnings.length === 0 ? {} : { warnings: work.warnings }),
  }
}

/** What has been found to be done. */
interface Work {
  changes: SignChange[]
  after: Prediction[]
  warnings: string[]
}

/** What a CA is made or renewed by. */
interface Terms {
  dir: string
  order: Order
  words: string
  issuer: Issuer | undefined
  signer: Signer
  renewal: number
}

function orderOf(want: SignWant, issuer: Issuer | undefined, keeps: boolean): Order {
  const { days = 1825, digest = 'sha256', cn, path_length = 0 } = want
  return {
    issuer: tidy(issuer ? (want.parent ?? '') : want.dir),
    path: ownPath(want),
    isSelf: issuer === undefined,
    subject: subjectOf(want),
    names: [],
    extensions: [
      `basicConstraints = critical,CA:TRUE,pathlen:${path_length}`,
      'keyUsage = critical,keyCertSign,cRLSign',
      'subjectKeyIdentifier = hash',
      ...(issuer ? ['authorityKeyIdentifier = keyid:always'] : []),
    ],
    ...{ digest, days, limit: issuer?.certificate.notAfter, name: cn, keeps },
  }
}

/** A CA that has no key yet. */
function addNew(
  { type = 'ecdsa-p256' }: SignWant,
  have: SignHave,
  { dir, order, words, signer }: Terms,
  to: Work,
): void {
  if (order.keeps)
    throw new TaskFailure(
      `the CA in ${dir} has lost its key`,
      'bring ca.key back from where it is kept safe, or make another CA in another folder',
    )
  const isNewFolder = have.folder.every(({ type }) => type === 'absent')
  const what = order.path
  to.changes.push({
    kind: 'make',
    what,
    from: undefined,
    to: `${words}; a new ${type} key`,
    dir,
    isNewFolder,
    type,
    order,
  })
  const status = { type: 'file' as const, mode: 0o600, owner: signer.user, group: signer.group }
  to.after.push(
    ...(isNewFolder ? [folderAfter(dir, signer.user)] : []),
    ...signedAfter(order, signer, have.own),
    predictSome<FileState>(read.file(`${dir}/ca.key`), status),
    predict(publicKeyRead(`${dir}/ca.key`), new Unknown(`the CA in ${dir}, which does not exist yet`)),
  )
}

/** A CA that has its key: another certificate for it, where one is due and wanted. */
function addRenewed(
  want: SignWant,
  have: SignHave,
  { dir, order, words, issuer, signer, renewal, old }: Terms & { old: Certificate | undefined },
  to: Work,
): void {
  const key = have.ownKey.map(publicKeyOf)[0]
  if (!key) throw new TaskFailure(`${dir}/ca.key cannot be read as a key without a passphrase`, 'choose another folder')
  const found = old
    ? faultsOf(want, old, { key, issuer, now: signer.now, renewal })
    : { fault: 'is none', fatal: false }
  if (found.fault !== undefined && (found.fatal || (old && want.renew !== 'same-key')))
    throw new TaskFailure(
      `the CA in ${dir} ${found.fault}`,
      found.fatal
        ? 'another CA needs another folder: what this one has signed would no longer be valid'
        : 'give it a new certificate for the same key, with `renew: same-key`',
    )
  const end = old && timeFault(old, signer.now, renewal)
  const fault = found.fault ?? (want.renew === 'same-key' ? end : undefined)
  if (fault !== undefined) {
    const from = order.keeps ? `a certificate that ${fault}` : undefined
    to.changes.push({ kind: 'sign', what: order.path, from, to: `${words}; the same key`, dir, csr: undefined, order })
    to.after.push(...signedAfter(order, signer, have.own))
  } else if (end !== undefined) to.warnings.push(`the CA in ${dir} ${end}: renew it with \`renew: same-key\``)
}

const aboveOf = (issuer: Issuer | undefined) => (issuer ? [issuer.certificate, ...issuer.above] : [])

/** What is known of a CA before it is signed: the key, when that stays. */
function unknownResult(path: string, { ownKey }: SignHave, issuer: Issuer | undefined) {
  const [key] = ownKey.map(publicKeyOf)
  const unknown = new Unknown(`the certificate ${path}, which is not signed yet`)
  const names = ['certificate', 'chain', 'serial', 'fingerprint', 'not_before', 'not_after']
  const ca = issuer ? (certificateResult(path, issuer.certificate, issuer.above).ca ?? '') : unknown
  const public_key = key ? publicKeyText(key) : unknown
  return { path, public_key, ...Object.fromEntries(names.map((one) => [one, unknown])), ca }
}

function parentOf(
  { parent = '', path_length = 0 }: SignWant,
  have: SignHave,
  terms: { now: number; renewal: number; days: number },
): Issuer {
  const dir = tidy(parent)
  const issuer = issuerIn(dir, { ...have, issuerKey: have.issuerKey.map(publicKeyOf) }, terms)
  const { pathLength } = issuer.certificate
  if (pathLength === undefined || pathLength > path_length) return issuer
  throw new TaskFailure(
    `the CA in ${dir} allows ${pathLength} CAs below it, too few for one with a path_length of ${path_length}`,
    'a CA needs a `path_length` that is greater than that of each CA below it',
  )
}

/** The certificates above an intermediate CA lie beside its own, so that it can be used without its parent. */
function addAbove(
  dir: string,
  issuer: Issuer,
  have: SignHave,
  to: { changes: SignChange[]; after: Prediction[] },
): void {
  const path = `${dir}/above.pem`
  const text = aboveOf(issuer)
    .map(({ pem }) => pem)
    .join('')
  const [file] = have.ownAbove
  if (!file || !requirePlace(path, file) || textOf(file) !== text) {
    const from = file?.type === 'file' ? 'other certificates' : undefined
    to.changes.push({ kind: 'above', what: path, from, to: 'the certificates above it', text })
    const { owner, group, ...rest } = fileOf(text, { mode: 0o644 })
    to.after.push(predictSome<FileState>(read.file(path), rest))
  }
}

/** What is wrong with a CA, and whether a new certificate for its key would not mend it. */
function faultsOf(
  want: SignWant,
  old: Certificate,
  {
    key,
    issuer,
    now,
    renewal,
  }: { key: Certificate['publicKey']; issuer: Issuer | undefined; now: number; renewal: number },
): { fault: string | undefined; fatal: boolean } {
  const fatal =
    (isSameKey(key, old.publicKey) ? undefined : 'has a ca.pem that does not belong to its ca.key') ??
    (old.isAuthority && old.mayCertify ? undefined : 'has a certificate that is not one of a CA') ??
    (want.type === undefined || typeOf(key) === want.type ? undefined : `has a key of the type ${typeOf(key)}`) ??
    (isDeepStrictEqual(old.subject, subjectOf(want)) ? undefined : `is ${subjectText(old.subject)}`)
  if (fatal !== undefined) return { fault: fatal, fatal: true }
  const { path_length = 0, digest, allow = [] } = want
  const time = timeFault(old, now, renewal)
  const fault =
    (isSignedBy(old, issuer?.certificate ?? old) ? undefined : 'was signed by another') ??
    (old.pathLength === path_length ? undefined : `has the path_length ${old.pathLength ?? 'of no bound'}`) ??
    digestFault(old, digest, allow) ??
    (time?.startsWith('ends') ? undefined : time)
  return { fault, fatal: false }
}
