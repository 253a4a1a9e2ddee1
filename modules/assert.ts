import { Type } from '@sinclair/typebox'
import { defineAction } from '../engine/resource/action.ts'
import { Arg } from '../engine/resource/arguments.ts'
import type { Value } from '../engine/resource/value.ts'

/** An expression of the playbook, as the engine has evaluated it. */
export interface Evaluated {
  expression: string
  value: Value
}

/** Holds the playbook to what it takes for granted. */
export const assert = defineAction({
  name: 'assert',
  summary: 'Fails unless expressions hold.',
  args: Arg.object({
    that: Type.Unsafe<readonly Evaluated[]>({
      anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
      lockstep: 'expressions',
      description: 'An expression, or several that must all be true.',
    }),
    msg: Type.Optional(Type.String({ description: 'What to say when one is not.' })),
  }),
  examples: [
    `- assert: { that: inventory_hostname != "" }
- assert:
    that: [1 + 1 == 2, "size(groups.all) > 0"]
    msg: the inventory has no hosts
`,
  ],
  looks: true,

  decide({ that, msg }) {
    const broken = that.filter(({ value }) => value !== true)
    if (broken.length === 0) return { due: false, result: {} }
    const said = broken.map(({ expression, value }) =>
      value === false ? `${expression} is false` : `${expression} is ${inWords(value)}, neither true nor false`,
    )
    return msg === undefined
      ? { due: false, failure: said.join('; ') }
      : { due: false, failure: msg, hint: said.join('; ') }
  },
})

function inWords(value: Value): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
