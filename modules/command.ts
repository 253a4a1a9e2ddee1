import { Type } from '@sinclair/typebox'
import { defineAction } from '../engine/resource/action.ts'
import { Arg } from '../engine/resource/arguments.ts'
import { sh } from '../engine/resource/command.ts'
import { guardArgs, guarded, guardReads, inFolder } from './guards.ts'
import { inShort, processResult } from './process-result.ts'
import { splitWords, WordsError } from './words.ts'

/** Runs a program, without a shell. */
export const command = defineAction({
  name: 'command',
  summary:
    'Runs a program with its arguments, without a shell; give it a guard, so that check mode can tell whether it is due.',
  args: Arg.object(
    {
      cmd: Type.Optional(
        Type.String({
          pattern: '\\S',
          lockstep: 'main',
          description:
            'Program and arguments in one line, split at spaces as a shell would; nothing else of a shell is in it.',
        }),
      ),
      argv: Type.Optional(
        Type.Array(Type.String(), { minItems: 1, description: 'Program and arguments as a list, taken as they are.' }),
      ),
      ...guardArgs,
      stdin: Type.Optional(Arg.text({ description: 'Text on its standard input, which is empty otherwise.' })),
    },
    {
      allOf: [
        Arg.rule('takes `cmd` or `argv`, one of them', { oneOf: [{ required: ['cmd'] }, { required: ['argv'] }] }),
      ],
    },
  ),
  examples: [
    `- command: { cmd: touch /var/tmp/lockstep-made, creates: /var/tmp/lockstep-made }
- command: { argv: [cp, /etc/hostname, /var/tmp/lockstep copy], creates: /var/tmp/lockstep copy }
- command: { cmd: tee lockstep-said, stdin: "said so\\n", chdir: /var/tmp, unless: grep -q so lockstep-said }
- command: { cmd: "rm -f '/var/tmp/lockstep gone'", removes: /var/tmp/lockstep gone }
`,
  ],

  reads: guardReads,

  decide(args, have) {
    try {
      wordsOf(args)
      return guarded(`runs ${inShort(shown(args))}`, args, have)
    } catch (error) {
      if (!(error instanceof WordsError)) throw error
      return { due: false, failure: error.message, hint: 'use `shell`, or put quotes around it' }
    }
  },

  run(args) {
    const program = inFolder(args.chdir, sh`exec ${wordsOf(args)}`)
    return args.stdin === undefined ? program : sh.input(program, args.stdin)
  },

  conclude: (args, outcome) => processResult(`\`${inShort(shown(args))}\``, outcome),
})

interface Words {
  cmd?: string
  argv?: readonly string[]
}

function wordsOf({ cmd, argv }: Words): string[] {
  return argv ? [...argv] : splitWords(cmd ?? '')
}

function shown({ cmd, argv }: Words): string {
  return cmd ?? argv?.join(' ') ?? ''
}
