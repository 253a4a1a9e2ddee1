/** One value of ASN.1 in its distinguished encoding; see X.690. */
export interface Der {
  /** The identifier octet, as in 0x30 for a SEQUENCE. */
  tag: number
  /** The whole of it, identifier and length included. */
  whole: Buffer
  /** What it holds. */
  content: Buffer
}

/** A length of four gigabytes is enough for everybody. */
const LENGTH_OCTETS = 4

/** The values that stand in these bytes one after the other; undefined when they are not what they say. */
export function readDer(bytes: Buffer): Der[] | undefined {
  const values: Der[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0
    const first = bytes[at + 1]
    if (first === undefined || (tag & 0x1f) === 0x1f) return undefined
    const octets = first < 0x80 ? 0 : first & 0x7f
    const begin = at + 2 + octets
    if (first === 0x80 || octets > LENGTH_OCTETS || begin > bytes.length) return undefined
    const length = octets === 0 ? first : bytes.readUIntBE(at + 2, octets)
    const end = begin + length
    if (end > bytes.length) return undefined
    values.push({ tag, whole: bytes.subarray(at, end), content: bytes.subarray(begin, end) })
    at = end
  }
  return values
}

/** What is inside a SEQUENCE or SET; empty when there is none. */
export function inside(value: Der | undefined): Der[] {
  return (value && readDer(value.content)) ?? []
}

/** An object identifier in dots, as in 2.5.29.17. */
export function oidOf(value: Der | undefined): string {
  if (value?.tag !== 0x06) return ''
  const numbers: number[] = []
  let number = 0
  for (const octet of value.content) {
    number = number * 128 + (octet & 0x7f)
    if ((octet & 0x80) !== 0) continue
    if (numbers.length === 0) {
      const first = Math.min(2, Math.floor(number / 40))
      numbers.push(first, number - first * 40)
    } else numbers.push(number)
    number = 0
  }
  return numbers.join('.')
}

/** A text of any of the kinds that stand in names. */
export function textOf(value: Der | undefined): string {
  if (!value) return ''
  if (value.tag !== 0x1e) return value.content.toString(value.tag === 0x0c ? 'utf8' : 'latin1')
  return Buffer.from(value.content.subarray(0, value.content.length & ~1))
    .swap16()
    .toString('utf16le')
}
