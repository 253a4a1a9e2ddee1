import type { Colours } from './colours.ts'
import type { Failure } from './event.ts'
import { printable, printableLine } from './printable.ts'

const LAST_LINES = 10
const COMMAND_LINES = 5

/** A failure as lines: code and sentence, the command with its exit code and the end of its streams, the hint. */
export function failureLines({ code, message, hint, command }: Failure, colours: Colours): string[] {
  const [first = '', ...rest] = printable(message).split('\n')
  const lines = [`${colours.bad(code)}: ${first}`, ...rest.map((line) => `  ${line}`)]
  if (command) {
    const [start = '', ...more] = textLinesOf(command.text)
    const shown = more.slice(0, COMMAND_LINES - 1)
    lines.push(`${colours.dim('command:')} ${start}`, ...shown.map((line) => `  ${line}`))
    if (more.length > shown.length) lines.push('  …')
    lines.push(`${colours.dim('exit code:')} ${command.code}`)
    lines.push(...streamLines('stdout', command.stdout, colours), ...streamLines('stderr', command.stderr, colours))
  }
  if (hint !== undefined) lines.push(`${colours.place('hint:')} ${printableLine(hint)}`)
  return lines
}

function streamLines(name: string, text: string, colours: Colours): string[] {
  const lines = textLinesOf(text)
  if (lines.length === 0) return []
  return [colours.dim(`${name}:`), ...lines.slice(-LAST_LINES).map((line) => `  ${line}`)]
}

/** Lines as the program wrote them: a carriage return before the line end is no news here. */
function textLinesOf(text: string): string[] {
  const trimmed = text.replaceAll('\r\n', '\n').replace(/\s+$/, '')
  return trimmed === '' ? [] : printable(trimmed).split('\n')
}
