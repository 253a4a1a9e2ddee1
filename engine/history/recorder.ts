import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Event } from '../report/event.ts'
import type { RecordEnd, RecordStart } from './record.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants

/**
 * Writes a record: a file of its own that is only ever added to, a line an event. What comes in one turn of the event loop is
 * written together, at its end; so a killed controller loses no more than that, and may leave half of the last line. The first
 * error ends the recording and is told once: it must never end the run.
 */
export class Recorder {
  readonly #onError: (error: Error) => void
  #file: number | undefined
  #lines: string[] = []
  #due: NodeJS.Immediate | undefined

  constructor(folder: string, start: RecordStart, onError: (error: Error) => void) {
    this.#onError = onError
    this.#try(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const flags = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW
      this.#file = openSync(join(folder, `${start.id}.jsonl`), flags, 0o600)
    })
    this.#add(start)
    this.flush()
  }

  emit(event: Event): void {
    this.#add(event)
  }

  end(end: RecordEnd): void {
    this.#add(end)
    this.close()
  }

  /** Writes what is left and adds nothing more. */
  close(): void {
    this.flush()
    const file = this.#file
    this.#file = undefined
    if (file !== undefined) this.#try(() => closeSync(file))
  }

  /** Writes what has come so far. */
  flush(): void {
    clearImmediate(this.#due)
    this.#due = undefined
    const bytes = Buffer.from(this.#lines.join(''))
    this.#lines = []
    const file = this.#file
    if (file === undefined) return
    this.#try(() => {
      // A disk that is nearly full takes a part, and then fails.
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    })
  }

  #add(line: Event | RecordStart | RecordEnd): void {
    if (this.#file === undefined) return
    this.#lines.push(`${JSON.stringify(line)}\n`)
    this.#due ??= setImmediate(() => this.flush())
  }

  #try(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      this.#file = undefined
      this.#onError(error)
    }
  }
}
