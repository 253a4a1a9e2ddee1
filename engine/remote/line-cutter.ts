/** The longest line that is told, in bytes, and how many lines of a stream are. */
const LONGEST = 4096
const MOST = 1000

const NEWLINE = 0x0a
const RETURN = 0x0d

/** Tells the lines of one stream of one step while they come, within bounds: a host may print without end. */
export class LineCutter {
  readonly #tell: (line: string) => void
  #parts: Buffer[] = []
  #size = 0
  #told = 0
  /** The line was told before its end came out of the frame. */
  #isAhead = false

  constructor(tell: (line: string) => void) {
    this.#tell = tell
  }

  add(bytes: Buffer): void {
    let start = this.#isAhead && bytes[0] === NEWLINE ? 1 : 0
    this.#isAhead = false
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start)
      this.#keep(bytes.subarray(start, end < 0 ? bytes.length : end))
      if (end < 0) return
      this.#endLine()
      start = end + 1
    }
  }

  /** The next byte is a line end, which may also be the beginning of the mark that ends the frame: either way the line is whole. */
  pause(): void {
    if (this.#size === 0) return
    this.#endLine()
    this.#isAhead = true
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#size > 0) this.#endLine()
  }

  /** What a program writes over again after a carriage return is told as it stands in the end. */
  #keep(part: Buffer): void {
    const start = writtenOver(part)
    if (start > 0) this.#forget()
    const kept = part.subarray(start, start + LONGEST - Math.min(LONGEST, this.#size))
    if (kept.length > 0) this.#parts.push(Buffer.from(kept))
    this.#size += part.length - start
  }

  #endLine(): void {
    const text = Buffer.concat(this.#parts).toString('utf8').replace(/\r+$/, '').replace(/^.*\r/s, '')
    const isLong = this.#size > LONGEST
    this.#forget()
    this.#told += 1
    if (this.#told <= MOST) this.#tell(isLong ? `${text}…` : text)
    else if (this.#told === MOST + 1) this.#tell('… and more, not shown')
  }

  #forget(): void {
    this.#parts = []
    this.#size = 0
  }
}

/** How many bytes a program has written over: up to its last carriage return that something follows. */
function writtenOver(part: Buffer): number {
  let end = part.length
  while (part[end - 1] === RETURN) end--
  return end === 0 ? 0 : part.lastIndexOf(RETURN, end - 1) + 1
}
