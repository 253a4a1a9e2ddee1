import type { Become } from '../remote/address.ts'
import { userKey } from './hosts.ts'

/** Which debts stand on which host and as whom they were recorded, as far as this run has recorded, found or cleared them. */
export class DebtBook {
  readonly #standing = new Map<string, Map<string, Become | undefined>>()

  /** The handler is owed on the host; the debt lies where that user keeps such things. */
  note(host: string, handler: string, as: Become | undefined): void {
    const key = keyOf(host, handler)
    const keepers = this.#standing.get(key) ?? new Map()
    this.#standing.set(key, keepers.set(userKey(as), as))
  }

  clear(host: string, handler: string, as: Become | undefined): void {
    this.#standing.get(keyOf(host, handler))?.delete(userKey(as))
  }

  stands(host: string, handler: string): boolean {
    return this.keepers(host, handler).length > 0
  }

  /** Who recorded it. */
  keepers(host: string, handler: string): readonly (Become | undefined)[] {
    return [...(this.#standing.get(keyOf(host, handler))?.values() ?? [])]
  }
}

function keyOf(host: string, handler: string): string {
  return JSON.stringify([host, handler])
}
