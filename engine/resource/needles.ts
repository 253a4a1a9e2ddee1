/** A state of the automaton: the texts that are being read at once. */
interface State {
  readonly next: Map<number, State>
  /** The longest proper end of what was read that some text begins with. */
  fail: State | undefined
  /** How much has been read of the text that is furthest. */
  readonly depth: number
  /** The length of the longest text that ends here. */
  longest: number
}

/** From where to where, the end left out. */
export type Stretch = readonly [start: number, end: number]

/** A beginning of this length is as good as the whole where a text was cut off. */
const TELLING = 8
const ELLIPSIS = '…'.charCodeAt(0)

/** Finds many texts in one pass, in linear time (Aho and Corasick, 1975). */
export class Needles {
  readonly #root: State = { next: new Map(), fail: undefined, depth: 0, longest: 0 }

  constructor(texts: Iterable<string>) {
    for (const text of texts) this.#add(text)
    this.#link()
  }

  /** Every stretch of `text` that is one of the texts, or the beginning of one that ends with `text` or at an ellipsis. */
  stretches(text: string): Stretch[] {
    const found: Stretch[] = []
    let state = this.#root
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code === ELLIPSIS && state.depth >= TELLING) found.push([index - state.depth, index])
      state = this.#step(state, code)
      if (state.longest > 0) found.push([index + 1 - state.longest, index + 1])
    }
    if (state.depth >= TELLING) found.push([text.length - state.depth, text.length])
    return found
  }

  /** Whether one of the texts stands in `text` as a whole. */
  isIn(text: string): boolean {
    let state = this.#root
    for (let index = 0; index < text.length; index++) {
      state = this.#step(state, text.charCodeAt(index))
      if (state.longest > 0) return true
    }
    return false
  }

  #step(from: State, code: number): State {
    let state = from
    for (;;) {
      const next = state.next.get(code)
      if (next) return next
      if (!state.fail) return state
      state = state.fail
    }
  }

  #add(text: string): void {
    let state = this.#root
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      let next = state.next.get(code)
      if (!next) {
        next = { next: new Map(), fail: this.#root, depth: index + 1, longest: 0 }
        state.next.set(code, next)
      }
      state = next
    }
    state.longest = text.length
  }

  #link(): void {
    const queue = [...this.#root.next.values()]
    for (const state of queue) {
      state.longest = Math.max(state.longest, state.fail?.longest ?? 0)
      for (const [code, next] of state.next) {
        next.fail = state.fail ? this.#step(state.fail, code) : this.#root
        queue.push(next)
      }
    }
  }
}
