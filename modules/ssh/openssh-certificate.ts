import { WireReader, wire } from './openssh-wire.ts'

/** What an OpenSSH certificate says; see PROTOCOL.certkeys of OpenSSH. */
export interface Certificate {
  kind: 'user' | 'host'
  /** The plain key that it certifies, as base64 of its blob. */
  key: string
  /** The key that signed it, as base64 of its blob. */
  ca: string
  serial: bigint
  identity: string
  principals: readonly string[]
  /** Seconds since 1970. */
  validFrom: number
  /** Seconds since 1970; Infinity for one that never expires. */
  validTo: number
  /** Critical options and extensions in the words of `ssh-keygen -O`, sorted. */
  options: readonly string[]
}

const SUFFIX = '-cert-v01@openssh.com'

/** How many fields make up the key of each type. */
const KEY_FIELDS: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519': 2,
  'sk-ecdsa-sha2-nistp256': 3,
}

const FOREVER = 0xffffffffffffffffn

/** The certificate in a line of a `-cert.pub` file; undefined when it holds none. */
export function parseCertificate(line: string): Certificate | undefined {
  const [named = '', blob = ''] = line.trim().split(/\s+/)
  if (!named.endsWith(SUFFIX) || !/^[A-Za-z0-9+/]+={0,3}$/.test(blob)) return undefined
  try {
    return certificateIn(named, new WireReader(Buffer.from(blob, 'base64')))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function certificateIn(named: string, reader: WireReader): Certificate | undefined {
  const type = named.slice(0, -SUFFIX.length)
  const count = KEY_FIELDS[type]
  if (count === undefined || reader.text() !== named) return undefined
  reader.string() // a nonce
  const plainType = type.startsWith('sk-') ? `${type}@openssh.com` : type
  const key = Buffer.concat([plainType, ...Array.from({ length: count }, () => reader.string())].map(wire.string))
  const serial = reader.uint64()
  const kind = reader.uint32() === 2 ? 'host' : 'user'
  const identity = reader.text()
  const principals = new WireReader(reader.string()).strings().map(String)
  const [from, to] = [reader.uint64(), reader.uint64()]
  const options = [...optionsIn(reader.string()), ...optionsIn(reader.string())].sort()
  reader.string() // reserved
  const ca = reader.string().toString('base64')
  return {
    ...{ kind, key: key.toString('base64'), ca, serial, identity, principals, options },
    validFrom: Number(from),
    validTo: to === FOREVER ? Number.POSITIVE_INFINITY : Number(to),
  }
}

/** Names with their values, each of which is a string inside a string, or empty. */
function optionsIn(bytes: Buffer): string[] {
  const reader = new WireReader(bytes)
  const found: string[] = []
  while (!reader.isAtEnd) {
    const name = reader.text()
    const value = reader.string()
    found.push(value.length === 0 ? name : `${name}=${new WireReader(value).text()}`)
  }
  return found
}
