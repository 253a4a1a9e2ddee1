import type { Colours } from './colours.ts'
import type { Difference } from './event.ts'
import { printableLine } from './printable.ts'
import { linesOf, unified } from './unified.ts'
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

function paint(line: string, colours: Colours): string {
  const text = printableLine(line)
  if (line.startsWith('+')) return colours.added(text)
  if (line.startsWith('-')) return colours.removed(text)
  return colours.dim(text)
}

function lineCount(text: string | undefined): string | undefined {
  return text === undefined ? undefined : count(linesOf(text).length, 'line')
}
