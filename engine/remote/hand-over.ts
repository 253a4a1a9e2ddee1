import type { StreamName } from './frame-pair.ts'
import type { Opening } from './opening.ts'

/** Enough for any prompt and what comes before it. */
const KEPT = 8192

/**
 * Watches what comes out before the shell itself reads, so that a password is given when it is asked for and only then:
 * one that nobody takes would end up in the shell as a command.
 */
export class HandOver {
  readonly #opening: Opening
  #said: Record<StreamName, string> = { stdout: '', stderr: '' }
  #asked = false

  constructor(opening: Opening) {
    this.#opening = opening
  }

  /** What is due after this chunk. `again`: the password that was given has not been taken. */
  see(stream: StreamName, chunk: Buffer): 'wait' | 'ready' | 'ask' | 'again' {
    this.#said[stream] = (this.#said[stream] + chunk.toString('latin1')).slice(-KEPT)
    const { stdout, stderr } = this.#said
    const { ready, asks } = this.#opening
    if (ready === undefined || stdout.includes(ready)) return 'ready'
    if (asks?.(stdout, stderr) !== true) return 'wait'
    this.#said = { stdout: '', stderr: '' }
    if (this.#asked) return 'again'
    this.#asked = true
    return 'ask'
  }
}
