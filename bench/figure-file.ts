import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Figures that are kept in a file of JSON, one a line; those that are measured anew take the place of older ones. */
export class FigureFile<T> {
  readonly #path: string
  readonly #keyOf: (figure: T) => string

  /** Figures with the same key are of the same thing. */
  constructor(path: string, keyOf: (figure: T) => string) {
    this.#path = path
    this.#keyOf = keyOf
  }

  all(): T[] {
    return existsSync(this.#path) ? (JSON.parse(readFileSync(this.#path, 'utf8')) as T[]) : []
  }

  keep(figures: readonly T[]): void {
    const replaced = new Set(figures.map(this.#keyOf))
    const all = [...this.all().filter((figure) => !replaced.has(this.#keyOf(figure))), ...figures]
    all.sort((a, b) => this.#keyOf(a).localeCompare(this.#keyOf(b), 'en', { numeric: true }))
    writeFileSync(this.#path, `[\n${all.map((figure) => JSON.stringify(figure)).join(',\n')}\n]\n`)
  }
}
