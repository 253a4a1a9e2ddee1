import { Type } from '@sinclair/typebox'
import { defineAction } from '../engine/resource/action.ts'
import { Arg, type SourceFile } from '../engine/resource/arguments.ts'
import { sh } from '../engine/resource/command.ts'
import { HELD_LIMIT, LargeFile } from '../engine/resource/large-file.ts'
import { Secret } from '../engine/resource/secret.ts'
import { guardArgs, guarded, guardReads, inFolder } from './guards.ts'
import { processResult } from './process-result.ts'

/** Runs a script of the controller on the host; it never becomes a file there. */
export const script = defineAction({
  name: 'script',
  summary:
    'Runs a script of the controller on the host; give it a guard, so that check mode can tell whether it is due.',
  args: Arg.object({
    src: Arg.source({ description: 'The script, a file beside the playbook; its first line names its interpreter.' }),
    args: Type.Optional(Type.Array(Type.String(), { description: 'Words that it is given.' })),
    executable: Type.Optional(Arg.path({ description: 'Interpreter, when the first line does not name it.' })),
    ...guardArgs,
    stdin: Type.Optional(Arg.text({ description: 'Text on its standard input, which is empty otherwise.' })),
  }),
  examples: [
    `- script: { src: mark.sh, args: [one], creates: /var/tmp/lockstep-mark-one }
- script: { src: mark.sh, args: [two], executable: /bin/bash, unless: test -e /var/tmp/lockstep-mark-two }
`,
  ],

  reads: guardReads,

  decide(args, have) {
    if (args.src.content instanceof LargeFile) {
      return {
        due: false,
        failure: `${args.src.path} is too large for a script: it has ${args.src.content.size} bytes`,
        hint: `a script may have ${HELD_LIMIT} bytes; programs can be brought with \`copy\``,
      }
    }
    if (interpreterOf(args) === undefined) {
      return {
        due: false,
        failure: `nothing says what runs ${args.src.path}`,
        hint: 'begin it with a line like #!/bin/sh, or give its `executable`; programs can be brought with `copy`',
      }
    }
    return guarded(`runs ${args.src.path}`, args, have)
  },

  run(wanted) {
    const words = [...(interpreterOf(wanted) ?? []), '/dev/fd/3', ...(wanted.args ?? [])]
    const program = inFolder(wanted.chdir, sh`exec ${words}`)
    const body = wanted.stdin === undefined ? sh`exec </dev/null; ${program}` : sh.input(program, wanted.stdin)
    const { content } = wanted.src
    if (content instanceof LargeFile) throw new Error('a script of that size is not run')
    return sh.input(sh`exec 3<&0; ${body}`, content)
  },

  conclude: ({ src }, outcome) => processResult(src.path, outcome),
})

/** The words before the script's own path, as the kernel takes them from a `#!` line: all after the first is one word. */
function interpreterOf({ src, executable }: { src: SourceFile; executable?: string }): string[] | undefined {
  if (executable !== undefined) return [executable]
  if (src.content instanceof LargeFile) return undefined
  const text = src.content instanceof Secret ? src.content.reveal() : src.content.toString('latin1', 0, 256)
  const match = /^#![ \t]*(\S+)(?:[ \t]+(\S[^\r\n]*?))?[ \t]*\r?(?:\n|$)/.exec(text)
  return match?.[1] === undefined ? undefined : [match[1], ...(match[2] === undefined ? [] : [match[2]])]
}
