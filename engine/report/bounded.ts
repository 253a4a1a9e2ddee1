import type { AuditDifference, AuditFailure } from './audit-schema.ts'
import type { Difference, Failure } from './event.ts'
import { printable, printableLine } from './printable.ts'
import { linesOf, unified } from './unified.ts'
import { count } from './words.ts'

/** What a report shows of one thing at most: a host may answer with megabytes. */
const MOST_LINES = 300
const MOST_LINE = 1000
const MOST_TEXT = 8000

/** A text for one line: safe to print, and not longer than a reader reads. */
export function boundedLine(text: string, most = MOST_LINE): string {
  return printableLine(cut(text, most))
}

/** A text of several lines, likewise. */
export function boundedText(text: string): string {
  return printable(cut(text, MOST_TEXT))
}

/** A difference as reports keep it: a text as its unified difference, everything else as two sides. */
export function boundedDifference({ kind, what, form, before, after }: Difference): AuditDifference {
  const head = { kind: boundedLine(kind), what: boundedLine(what), form }
  if (form === 'text') return { ...head, ...sign(before, after), ...unifiedLines(before, after) }
  return { ...head, ...side('before', before), ...side('after', after) }
}

/** A failure with its command's words bounded. */
export function boundedFailure({ code, message, hint, command }: Failure): AuditFailure {
  return {
    code: boundedLine(code),
    message: boundedText(message),
    ...(hint === undefined ? {} : { hint: boundedLine(hint) }),
    ...(command
      ? {
          command: {
            text: boundedText(command.text),
            code: command.code,
            stdout: boundedText(command.stdout),
            stderr: boundedText(command.stderr),
          },
        }
      : {}),
  }
}

/** Of a text that is new or goes, the side that is there says so by being empty. */
function sign(before: string | undefined, after: string | undefined): { before?: string; after?: string } {
  return { ...(before === undefined ? {} : { before: '' }), ...(after === undefined ? {} : { after: '' }) }
}

function unifiedLines(before = '', after = ''): Pick<AuditDifference, 'lines' | 'note'> {
  const lines = unified(before, after)
  if (!lines) return { lines: [], note: `too different to show: ${size(before)} → ${size(after)}` }
  const left = lines.length - MOST_LINES
  const shown = lines.slice(0, MOST_LINES).map((line) => boundedLine(line))
  return left > 0 ? { lines: shown, note: `${count(left, 'more line')} of the difference left out` } : { lines: shown }
}

function size(text: string): string {
  return count(linesOf(text).length, 'line')
}

function side(name: 'before' | 'after', text: string | undefined) {
  return text === undefined ? {} : { [name]: boundedLine(text) }
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most)}… (${text.length - most} more characters left out)`
}
