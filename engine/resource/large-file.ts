import { createHash } from 'node:crypto'

/** What is not larger is held in memory, compared by its text and shown. */
export const HELD_LIMIT = 8 * 1024 * 1024

/** A file of the controller that is too large to be held in memory: whoever sends it reads it piece by piece. */
export class LargeFile {
  /** On the controller, absolute. */
  readonly path: string
  /** Bytes, when it was first looked at. */
  readonly size: number
  readonly #digest: () => string
  #sha256: string | undefined

  /** `digest` reads the whole file, and is called once at most: when somebody compares it. */
  constructor(path: string, size: number, digest: () => string) {
    this.path = path
    this.size = size
    this.#digest = digest
  }

  /** In hex. */
  get sha256(): string {
    this.#sha256 ??= this.#digest()
    return this.#sha256
  }

  /** As a difference shows it. */
  toString(): string {
    return `${this.size} bytes with the SHA-256 ${this.sha256}`
  }
}

const digests = new WeakMap<Buffer, string>()

/** The SHA-256 in hex; of bytes that many hosts get it is worked out once. */
export function digestOf(bytes: Buffer): string {
  let digest = digests.get(bytes)
  if (digest === undefined) {
    digest = createHash('sha256').update(bytes).digest('hex')
    digests.set(bytes, digest)
  }
  return digest
}
