import { Type } from '@sinclair/typebox'
import { defineAction } from '../engine/resource/action.ts'
import { Arg } from '../engine/resource/arguments.ts'
import { sh } from '../engine/resource/command.ts'
import { guardArgs, guarded, guardReads, inFolder } from './guards.ts'
import { inShort, processResult } from './process-result.ts'

/** Runs lines of shell, which no process list shows. */
export const shell = defineAction({
  name: 'shell',
  summary: 'Runs lines of shell; give it a guard, so that check mode can tell whether it is due.',
  args: Arg.object({
    cmd: Type.String({
      pattern: '\\S',
      description: 'Lines of shell, for /bin/sh unless `executable` says otherwise.',
    }),
    executable: Type.Optional(Arg.path({ description: 'Shell that runs them, as in /bin/bash.' })),
    ...guardArgs,
    stdin: Type.Optional(Arg.text({ description: 'Text on their standard input, which is empty otherwise.' })),
  }),
  examples: [
    `- shell:
    cmd: |
      for name in one two; do
        echo "$name" >>/var/tmp/lockstep-names
      done
    creates: /var/tmp/lockstep-names
- shell: { cmd: "sort -r >sorted", stdin: "a\\nb\\n", chdir: /var/tmp, unless: test -s sorted }
- shell: { cmd: 'echo "\${BASH_VERSION%%.*}" >/var/tmp/lockstep-bash', executable: /bin/bash, creates: /var/tmp/lockstep-bash }
- shell: { cmd: rm -f /var/tmp/lockstep-gone, removes: /var/tmp/lockstep-gone }
`,
  ],

  reads: guardReads,

  decide: (args, have) => guarded(`runs ${inShort(args.cmd)}`, args, have),

  run({ cmd, executable = '/bin/sh', chdir, stdin }) {
    // Read whole before anything of it runs, from a descriptor that what it starts does not get.
    const lines = inFolder(chdir, sh`exec ${executable} -c 'eval "$(cat <&3)" 3<&-'`)
    const body = stdin === undefined ? sh`exec </dev/null; ${lines}` : sh.input(lines, stdin)
    return sh.input(sh`exec 3<&0; ${body}`, cmd)
  },

  conclude: ({ cmd }, outcome) => processResult(`\`${inShort(cmd)}\``, outcome),
})
