import { readFileSync, statSync } from 'node:fs'

/** What is made of a text file, for as long as nothing is written to it: many hosts ask for the same. */
export class UnchangedFiles<T> {
  readonly #make: (text: string, file: string) => T
  readonly #known = new Map<string, { stamp: string; value: T }>()

  constructor(make: (text: string, file: string) => T) {
    this.#make = make
  }

  /** Throws what Node says of a file that is missing or cannot be read. */
  read(file: string): T {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    const stamp = [ino, size, mtimeNs, ctimeNs].join()
    const known = this.#known.get(file)
    if (known?.stamp === stamp) return known.value
    const value = this.#make(readFileSync(file, 'utf8'), file)
    this.#known.set(file, { stamp, value })
    return value
  }
}
