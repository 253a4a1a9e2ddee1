import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { NamePart } from './x509.ts'

/** What may stand in `san`: a DNS name, with a wildcard in front at most, or an address. */
export const NAME_PATTERN = '^((\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$'

/** One spelling of each name and address. */
export function canonicalName(name: string): string {
  return isIP(name) === 0 ? name.toLowerCase() : ipaddr.parse(name).toString()
}

/** An address from its bytes; what is none as hexadecimal. */
export function addressText(bytes: Buffer): string {
  return bytes.length === 4 || bytes.length === 16
    ? ipaddr.fromByteArray([...bytes]).toString()
    : `IP:${bytes.toString('hex')}`
}

/** The names in one spelling, each once, in one order. */
export function canonicalNames(names: readonly string[]): string[] {
  return [...new Set(names.map(canonicalName))].sort()
}

/** Names as a configuration of OpenSSL wants them, as in `DNS:a,IP:10.0.0.1`. */
export function opensslNames(names: readonly string[]): string {
  return names.map((name) => (isIP(name) === 0 ? `DNS:${name}` : `IP:${name}`)).join(',')
}

/** Whether a certificate with these names is one for `wanted`; a wildcard stands for one label, as in RFC 6125. */
export function isNamed(names: readonly string[], wanted: string): boolean {
  const name = canonicalName(wanted)
  if (names.includes(name)) return true
  const dot = name.indexOf('.')
  return isIP(name) === 0 && dot > 0 && names.includes(`*${name.slice(dot)}`)
}

/** A subject as people read it, as in `O=Example, CN=x`. */
export function subjectText(subject: readonly NamePart[]): string {
  return subject.map(([kind, value]) => `${kind}=${value}`).join(', ')
}

/** A subject as `openssl -subj` wants it. */
export function subjectOption(subject: readonly NamePart[]): string {
  return subject.map(([kind, value]) => `/${kind}=${value.replace(/[/\\+]/g, '\\$&')}`).join('')
}
