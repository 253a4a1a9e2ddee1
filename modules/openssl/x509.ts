import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { type Der, inside, oidOf, readDer, textOf } from './der.ts'
import { addressText, canonicalName } from './x509-names.ts'

/** A certificate, as far as anything here asks. Made of bytes of a host: nothing in it is to be trusted before `verify`. */
export interface Certificate {
  pem: string
  x509: X509Certificate
  publicKey: KeyObject
  /** Its parts in their order, as in `['O', 'Example'], ['CN', 'x']`. */
  subject: readonly NamePart[]
  /** DNS names and addresses in their canonical form, sorted; what is neither stands with its kind, as in `URI:…`. */
  names: readonly string[]
  /** `serverAuth`, `clientAuth`, or an identifier in dots; undefined when the certificate does not say. */
  usages: readonly string[] | undefined
  /** As in `sha256`; the identifier in dots where it is none of the known ones. */
  digest: string
  isAuthority: boolean
  /** How many authorities may stand below it; undefined: any number. */
  pathLength: number | undefined
  /** Whether its key may sign certificates. */
  mayCertify: boolean
  /** Upper case hexadecimal. */
  serial: string
  /** Seconds since 1970. */
  notBefore: number
  notAfter: number
}

export type NamePart = readonly [kind: string, value: string]

const KINDS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
}

const USAGES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
}

const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5',
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}

/** Every certificate in a file of PEM texts, in its order; what is none is passed over. */
export function parseCertificates(text: string): Certificate[] {
  return blocksOf(text, 'CERTIFICATE').flatMap((pem) => parseOne(pem) ?? [])
}

function parseOne(pem: string): Certificate | undefined {
  let x509: X509Certificate
  let publicKey: KeyObject
  try {
    x509 = new X509Certificate(pem)
    publicKey = x509.publicKey
  } catch {
    return undefined
  }
  const [body, algorithm] = inside(readDer(x509.raw)?.[0])
  const fields = inside(body)
  // The version comes first, and only when it is not the first one.
  const [, , , , subject] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields
  const extensions = extensionsOf(fields.find(({ tag }) => tag === 0xa3))
  const [authority, length] = inside(extensions.get('2.5.29.19')).toSorted((a, b) => a.tag - b.tag)
  const isAuthority = authority?.tag === 0x01 && authority.content[0] !== 0
  const keyUsage = extensions.get('2.5.29.15')?.content
  const usages = extensions.get('2.5.29.37')
  const digest = oidOf(inside(algorithm)[0])
  return {
    pem,
    x509,
    publicKey,
    subject: namePartsOf(subject),
    names: alternativeNames(extensions.get('2.5.29.17')),
    usages: usages && inside(usages).map((one) => USAGES[oidOf(one)] ?? oidOf(one)),
    digest: DIGESTS[digest] ?? digest,
    isAuthority,
    pathLength: isAuthority && length?.tag === 0x02 ? numberOf(length) : undefined,
    mayCertify: keyUsage === undefined || ((keyUsage[1] ?? 0) & 0x04) !== 0,
    serial: x509.serialNumber,
    notBefore: Date.parse(x509.validFrom) / 1000,
    notAfter: Date.parse(x509.validTo) / 1000,
  }
}

/** A request to be given a certificate; see RFC 2986. */
export interface Request {
  pem: string
  publicKey: KeyObject
  subject: readonly NamePart[]
  names: readonly string[]
}

/** The first request in a text; undefined when there is none that can be read. */
export function parseRequest(text: string): Request | undefined {
  const pem = blocksOf(text, 'CERTIFICATE REQUEST')[0] ?? blocksOf(text, 'NEW CERTIFICATE REQUEST')[0]
  if (pem === undefined) return undefined
  const [body] = inside(derOf(pem))
  const [, subject, key, attributes] = inside(body)
  const publicKey = publicKeyOf(key)
  if (!publicKey) return undefined
  const wanted = inside(attributes).find((one) => oidOf(inside(one)[0]) === '1.2.840.113549.1.9.14')
  const extensions = extensionsOf(inside(wanted)[1])
  return { pem, publicKey, subject: namePartsOf(subject), names: alternativeNames(extensions.get('2.5.29.17')) }
}

/** A public key from PEM text; undefined when it is none. */
export function parsePublicKey(text: string): KeyObject | undefined {
  const pem = blocksOf(text, 'PUBLIC KEY')[0]
  return pem === undefined ? undefined : publicKeyOf(derOf(pem))
}

function publicKeyOf(value: Der | undefined): KeyObject | undefined {
  if (!value) return undefined
  try {
    return createPublicKey({ key: value.whole, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function derOf(pem: string): Der | undefined {
  return readDer(Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64'))?.[0]
}

/** PEM texts of one kind, each with a line break at its end. */
function blocksOf(text: string, kind: string): string[] {
  const [begin, end] = [`-----BEGIN ${kind}-----`, `-----END ${kind}-----`]
  return text
    .split(begin)
    .slice(1)
    .flatMap((rest) => {
      const at = rest.indexOf(end)
      return at < 0 ? [] : [`${begin}${rest.slice(0, at).replaceAll('\r', '')}${end}\n`]
    })
}

/** Extensions by identifier, each with the value that it wraps. `holder` wraps their SEQUENCE. */
function extensionsOf(holder: Der | undefined): Map<string, Der> {
  return new Map(
    inside(inside(holder)[0]).flatMap((extension) => {
      const parts = inside(extension)
      const value = parts.at(-1)?.tag === 0x04 ? inside(parts.at(-1))[0] : undefined
      return value ? [[oidOf(parts[0]), value] as const] : []
    }),
  )
}

function namePartsOf(name: Der | undefined): NamePart[] {
  return inside(name).flatMap((set) =>
    inside(set).map((part): NamePart => {
      const [kind, value] = inside(part)
      return [KINDS[oidOf(kind)] ?? oidOf(kind), textOf(value)]
    }),
  )
}

function alternativeNames(value: Der | undefined): string[] {
  return inside(value)
    .map(({ tag, content }) => {
      if (tag === 0x82) return canonicalName(content.toString('latin1'))
      if (tag === 0x87) return addressText(content)
      if (tag === 0x86) return `URI:${content.toString('latin1')}`
      return `${tag.toString(16)}:${content.toString('hex')}`
    })
    .sort()
}

function numberOf({ content }: Der): number | undefined {
  return content.length === 1 ? content[0] : undefined
}
