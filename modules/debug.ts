import { Type } from '@sinclair/typebox'
import { defineAction } from '../engine/resource/action.ts'
import { Arg } from '../engine/resource/arguments.ts'
import type { Evaluated } from './assert.ts'

/** Says something, or shows a value. */
export const debug = defineAction({
  name: 'debug',
  summary: 'Shows a message or the value of an expression.',
  args: Arg.object(
    {
      msg: Type.Optional(
        Arg.value({ description: 'Text, or any value; a text may have several lines, and secrets are hidden.' }),
      ),
      var: Type.Optional(
        Type.Unsafe<readonly Evaluated[]>({
          type: 'string',
          lockstep: 'expressions',
          anyOf: [{ lockstep: 'value' }],
          description: 'Expression whose value is shown, as in groups.all or result.stdout.',
        }),
      ),
    },
    { allOf: [Arg.rule('takes `msg` or `var`, not both', { not: { required: ['msg', 'var'] } })] },
  ),
  examples: [
    `- debug: the work begins
- debug:
    msg: |
      several
      lines
- debug: { msg: [a, list] }
- debug: { var: inventory_hostname }
`,
  ],
  looks: true,
  speaks: true,

  decide({ msg, var: expressions }) {
    const [shown] = expressions ?? []
    return { due: false, result: { msg: shown ? { [shown.expression]: shown.value } : (msg ?? '') } }
  },
})
