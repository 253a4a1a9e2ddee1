import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { statuses } from '../report/status.ts'

const text = (description: string) => Type.String({ description })
const texts = (description: string) => Type.Array(Type.String(), { description })
const object = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

const difference = object({
  kind: text('The kind of change, as the module names it.'),
  what: text('What differs, in the words of the host.'),
  form: Type.Union([Type.Literal('text'), Type.Literal('value'), Type.Literal('bytes'), Type.Literal('hidden')]),
  before: Type.Optional(text('As it is; left out when it is not there.')),
  after: Type.Optional(text('As it will be; left out when it will not be there.')),
})

const task = object({
  id: text('The task in the playbook.'),
  name: text('Its name.'),
  item: Type.Optional(object({ index: Type.Integer(), label: Type.String() })),
  status: Type.Union(
    statuses.map((status) => Type.Literal(status)),
    { description: 'What check said of it; `ok` and `skipped` are left out.' },
  ),
  reason: Type.Optional(text('Why that is not known yet, or what would run.')),
  differences: Type.Array(difference),
})

const host = object({
  lost: Type.Optional(text('Why the check did not get to its end there; then the plan is not for this host.')),
  tasks: Type.Array(task, { description: 'What a run would or might do, in the order of the playbook.' }),
})

const source = object({
  path: text('From the folder that the plan was made in; `PATH --list` is the answer of a program.'),
  sha256: text('Hash of its content.'),
})

/** A plan in a file: what a check has found, and what it was made of. Nothing in it is secret. */
export const planSchema = object({
  format: Type.Literal('lockstep-plan'),
  version: Type.Literal(1),
  at: text('When it was made.'),
  by: text('Who made it, and where.'),
  lockstep: text('The version of Lockstep that made it.'),
  playbook: text('From the folder that it was made in, as all paths.'),
  inventory: texts('What `-i` said.'),
  limit: texts('What `--limit` said.'),
  tags: texts('What `--tags` said.'),
  skipTags: texts('What `--skip-tags` said.'),
  become: object({
    become: Type.Optional(Type.Boolean()),
    becomeUser: Type.Optional(Type.String()),
    becomeMethod: Type.Optional(Type.String()),
  }),
  extraVars: Type.Optional(
    object({
      names: texts('Variables of `-e`; their values may be secret, and are not here.'),
      key: text('Which key the next one was made with; the key itself is never here.'),
      hmac: text('HMAC-SHA256 of names and values.'),
    }),
  ),
  sources: Type.Array(source, {
    description: 'Everything that was read: playbooks, roles, templates, files, inventories.',
  }),
  hosts: Type.Record(Type.String(), host),
})

export type SavedPlan = Static<typeof planSchema>
export type HostPlan = Static<typeof host>
export type PlannedTask = Static<typeof task>

/** What a file holds that ought to be a plan; or a sentence about what is wrong with it. */
export function parsePlan(content: string): SavedPlan | string {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return `it is no JSON: ${error.message}`
  }
  const { format, version } = Object(value) as { format?: unknown; version?: unknown }
  if (format !== 'lockstep-plan') return 'it does not say that it is a plan'
  if (version !== 1) return `it is of version ${JSON.stringify(version)}, and this Lockstep knows version 1`
  const validate = new Ajv({ allErrors: false }).compile<SavedPlan>(planSchema)
  if (validate(value)) return value
  const [problem] = validate.errors ?? []
  return `${problem?.instancePath || 'it'} ${problem?.message ?? 'is wrong'}`
}
