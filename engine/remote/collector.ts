import type { LineCutter } from './line-cutter.ts'

/** Gathers one stream of one step within bounds, so that no host can fill the memory. */
export class Collector {
  readonly #limit: number
  readonly #keep: 'head' | 'tail'
  /** Tells what comes as it comes, when somebody listens. */
  readonly lines: LineCutter | undefined
  #chunks: Buffer[] = []
  #size = 0
  /** More came than was kept. */
  overflowed = false

  constructor(limit: number, keep: 'head' | 'tail', lines?: LineCutter) {
    this.#limit = limit
    this.#keep = keep
    this.lines = lines
  }

  add(bytes: Buffer): void {
    this.lines?.add(bytes)
    if (this.#size + bytes.length > this.#limit) {
      this.overflowed = true
      if (this.#keep === 'head') return
    }
    this.#chunks.push(bytes)
    this.#size += bytes.length
    // Cut at twice the limit, not at every chunk: each byte is copied once at most.
    if (this.#size > 2 * this.#limit) this.#cut()
  }

  /** What was kept; the collector is empty afterwards. */
  take(): Buffer {
    this.lines?.end()
    if (this.#size > this.#limit) this.#cut()
    const whole = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#size = 0
    return whole
  }

  #cut(): void {
    const whole = Buffer.concat(this.#chunks)
    const kept = Buffer.from(whole.subarray(whole.length - this.#limit))
    this.#chunks = [kept]
    this.#size = kept.length
  }
}
