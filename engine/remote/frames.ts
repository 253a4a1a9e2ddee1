/** A piece of what comes out of a channel: bytes of the step that runs, or the mark that ends it with the words on it. */
export type Piece = { kind: 'bytes'; bytes: Buffer } | { kind: 'mark'; words: string } | { kind: 'broken' }

const LONGEST_MARK = 64
const NEWLINE = 0x0a

/**
 * Cuts one output stream at its marks, which are lines `<nonce> words` that begin with a newline of their own. The bytes
 * before a mark come out exactly, whatever they hold; chunks may be cut anywhere; at most a mark's length is kept back.
 */
export class FrameSplitter {
  readonly #start: Buffer
  #rest: Buffer = Buffer.alloc(0)

  constructor(nonce: string) {
    this.#start = Buffer.from(`\n${nonce} `)
  }

  /** The pieces that `chunk` completes, in order; `broken` when a mark has no end within its bounds. */
  *push(chunk: Buffer): Generator<Piece> {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = Buffer.alloc(0)
    for (;;) {
      const at = data.indexOf(this.#start)
      if (at < 0) break
      const wordsAt = at + this.#start.length
      const end = data.indexOf(NEWLINE, wordsAt)
      if (at > 0) yield { kind: 'bytes', bytes: data.subarray(0, at) }
      if (end < 0 || end - wordsAt > LONGEST_MARK) {
        if (data.length - wordsAt > LONGEST_MARK) yield { kind: 'broken' }
        else this.#rest = data.subarray(at)
        return
      }
      yield { kind: 'mark', words: data.toString('latin1', wordsAt, end) }
      data = data.subarray(end + 1)
    }
    const kept = this.#possibleStart(data)
    if (data.length > kept) yield { kind: 'bytes', bytes: data.subarray(0, data.length - kept) }
    this.#rest = data.subarray(data.length - kept)
  }

  /** Whether a line end was kept back, since it may begin a mark. */
  get isHolding(): boolean {
    return this.#rest.length > 0
  }

  /** How many bytes at the end of `data` may be the beginning of a mark. */
  #possibleStart(data: Buffer): number {
    const from = Math.max(0, data.length - this.#start.length + 1)
    for (let at = data.indexOf(NEWLINE, from); at >= 0; at = data.indexOf(NEWLINE, at + 1)) {
      const length = data.length - at
      if (data.compare(this.#start, 0, length, at) === 0) return length
    }
    return 0
  }
}
