import { structuredPatch } from 'diff'
import type { Colours } from './colours.ts'
import type { Difference } from './event.ts'
import { printableLine } from './printable.ts'
import { count } from './words.ts'

export interface DifferenceStyle {
  colours: Colours
  /** Lines of one difference that are shown at most. */
  most: number
}

/** One difference as lines: `was → is` for a value, a unified difference for texts. */
export function differenceLines(difference: Difference, { colours, most }: DifferenceStyle): string[] {
  const what = printableLine(difference.what)
  const { form, before, after } = difference
  if (form === 'hidden') return [`${what}: ${colours.dim(hiddenWords(before, after))}`]
  if (before === undefined && after === undefined) return [`${what}: ${printableLine(difference.kind)}`]
  if (form === 'text') return textLines({ what, before, after }, { colours, most })
  return [`${what}: ${colours.removed(side(before))} → ${colours.added(side(after))}`]
}

function hiddenWords(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return 'new, not shown'
  return after === undefined ? 'goes, not shown' : 'differs, not shown'
}

function side(text: string | undefined): string {
  if (text === undefined) return 'absent'
  return text === '' ? '(empty)' : printableLine(text)
}

function textLines(
  texts: { what: string; before: string | undefined; after: string | undefined },
  style: DifferenceStyle,
) {
  const { what, before, after } = texts
  const { colours, most } = style
  const lines = unified(before ?? '', after ?? '')
  if (!lines) return [`${what}: ${side(lineCount(before))} → ${side(lineCount(after))}, too different to show`]
  const title = before === undefined ? `${what}: new` : after === undefined ? `${what}: goes` : what
  const shown = lines.slice(0, most).map((line) => paint(line, colours))
  const left = lines.length - shown.length
  if (left > 0) shown.push(colours.dim(`… ${count(left, 'more line')} (--diff shows all)`))
  return [title, ...shown.map((line) => `  ${line}`)]
}

/** Edits beyond which comparing takes longer than a reader waits: the work grows with their square. */
const MOST_EDITS = 1000

/** Hunks with three lines around them; nothing when the texts differ too much. A last line without its end says so. */
function unified(before: string, after: string): string[] | undefined {
  if (before === '') return oneSided('+', after)
  if (after === '') return oneSided('-', before)
  const patch = structuredPatch('', '', before, after, undefined, undefined, { context: 3, maxEditLength: MOST_EDITS })
  return patch?.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ])
}

function oneSided(sign: string, text: string): string[] {
  const lines = linesOf(text).map((line) => sign + line)
  return text === '' || text.endsWith('\n') ? lines : [...lines, '\\ No newline at end of file']
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

function paint(line: string, colours: Colours): string {
  const text = printableLine(line)
  if (line.startsWith('+')) return colours.added(text)
  if (line.startsWith('-')) return colours.removed(text)
  return colours.dim(text)
}

function lineCount(text: string | undefined): string | undefined {
  return text === undefined ? undefined : count(linesOf(text).length, 'line')
}
