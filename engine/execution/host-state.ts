import type { BlockPath } from '../language/playbook.ts'
import type { Status } from '../report/event.ts'
import type { Value } from '../resource/value.ts'

interface BlockState {
  entered: boolean
  failed: boolean
  /** Check mode: it fails as things are, and perhaps not after what comes before. */
  doubtful: boolean
  rescueFailed: boolean
  alwaysFailed: boolean
}

/** Where one host stands in a play: which blocks hold it, what it has registered, what it is owed. */
export class HostState {
  readonly name: string
  readonly registered = new Map<string, Value>()
  /** Handlers due on this host, with the task that notified each; in the order of notification. */
  readonly notified = new Map<string, string>()
  /** Check mode: handlers that what may run would notify. */
  readonly perhapsNotified = new Set<string>()
  /** Handlers that earlier runs owe to this host, with the words for it. */
  readonly #owed = new Map<string, string>()
  readonly counts: Record<Status, number> = emptyCounts()
  lost: 'failed' | 'unreachable' | 'locked' | 'refused' | undefined
  /** `end_host` or `end_play` was reached: no more tasks, yet handlers. */
  ended = false
  /** The play was stopped for all its hosts: neither tasks nor handlers. */
  stopped = false
  #blocks = new Map<string, BlockState>()
  /** A failure that no block holds: only the `always` sections that were entered still run. */
  #failed = false

  constructor(name: string) {
    this.name = name
  }

  /** A new play: blocks and failures are those of the play, registered values and debts stay. */
  startPlay(): void {
    this.#blocks = new Map()
    this.#failed = false
    this.ended = false
    this.stopped = false
  }

  /** An earlier run owes this handler, so it is due in this play. */
  owe(handler: string, words: string): void {
    this.#owed.set(handler, words)
    this.notified.set(handler, words)
  }

  /** What is to be said of a handler that an earlier run owed. */
  wordsOwed(handler: string): string | undefined {
    return this.#owed.get(handler)
  }

  /** In the play, and neither thrown out by a failure nor done with it. */
  get active(): boolean {
    return this.takesHandlers && !this.ended
  }

  /** Whether handlers that are due still run. */
  get takesHandlers(): boolean {
    return this.#answers && !this.#failed && !this.stopped
  }

  /** Whether the step is this host's to run, by its blocks. */
  admits(blocks: readonly BlockPath[]): boolean {
    if (!this.#answers) return false
    return this.#insideAlways(blocks) ?? (this.active && this.#admitsInside(blocks))
  }

  /** Whether a step of what a begun block always does is this host's to run; nothing when it is none. */
  #insideAlways(blocks: readonly BlockPath[]): boolean | undefined {
    const always = blocks.findLastIndex(({ id, section }) => section === 'always' && this.#block(id).entered)
    if (always < 0) return undefined
    const block = this.#block(blocks[always]?.id ?? '')
    return !block.alwaysFailed && this.#admitsInside(blocks.slice(always + 1))
  }

  /** Notes the blocks that are begun with a step, so that what they always do is done. */
  enter(blocks: readonly BlockPath[]): void {
    for (const { id, section } of blocks) if (section === 'block') this.#block(id).entered = true
  }

  /** Whether a handler is this host's to run. */
  admitsHandler(blocks: readonly BlockPath[]): boolean {
    if (!this.#answers) return false
    return this.#insideAlways(blocks) ?? (this.takesHandlers && this.#admitsInside(blocks))
  }

  /** Forgets what became of blocks that are begun anew. */
  begin(blocks: readonly BlockPath[]): void {
    for (const { id } of blocks) this.#blocks.delete(id)
  }

  /** Says whether a rescue takes care of a failure at this place; a failure that none does throws the host out of the play. */
  fail(blocks: readonly BlockPath[]): 'rescued' | 'lost' {
    for (const { id, section, hasRescue } of blocks.toReversed()) {
      const block = this.#block(id)
      if (section === 'block') {
        block.failed = true
        if (hasRescue) return 'rescued'
      } else if (section === 'rescue') block.rescueFailed = true
      else block.alwaysFailed = true
    }
    this.#failed = true
    this.lost ??= 'failed'
    return 'lost'
  }

  /** Notes that something at this place may fail. */
  doubt(blocks: readonly BlockPath[]): void {
    const held = blocks.findLast(({ section, hasRescue }) => section === 'block' && hasRescue)
    if (held) this.#block(held.id).doubtful = true
  }

  /** Whether the step is a rescue of something that may fail. */
  mayAdmit(blocks: readonly BlockPath[]): boolean {
    if (this.lost !== undefined || !this.active) return false
    return blocks.some(({ id, section }) => section === 'rescue' && this.#block(id).doubtful && !this.#block(id).failed)
  }

  get #answers(): boolean {
    return this.lost !== 'unreachable' && this.lost !== 'locked'
  }

  #admitsInside(blocks: readonly BlockPath[]): boolean {
    return blocks.every(({ id, section }) => {
      const block = this.#block(id)
      if (section === 'block') return !block.failed
      if (section === 'rescue') return block.failed && !block.rescueFailed
      return block.entered && !block.alwaysFailed
    })
  }

  #block(id: string): BlockState {
    let block = this.#blocks.get(id)
    if (!block) {
      block = { entered: false, failed: false, doubtful: false, rescueFailed: false, alwaysFailed: false }
      this.#blocks.set(id, block)
    }
    return block
  }
}

function emptyCounts(): Record<Status, number> {
  return {
    ok: 0,
    changed: 0,
    'known-after-apply': 0,
    'would-run': 0,
    'may-run': 0,
    deferred: 0,
    skipped: 0,
    failed: 0,
    unreachable: 0,
    'not-visible': 0,
  }
}
