import { Type } from '@sinclair/typebox'
import { defineAction } from '../engine/resource/action.ts'
import { Arg } from '../engine/resource/arguments.ts'

/** Fails the task, for a `when` that has found something wrong. */
export const fail = defineAction({
  name: 'fail',
  summary: 'Fails with a message; give it a `when`.',
  args: Arg.object({
    msg: Type.Optional(Type.String({ lockstep: 'main', description: 'What is wrong.' })),
    hint: Type.Optional(Type.String({ description: 'What to do about it.' })),
  }),
  examples: [
    `- fail: there is no such release
  ignore_errors: true
- fail: { msg: this host is too old, hint: upgrade it first }
  when: false
`,
  ],
  looks: true,

  decide: ({ msg = 'the playbook asked to fail here', hint }) => ({
    due: false,
    failure: msg,
    ...(hint === undefined ? {} : { hint }),
  }),
})
