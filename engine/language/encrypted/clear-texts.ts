import type { KnownSecrets } from '../../resource/known-secrets.ts'
import type { Sealed } from './sealed.ts'

/**
 * What encrypted files and values hold, as far as somebody has opened them. Loading is one pass without waiting: what is not
 * open yet counts as empty and is noted, so that it can be opened before the next pass.
 */
export class ClearTexts {
  /** Where loading notes the secrets that it finds. */
  readonly secrets: KnownSecrets
  readonly #open = new Map<string, string>()
  readonly #wanted = new Map<string, Sealed>()

  constructor(secrets: KnownSecrets) {
    this.secrets = secrets
  }

  /** The clear text; undefined when it is still to be opened. */
  read(sealed: Sealed): string | undefined {
    const key = keyOf(sealed)
    const text = this.#open.get(key)
    if (text === undefined && !this.#wanted.has(key)) this.#wanted.set(key, sealed)
    return text
  }

  /** What was asked for and is not open. */
  get wanted(): readonly Sealed[] {
    return [...this.#wanted.values()]
  }

  /** Takes the clear text of what was asked for. */
  open(sealed: Sealed, text: string): void {
    const key = keyOf(sealed)
    this.#wanted.delete(key)
    this.#open.set(key, text)
  }
}

/** The same content is the same secret, wherever it stands and however it is indented. */
function keyOf({ content }: Sealed): string {
  return content.toString('latin1').replace(/\s+/g, '\n')
}
