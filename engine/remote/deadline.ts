/** A time limit that stands still while a person is asked. */
export class Deadline {
  #left: number
  #since = 0
  #timer: NodeJS.Timeout | undefined
  readonly #expire: () => void

  constructor(limitMs: number, expire: () => void) {
    this.#left = limitMs
    this.#expire = expire
    this.#go()
  }

  /** Does `question` with the clock stopped. */
  async without<T>(question: () => Promise<T>): Promise<T> {
    this.stop()
    this.#left -= performance.now() - this.#since
    try {
      return await question()
    } finally {
      this.#go()
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #go(): void {
    this.#since = performance.now()
    this.#timer = setTimeout(this.#expire, Math.max(1, this.#left))
  }
}
