import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import { tidy } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { defineContentModule } from './file-content.ts'
import {
  bare,
  editableText,
  endedAs,
  linesArgs,
  linesOf,
  matcherOf,
  ONE_PLACE,
  placeIn,
  textOfLines,
} from './text-lines.ts'

/** One line of a file whose other lines are not ours. */
export const lineInFile = defineContentModule({
  name: 'line-in-file',
  summary: 'One line in a file whose other lines stay as they are.',
  args: Arg.object(
    {
      path: Arg.path({ description: 'Path of the file on the host.' }),
      line: Type.Optional(
        Arg.text({
          pattern: '^[^\\n\\r]*$',
          description: 'The line, without its newline; needed unless it shall be absent.',
        }),
      ),
      regexp: Type.Optional(
        Arg.regexp({
          description:
            'Finds the line to replace, the last one that matches, or with `state: absent` all lines to remove. When it does not match `line` itself, a `line` that is there already is enough.',
        }),
      ),
      state: Type.Optional(
        Arg.choice(['present', 'absent'], { description: 'Whether the line shall be there; present when left out.' }),
      ),
      ...linesArgs,
    },
    {
      allOf: [
        ONE_PLACE,
        Arg.rule('needs a `line`, or a `regexp` and `state: absent`', {
          anyOf: [
            { required: ['line'] },
            { required: ['regexp', 'state'], properties: { state: { type: 'string', const: 'absent' } } },
          ],
        }),
      ],
    },
  ),
  examples: [
    `- line-in-file: { path: /etc/example-lines.conf, line: "# limits", create: true }
- line-in-file: { path: /etc/example-lines.conf, regexp: "^#? *port *=", line: port = 8074 }
- line-in-file: { path: /etc/example-lines.conf, line: files = 10, insertafter: "^# limits" }
- line-in-file: { path: /etc/example-lines.conf, line: "# managed", insertbefore: BOF, mode: "0640" }
- line-in-file: { path: /etc/example-lines.conf, regexp: "^size", state: absent }`,
  ],

  resource: ({ path, line, regexp }) => `line:${tidy(path)}:${regexp ?? String(line)}`,

  file: ({ path }) => ({ path }),

  content(want, have) {
    const absent = want.state === 'absent'
    const text = editableText(want.path, have)
    if (have.file.type === 'absent') {
      if (absent) return undefined
      if (!want.create)
        throw new TaskFailure(`the file ${want.path} does not exist`, 'write it first, or say `create: true`')
    }
    const line = want.line instanceof Secret ? want.line.reveal() : (want.line ?? '')
    const lines = linesOf(text ?? '')
    const edited = absent ? without(lines, line, want.regexp) : withLine(lines, line, want)
    const content = edited === undefined ? (text ?? '') : textOfLines(edited)
    return want.line instanceof Secret ? new Secret(content) : content
  },
})

/** The lines with `line` in them; undefined when it is there already. */
function withLine(
  lines: readonly string[],
  line: string,
  want: { regexp?: string; insertafter?: string; insertbefore?: string },
): string[] | undefined {
  const matches = want.regexp === undefined ? () => false : matcherOf(want.regexp)
  const found = lines.findLastIndex(matches)
  const isThere = lines.some((other) => bare(other) === line)
  if (found >= 0 ? bare(lines[found] ?? '') === line : isThere) return undefined
  // A line that its own expression does not match would otherwise eat one match more on every run.
  if (isThere && !matches(line)) return undefined
  const index = found < 0 ? placeIn(lines, want) : found
  return lines.toSpliced(index, found < 0 ? 0 : 1, ...endedAs(lines, [line]))
}

/** The lines without those that match; undefined when none does. */
function without(lines: readonly string[], line: string, regexp: string | undefined): string[] | undefined {
  const goes = regexp === undefined ? (other: string) => bare(other) === line : matcherOf(regexp)
  const rest = lines.filter((other) => !goes(other))
  return rest.length === lines.length ? undefined : rest
}
