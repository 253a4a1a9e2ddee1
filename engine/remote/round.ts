import type { Frame } from './frame-pair.ts'
import type { Step, StepResult } from './shell.ts'
import { READY, ROUND_START, stepText } from './wire.ts'

const MEBIBYTE = 1024 * 1024
const STEP_LIMIT = 16 * MEBIBYTE

/** What the steps of one round may print together. */
export const ROUND_LIMIT = 256 * MEBIBYTE

/** Steps on their way through a shell, and what has come back of them. */
export class Round {
  readonly results: StepResult[] = []
  /** Bytes that came on stdout. */
  received = 0
  readonly #steps: readonly Step[]
  /** The number on the wire of the first step. */
  readonly #first: number
  readonly resolve: (results: StepResult[]) => void
  readonly reject: (reason: unknown) => void

  constructor(
    steps: readonly Step[],
    first: number,
    resolve: (results: StepResult[]) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#steps = steps
    this.#first = first
    this.resolve = resolve
    this.reject = reject
  }

  /** The whole round as the shell reads it. */
  text(): string {
    return ROUND_START + this.#steps.map((step, at) => stepText(this.#first + at, step)).join('')
  }

  /** The step that runs; nothing when all are done. */
  current(): Step | undefined {
    return this.#steps[this.results.length]
  }

  /** The step that is so many after the one that runs. */
  after(count: number): Step | undefined {
    return this.#steps[this.results.length + count]
  }

  /** Whether the frame says that the step that runs takes its bytes now. */
  isReady({ words }: Frame): boolean {
    return words === `${this.#first + this.results.length} ${READY}`
  }

  /** Whether the frame is the answer of the step that runs, which is then done. */
  take({ words, stdout, stderr }: Frame): boolean {
    const [, index, code] = /^(\d+) (\d+|skip)$/.exec(words) ?? []
    if (this.current() === undefined || Number(index) !== this.#first + this.results.length) return false
    const skipped = code === 'skip'
    this.results.push({ code: skipped ? 0 : Number(code), stdout, stderr, skipped })
    return true
  }
}

/** How many bytes a step may print. */
export function limitOf({ outputLimit }: Step): number {
  return outputLimit ?? STEP_LIMIT
}
