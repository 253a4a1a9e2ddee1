import type { ActionResult, Outcome } from '../engine/resource/action.ts'
import { Secret } from '../engine/resource/secret.ts'
import type { Value } from '../engine/resource/value.ts'

/** The result of a process that was not needed. */
export const NOT_RUN: Readonly<Record<string, Value>> = { rc: 0, stdout: '', stderr: '', stdout_lines: [] }

/** What came of a process that was run for its effect: its output, and a failure when it ended with anything but 0. */
export function processResult(what: string, { code, stdout, stderr }: Outcome): ActionResult {
  const output = textOf(stdout)
  const result = {
    rc: code,
    stdout: output,
    stderr: textOf(stderr),
    stdout_lines: output === '' ? [] : output.split('\n'),
  }
  if (code === 0) return { changed: true, result }
  const hint = HINTS[code]
  const how = code > 128 && code < 160 ? `was ended by signal ${code - 128}` : `ended with exit code ${code}`
  return { changed: true, failure: `${what} ${how}`, result, ...(hint === undefined ? {} : { hint }) }
}

/** A command in one line, for people. */
export function inShort(command: string | Secret): string {
  if (command instanceof Secret) return String(command)
  const [line = '', more] = command.trim().split('\n')
  return line.length > 72 || more !== undefined ? `${line.slice(0, 72)}…` : line
}

const HINTS: Readonly<Record<number, string>> = {
  126: 'the program is there but cannot be run: is it executable, and for this kind of machine?',
  127: 'the host has no such program: is it installed, and in the PATH?',
}

/** As people print it: without the line breaks at its end. */
function textOf(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/[\r\n]+$/, '')
}
