import type { Place } from '../problem.ts'
import type { ClearTexts } from './encrypted/clear-texts.ts'

interface SourceTraits {
  isSecret?: boolean
  clearTexts?: ClearTexts | undefined
}

/** A line that is longer is quoted nowhere: a playbook may be one line of JSON, and each event tells its task's place. */
const LONGEST_LINE = 2000

/** A file's text, and where each of its offsets stands. */
export class SourceText {
  /** As messages name it. */
  readonly file: string
  readonly text: string
  /** The file is encrypted: its lines are never shown, and its values are secrets. */
  readonly isSecret: boolean
  /** Opens encrypted values inside the text; undefined where there can be none. */
  readonly clearTexts: ClearTexts | undefined
  #starts: number[] | undefined

  constructor(file: string, text: string, { isSecret = false, clearTexts }: SourceTraits = {}) {
    this.file = file
    this.text = text
    this.isSecret = isSecret
    this.clearTexts = clearTexts
  }

  /** The place of a span of offsets; it ends with the line that it starts on. */
  placeAt(start: number, end: number): Place {
    const starts = this.#lineStarts()
    let low = 0
    for (let high = starts.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= start) low = middle
      else high = middle - 1
    }
    const from = starts[low] ?? 0
    const until = (starts[low + 1] ?? this.text.length + 1) - 1
    const length = Math.max(1, Math.min(end, until) - start)
    const place = { file: this.file, line: low + 1, column: start - from + 1, length }
    if (this.isSecret || until - from > LONGEST_LINE) return place
    return { ...place, source: this.text.slice(from, until).replace(/\r$/, '') }
  }

  #lineStarts(): number[] {
    if (!this.#starts) {
      this.#starts = [0]
      for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) this.#starts.push(at + 1)
    }
    return this.#starts
  }
}
