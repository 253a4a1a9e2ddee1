import { type Krl, merged, type Range, type Revoked, together } from './krl.ts'
import { WireReader, wire } from './openssh-wire.ts'

const MAGIC = 'SSHKRL\n\0'
const SECTION = { certificates: 1, key: 2, sha1: 3, sha256: 5 } as const
const PART = { list: 0x20, range: 0x21, bitmap: 0x22, identity: 0x23 } as const

/** The list in a file; undefined when the file is none, or says what cannot be said here. */
export function parseKrl(bytes: Buffer): Krl | undefined {
  try {
    return krlIn(new WireReader(bytes))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function krlIn(reader: WireReader): Krl | undefined {
  if (reader.bytes(8).toString('latin1') !== MAGIC || reader.uint32() !== 1) return undefined
  const version = reader.uint64()
  reader.bytes(16) // when it was made, and flags
  reader.string() // reserved
  reader.string() // a comment
  const keys = new Set<string>()
  const fingerprints = new Set<string>()
  const sha1 = new Set<string>()
  const authorities = new Map<string, Revoked>()
  while (!reader.isAtEnd) {
    const section = reader.byte()
    const body = new WireReader(reader.string())
    if (section === SECTION.key) for (const key of body.strings()) keys.add(key.toString('base64'))
    else if (section === SECTION.sha1) for (const hash of body.strings()) sha1.add(hash.toString('hex'))
    else if (section === SECTION.sha256) for (const hash of body.strings()) fingerprints.add(printOf(hash))
    else if (section === SECTION.certificates) {
      const ca = body.string().toString('base64')
      body.string() // reserved
      const revoked = revokedIn(body)
      if (!revoked) return undefined
      authorities.set(ca, together(authorities.get(ca), revoked))
    } else return undefined
  }
  return { version, keys, fingerprints, sha1, authorities }
}

function revokedIn(body: WireReader): Revoked | undefined {
  const serials: Range[] = []
  const identities = new Set<string>()
  while (!body.isAtEnd) {
    const kind = body.byte()
    const part = new WireReader(body.string())
    if (kind === PART.list) {
      while (!part.isAtEnd) serials.push(alone(part.uint64()))
    } else if (kind === PART.range) serials.push([part.uint64(), part.uint64()])
    else if (kind === PART.bitmap) serials.push(...bitsOf(part.uint64(), part.string()))
    else if (kind === PART.identity) for (const one of part.strings()) identities.add(one.toString('utf8'))
    else return undefined
  }
  return { serials: merged(serials), identities }
}

/** A bit for each serial number from the offset on, the last bit first. */
function bitsOf(offset: bigint, bitmap: Buffer): Range[] {
  const bits = bitmap.length * 8
  const isSet = (bit: number) => ((bitmap[bitmap.length - 1 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0
  return Array.from({ length: bits }, (_, bit) => bit)
    .filter(isSet)
    .map((bit) => alone(offset + BigInt(bit)))
}

/** The file that sshd reads: the same list gives the same bytes. */
export function formatKrl({ version, keys, fingerprints, sha1, authorities }: Krl): Buffer {
  const header = [Buffer.from(MAGIC, 'latin1'), wire.uint32(1), wire.uint64(version), Buffer.alloc(16)]
  const section = (kind: number, parts: readonly Buffer[]) =>
    parts.length === 0 ? [] : [wire.byte(kind), wire.string(Buffer.concat(parts))]
  const strings = (values: ReadonlySet<string>, bytes: (value: string) => Buffer) =>
    [...values].sort().map((value) => wire.string(bytes(value)))
  const certificates = [...authorities].sort().flatMap(([ca, { serials, identities }]) => {
    const parts = [
      ...serials.flatMap(([from, to]) => section(PART.range, [wire.uint64(from), wire.uint64(to)])),
      ...section(PART.identity, strings(identities, Buffer.from)),
    ]
    const head = [wire.string(Buffer.from(ca, 'base64')), wire.string('')]
    return parts.length === 0 ? [] : section(SECTION.certificates, [...head, ...parts])
  })
  return Buffer.concat([
    ...header,
    wire.string(''),
    wire.string(''),
    ...certificates,
    ...section(
      SECTION.key,
      strings(keys, (key) => Buffer.from(key, 'base64')),
    ),
    ...section(
      SECTION.sha1,
      strings(sha1, (hash) => Buffer.from(hash, 'hex')),
    ),
    ...section(SECTION.sha256, strings(fingerprints, hashIn)),
  ])
}

function alone(serial: bigint): Range {
  return [serial, serial]
}

function printOf(hash: Buffer): string {
  return `SHA256:${hash.toString('base64').replace(/=+$/, '')}`
}

function hashIn(print: string): Buffer {
  return Buffer.from(print.replace(/^SHA256:/, ''), 'base64')
}
