import { isUtf8 } from 'node:buffer'
import { Type } from '@sinclair/typebox'
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { Arg } from '../../engine/resource/arguments.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import { contentArgs, type FileHave } from './file-content.ts'

/** Arguments of the modules that put lines into a file that others own. */
export const linesArgs = {
  ...contentArgs,
  insertafter: Type.Optional(
    Arg.regexp({
      description: 'Where new text goes: after the last line that matches, or EOF, the end (the default).',
    }),
  ),
  insertbefore: Type.Optional(
    Arg.regexp({ description: 'Where new text goes: before the last line that matches, or BOF, the beginning.' }),
  ),
  create: Type.Optional(
    Type.Boolean({ description: 'Creates the file when it is absent; otherwise that is a failure.' }),
  ),
}

/** New text has one place. */
export const ONE_PLACE = Arg.rule('takes `insertafter` or `insertbefore`, not both', {
  not: { required: ['insertafter', 'insertbefore'] },
})

/** The text of the file that shall be edited; undefined when there is none. */
export function editableText(path: string, { file }: FileHave): string | undefined {
  if (!file.content || file.type !== 'file') return undefined
  if (!isUtf8(file.content)) {
    throw new TaskFailure(`${path} is not UTF-8 text, so it cannot be edited`, 'write the whole file with `copy`')
  }
  return file.content.toString('utf8')
}

/** The lines of a text, as they are but for the newline; a carriage return stays in its line. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** The text of these lines; every line ends with a newline. */
export function textOfLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** A line without the carriage return that some files end their lines with. */
export function bare(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

/** The lines as a file with these lines ends them. */
export function endedAs(lines: readonly string[], added: readonly string[]): string[] {
  return lines[0]?.endsWith('\r') ? added.map((line) => `${line}\r`) : [...added]
}

/** The index at which new lines go. */
export function placeIn(
  lines: readonly string[],
  { insertafter, insertbefore }: { insertafter?: string; insertbefore?: string },
): number {
  if (insertbefore === 'BOF') return 0
  const pattern = insertbefore ?? insertafter
  if (pattern === undefined || pattern === 'EOF') return lines.length
  const index = lines.findLastIndex(matcherOf(pattern))
  if (index < 0) return lines.length
  return insertbefore === undefined ? index + 1 : index
}

/** Whether a line matches somewhere; RE2, so that no line of a host can make it slow. */
export function matcherOf(pattern: string): (line: string) => boolean {
  const compiled = compile(pattern)
  return (line) => compiled.matcher(bare(line)).find()
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    throw new TaskFailure(
      `the regular expression ${pattern} is not valid: ${error.message}`,
      'the syntax is that of RE2: no look-around and no backreferences',
    )
  }
}
