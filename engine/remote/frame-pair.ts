import { Collector } from './collector.ts'
import { FrameSplitter } from './frames.ts'
import { LineCutter } from './line-cutter.ts'

export type StreamName = 'stdout' | 'stderr'

/** Is told each line of a step's output as it comes, without its line end. */
export type Listener = (stream: StreamName, line: string) => void

/** One frame, once its mark is in on both streams. */
export interface Frame {
  /** What stands on the mark: which frame, and how it ended. */
  words: string
  stdout: Buffer
  stderr: Buffer
}

const STDERR_LIMIT = 256 * 1024

interface Half {
  splitter: FrameSplitter
  /** For the frames that are expected, the one that is coming first; what comes while there is none is dropped. */
  collectors: Collector[]
  ended: { words: string; bytes: Buffer }[]
}

/** Puts the frames of the two output streams together again, in bounded memory. */
export class FramePair {
  readonly #halves: Record<StreamName, Half>

  constructor(nonce: string) {
    const half = (): Half => ({ splitter: new FrameSplitter(nonce), collectors: [], ended: [] })
    this.#halves = { stdout: half(), stderr: half() }
  }

  /** Announces a frame, by how many bytes of its stdout may come; of stderr the last 256 KiB are kept. */
  expect(limit: number, listen?: Listener): void {
    const lines = (stream: StreamName) => listen && new LineCutter((line) => listen(stream, line))
    this.#halves.stdout.collectors.push(new Collector(limit, 'head', lines('stdout')))
    this.#halves.stderr.collectors.push(new Collector(STDERR_LIMIT, 'tail', lines('stderr')))
  }

  /** Takes a chunk of a stream and gives the frames that it completes, and a word when the host breaks the rules. */
  push(stream: StreamName, chunk: Buffer): { frames: Frame[]; fault?: 'overflow' | 'broken' } {
    const { splitter, collectors, ended } = this.#halves[stream]
    const { stdout, stderr } = this.#halves
    const frames: Frame[] = []
    for (const piece of splitter.push(chunk)) {
      if (piece.kind === 'broken') return { frames, fault: 'broken' }
      if (piece.kind === 'bytes') {
        collectors[0]?.add(piece.bytes)
        if (stream === 'stdout' && collectors[0]?.overflowed) return { frames, fault: 'overflow' }
        continue
      }
      const bytes = collectors.shift()?.take()
      if (bytes === undefined) return { frames, fault: 'broken' }
      ended.push({ words: piece.words, bytes })
      if (stdout.ended.length === 0 || stderr.ended.length === 0) continue
      const out = stdout.ended.shift()
      const err = stderr.ended.shift()
      if (out === undefined || out.words !== err?.words) return { frames, fault: 'broken' }
      frames.push({ words: out.words, stdout: out.bytes, stderr: err.bytes })
    }
    if (splitter.isHolding) collectors[0]?.lines?.pause()
    return { frames }
  }

  /** Frames whose stdout is whole while their stderr is still on its way. */
  get ahead(): number {
    return this.#halves.stdout.ended.length
  }

  /** What has come of the frame that is not complete yet. */
  unfinished(): Record<StreamName, Buffer> {
    const of = ({ collectors, ended }: Half) => ended[0]?.bytes ?? collectors[0]?.take() ?? Buffer.alloc(0)
    return { stdout: of(this.#halves.stdout), stderr: of(this.#halves.stderr) }
  }
}
