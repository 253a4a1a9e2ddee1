import type { Become } from '../remote/address.ts'

/** Which debts stand on which host and as whom they were recorded, as far as this run has recorded, found or cleared them. */
export class DebtBook {
  readonly #standing = new Map<string, Map<string, Become | undefined>>()

  /** The handler is owed on the host; the debt lies where that user keeps such things. */
  note(host: string, handler: string, as: Become | undefined): void {
    const handlers = this.#standing.get(host) ?? new Map()
    this.#standing.set(host, handlers.set(handler, as))
  }

  clear(host: string, handler: string): void {
    this.#standing.get(host)?.delete(handler)
  }

  stands(host: string, handler: string): boolean {
    return this.#standing.get(host)?.has(handler) ?? false
  }

  /** Who recorded it. */
  keeper(host: string, handler: string): Become | undefined {
    return this.#standing.get(host)?.get(handler)
  }
}
