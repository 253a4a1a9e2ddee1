import { createHash } from 'node:crypto'

/** A public key as OpenSSH writes it in one line; see sshd(8), AUTHORIZED_KEYS FILE FORMAT. */
export interface PublicKey {
  /** As in `ssh-ed25519`. */
  type: string
  /** The key itself in base64: what makes two keys the same. */
  blob: string
  comment: string
  /** What stands before the key in an authorized_keys file, or empty. */
  options: string
}

/** The key in a line of a `.pub` or authorized_keys file; undefined when the line holds none. */
export function parsePublicKey(line: string): PublicKey | undefined {
  const text = line.trim()
  if (text.startsWith('#')) return undefined
  const plain = keyAt(text)
  if (plain) return { ...plain, options: '' }
  const options = /^(?:"(?:\\"|[^"])*"|[^\s"])+/.exec(text)?.[0] ?? ''
  const key = options === '' ? undefined : keyAt(text.slice(options.length).trimStart())
  return key && { ...key, options }
}

/** The key as a line without options, as a `.pub` file has it. */
export function formatPublicKey({ type, blob, comment }: PublicKey): string {
  return comment === '' ? `${type} ${blob}` : `${type} ${blob} ${comment}`
}

/** As `ssh-keygen -l` prints it: SHA-256 of the key in base64 without padding. */
export function fingerprintOf({ blob }: PublicKey): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`
}

/** The key's size in bits, as ssh-keygen counts it; 0 for a type that this does not know. */
export function bitsOf({ type, blob }: PublicKey): number {
  const fields = fieldsOf(Buffer.from(blob, 'base64'))
  if (type.startsWith('ssh-ed25519') || type.startsWith('sk-')) return 256
  const curve = /^ecdsa-sha2-nistp(\d+)/.exec(type)?.[1]
  if (curve !== undefined) return Number(curve)
  const modulus = fields[2]?.toString('hex').replace(/^0+/, '')
  return type === 'ssh-rsa' && modulus ? BigInt(`0x${modulus}`).toString(2).length : 0
}

/** The words of ssh-keygen's `-t` for the types that it makes. */
export const KEY_TYPES = ['ed25519', 'rsa', 'ecdsa'] as const
export type KeyType = (typeof KEY_TYPES)[number]

/** The word for `ssh-keygen -t` that makes such a key, or the type itself. */
export function keyTypeOf({ type }: PublicKey): string {
  return type.startsWith('ecdsa-') ? 'ecdsa' : type.replace(/^ssh-/, '')
}

function keyAt(text: string): Omit<PublicKey, 'options'> | undefined {
  const match = /^(\S+)[ \t]+([A-Za-z0-9+/]+={0,3})(?:[ \t]+(.*))?$/.exec(text)
  if (!match) return undefined
  const [, type = '', blob = '', comment = ''] = match
  const named = fieldsOf(Buffer.from(blob, 'base64'))[0]?.toString('latin1')
  return named === type ? { type, blob, comment: comment.trim() } : undefined
}

/** The strings of an SSH wire message (RFC 4251, section 5): each has its length in front; stops at what does not fit. */
function fieldsOf(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) break
    fields.push(bytes.subarray(at + 4, end))
    at = end
  }
  return fields
}
