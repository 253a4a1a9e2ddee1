/** Reads the binary texts of SSH piece by piece (RFC 4251, section 5); throws a RangeError where they end too early. */
export class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.bytes(1).readUInt8()
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE()
  }

  uint64(): bigint {
    return this.bytes(8).readBigUInt64BE()
  }

  /** A string, which has its length in front. */
  string(): Buffer {
    return this.bytes(this.uint32())
  }

  text(): string {
    return this.string().toString('utf8')
  }

  /** All strings up to the end. */
  strings(): Buffer[] {
    const found: Buffer[] = []
    while (!this.isAtEnd) found.push(this.string())
    return found
  }

  bytes(count: number): Buffer {
    const end = this.#at + count
    if (end > this.#bytes.length) throw new RangeError(`${end - this.#bytes.length} bytes are missing`)
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }
}

/** The pieces that a WireReader reads. */
export const wire = {
  byte: (value: number): Buffer => Buffer.from([value]),

  uint32(value: number): Buffer {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  },

  uint64(value: bigint): Buffer {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(value)
    return bytes
  },

  string(value: string | Buffer): Buffer {
    const bytes = Buffer.from(value)
    return Buffer.concat([wire.uint32(bytes.length), bytes])
  },
}
