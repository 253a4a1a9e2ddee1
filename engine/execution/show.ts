import type { Step } from '../language/playbook.ts'
import type { StepResult } from '../remote/shell.ts'
import type { Difference, Failure } from '../report/event.ts'
import type { Decision } from '../resource/action.ts'
import type { Change, Side } from '../resource/change.ts'
import { type Command, withoutContents } from '../resource/command.ts'
import { HIDDEN, Secret } from '../resource/secret.ts'
import { Unknown } from '../resource/unknown.ts'

/** A change as reports show it; nothing secret passes. */
export function showChange(change: Change, hide: boolean): Difference {
  const { kind, what, from, to } = change
  if (hide || change.secret || from instanceof Secret || to instanceof Secret) {
    return {
      kind,
      what,
      form: 'hidden',
      before: from === undefined ? undefined : HIDDEN,
      after: to === undefined ? undefined : HIDDEN,
    }
  }
  const bytes = isBinary(from) || isBinary(to)
  const sides = { before: showSide(from, bytes), after: showSide(to, bytes) }
  const long = [sides.before, sides.after].some((text) => text?.includes('\n'))
  return { kind, what, form: bytes ? 'bytes' : long ? 'text' : 'value', ...sides }
}

/** What an action does, as reports show it: in check mode and after a run alike. */
export function showDecision(decision: Extract<Decision, { due: true }>, step: Step): Difference {
  const { what, from, to } = decision
  if (step.noLog) return { kind: 'run', what: step.name, form: 'value', before: undefined, after: undefined }
  return { kind: 'run', what, form: 'value', before: from, after: to }
}

/** What a failed command shows of itself: its text, exit code and the last ten lines of each stream. */
export function showCommand(command: Command, result: StepResult, hide: boolean): NonNullable<Failure['command']> {
  const censored = (text: string) => (hide ? HIDDEN : censor(text, command.secrets))
  return {
    text: censored(shorten(command.text)),
    code: result.code,
    stdout: censored(lastLines(result.stdout)),
    stderr: censored(lastLines(result.stderr)),
  }
}

/** The text without any of the secrets, nor their base64. */
export function censor(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, Buffer.from(secret).toString('base64')])
    .reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text)
}

/** One line of a command's output without any of the secrets, nor a line of one that has several. */
export function censorLine(line: string, secrets: readonly string[]): string {
  const lines = secrets.flatMap((secret) => [secret, ...secret.split(/[\r\n]+/).filter((part) => part.length > 3)])
  return censor(
    line,
    lines.toSorted((a, b) => b.length - a.length),
  )
}

function isBinary(side: Side): boolean {
  return Buffer.isBuffer(side) && (side.includes(0) || !isUtf8Text(side))
}

function isUtf8Text(bytes: Buffer): boolean {
  return bytes.equals(Buffer.from(bytes.toString('utf8')))
}

function showSide(side: Side, bytes: boolean): string | undefined {
  if (side === undefined) return undefined
  if (side instanceof Unknown) return side.toString()
  if (Buffer.isBuffer(side)) return bytes ? `${side.length} bytes` : side.toString('utf8')
  return String(side)
}

function shorten(text: string): string {
  const without = withoutContents(text)
  return without.length > 2000 ? `${without.slice(0, 2000)}…` : without
}

function lastLines(bytes: Buffer): string {
  return bytes.toString('utf8').trimEnd().split('\n').slice(-10).join('\n')
}
