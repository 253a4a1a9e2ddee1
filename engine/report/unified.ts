import { structuredPatch } from 'diff'

/** Edits beyond which comparing takes longer than a reader waits: the work grows with their square. */
const MOST_EDITS = 1000

/** Hunks with three lines around them; nothing when the texts differ too much. A last line without its end says so. */
export function unified(before: string, after: string): string[] | undefined {
  if (before === '') return oneSided('+', after)
  if (after === '') return oneSided('-', before)
  const patch = structuredPatch('', '', before, after, undefined, undefined, { context: 3, maxEditLength: MOST_EDITS })
  return patch?.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ])
}

/** Lines without their ends; none for an empty text. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

function oneSided(sign: string, text: string): string[] {
  const lines = linesOf(text).map((line) => sign + line)
  return text === '' || text.endsWith('\n') ? lines : [...lines, '\\ No newline at end of file']
}
