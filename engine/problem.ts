/** A span of a source text; line and column count from 1, `length` in characters of that line. */
export interface Place {
  file: string
  line: number
  column: number
  length?: number
  /** The whole source line, when it is at hand and no longer than somebody would read. */
  source?: string
}

export interface ProblemParts {
  /** Stable and upper case, as in UNKNOWN_ARG; docs/errors.md lists them. */
  code: string
  /** One sentence that names the thing and says what is wrong. */
  message: string
  place?: Place | undefined
  /** What to do about it. */
  hint?: string | undefined
  severity?: 'error' | 'warning'
}

/** What a user can act on: never a stack, always a code and a sentence. Anything else thrown is a bug. */
export class Problem extends Error {
  readonly code: string
  readonly place: Place | undefined
  readonly hint: string | undefined
  readonly severity: 'error' | 'warning'

  constructor({ code, message, place, hint, severity = 'error' }: ProblemParts) {
    super(message)
    this.name = 'Problem'
    this.code = code
    this.place = place
    this.hint = hint
    this.severity = severity
  }

  /** An Error's own sentence is not enumerable, and JSON would lose it. */
  toJSON(): ProblemParts {
    const { code, severity, message, place, hint } = this
    return { code, severity, message, place, hint }
  }

  /** The whole text as a user sees it, without colour. */
  override toString(): string {
    return formatProblem(this)
  }
}

/** Several problems found in one go; thrown by stages that collect all of them. */
export class Problems extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'))
    this.name = 'Problems'
    this.problems = problems
  }
}

/** `error[CODE]: sentence`, then the place with its line and carets, then the hint. */
export function formatProblem(problem: Problem): string {
  const lines = [`${problem.severity}[${problem.code}]: ${indented(problem.message)}`]
  const { place, hint } = problem
  if (place) {
    lines.push(`  --> ${indented(place.file)}:${place.line}:${place.column}`)
    if (place.source !== undefined) {
      const gutter = `${place.line} | `
      const width = Math.max(1, Math.min(place.length ?? 1, place.source.length - place.column + 1))
      lines.push(gutter + indented(place.source))
      lines.push(`${' '.repeat(gutter.length - 2)}| ${' '.repeat(place.column - 1)}${'^'.repeat(width)}`)
    }
  }
  if (hint !== undefined) lines.push(`hint: ${indented(hint)}`)
  return lines.join('\n')
}

/** What has several lines looks like no line of ours. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n  ')
}

/** The nearest of `names` within a third of the word's length in edits, for "did you mean"; of several the one with most of its letters. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const name of names) {
    if (Math.abs(name.length - word.length) > least) continue
    const distance = editDistance(word, name)
    const isBetter = distance === least && best !== undefined && sharedLetters(word, name) > sharedLetters(word, best)
    // A word of one letter has nothing in common with what differs in it.
    if ((distance < least && distance < word.length) || isBetter) {
      best = name
      least = distance
    }
  }
  return best
}

function sharedLetters(a: string, b: string): number {
  const left = [...b]
  let count = 0
  for (const letter of a) {
    const at = left.indexOf(letter)
    if (at < 0) continue
    left.splice(at, 1)
    count++
  }
  return count
}

/** A hint with the name that was perhaps meant. */
export function didYouMean(word: string, names: Iterable<string>): string | undefined {
  const near = nearest(word, names)
  return near === undefined ? undefined : `did you mean '${near}'?`
}

/** Edits between two words, a swap of neighbours counting as one. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1)
      row.push(least)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? a.length
}
