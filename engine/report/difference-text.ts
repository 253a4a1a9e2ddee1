import type { AuditDifference, AuditFailure } from './audit-schema.ts'

/** A difference as plain lines: a title, or `what: was → is`; then the lines of a text's difference, at most so many. */
export function differenceText(difference: AuditDifference, most: number): string[] {
  const { lines = [], note } = difference
  const left = lines.length - most
  const cut = left > 0 ? [`… ${left} more lines`] : []
  return [differenceTitle(difference), ...lines.slice(0, most), ...cut, ...(note === undefined ? [] : [note])]
}

/** The first line of a difference, in which a value has both its sides. */
export function differenceTitle({ kind, what, form, before, after }: AuditDifference): string {
  if (form === 'hidden') return `${what}: ${hiddenWords(before, after)}`
  if (before === undefined && after === undefined) return `${what}: ${kind}`
  if (form !== 'text') return `${what}: ${side(before)} → ${side(after)}`
  return before === undefined ? `${what}: new` : after === undefined ? `${what}: goes` : what
}

/** What stands on one side of a value's difference. */
export function side(text: string | undefined): string {
  if (text === undefined) return 'absent'
  return text === '' ? '(empty)' : text
}

/** A failure as plain lines. */
export function failureText({ code, message, hint, command }: AuditFailure): string[] {
  const streams = (['stdout', 'stderr'] as const).flatMap((name) => {
    const text = command?.[name] ?? ''
    return text.trim() === '' ? [] : [`${name}:`, ...text.split('\n').map((line) => `  ${line}`)]
  })
  return [
    `${code}: ${message}`,
    ...(command ? [`command: ${command.text}`, `exit code: ${command.code}`, ...streams] : []),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ]
}

function hiddenWords(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return 'new, not shown'
  return after === undefined ? 'goes, not shown' : 'differs, not shown'
}
