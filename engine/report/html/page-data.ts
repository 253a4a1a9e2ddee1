import type { AuditDifference, AuditFailure } from '../audit-schema.ts'

/** What the page is made of, on the server's side and in the browser alike; it lies in the page as JSON. */
export interface PageData {
  hosts: readonly PageHost[]
  tasks: readonly PageTask[]
  /** For each host a letter for each task, as `glyphs` lists them; a space where it took no part. */
  cells: readonly string[]
  findings: readonly PageFinding[]
}

export interface PageHost {
  name: string
  /** Left the play: why. */
  lost?: string
  owed: readonly string[]
  counts: Readonly<Record<string, number>>
}

export interface PageTask {
  name: string
  module: string
  play: string
  playbook: string
  handler: boolean
  file: string
  line: number
  column: number
  source?: string
}

export interface PageFinding {
  /** The place of the task in `tasks`. */
  task: number
  /** Places of the hosts in `hosts`. */
  hosts: readonly number[]
  /** A letter of `glyphs`. */
  kind: string
  item?: string
  reason?: string
  message?: string
  warnings: readonly string[]
  differences: readonly AuditDifference[]
  failure?: AuditFailure
}

export interface Kind {
  letter: string
  /** How it looks in the matrix: told apart without colour. */
  glyph: string
  word: string
  /** The family of its colour. */
  tone: 'good' | 'quiet' | 'changed' | 'perhaps' | 'unseen' | 'bad'
}

/** Every status as the page shows it; the worst first. */
export const kinds: readonly Kind[] = [
  { letter: 'f', glyph: '✕', word: 'failed', tone: 'bad' },
  { letter: 'u', glyph: '!', word: 'unreachable', tone: 'bad' },
  { letter: 'd', glyph: '≠', word: 'drift', tone: 'changed' },
  { letter: 'c', glyph: '≠', word: 'changed', tone: 'changed' },
  { letter: 'k', glyph: '≈', word: 'drift, known after apply', tone: 'changed' },
  { letter: 'n', glyph: '∅', word: 'not visible', tone: 'unseen' },
  { letter: 'w', glyph: '▸', word: 'would run', tone: 'perhaps' },
  { letter: 'm', glyph: '?', word: 'may run', tone: 'perhaps' },
  { letter: 'e', glyph: '…', word: 'deferred', tone: 'perhaps' },
  { letter: 't', glyph: '~', word: 'failed, tolerated', tone: 'quiet' },
  { letter: 'o', glyph: '·', word: 'ok', tone: 'good' },
  { letter: 's', glyph: '–', word: 'skipped', tone: 'quiet' },
]

/** A kind by its letter; a host that took no part has none. */
export function kindOf(letter: string): Kind | undefined {
  return kinds.find((kind) => kind.letter === letter)
}
