import { type Static, type TSchema, Type } from '@sinclair/typebox'

const text = (description: string) => Type.String({ description })
const whole = (description: string) => Type.Integer({ minimum: 0, description })
const strict = <P extends Record<string, TSchema>>(properties: P, description: string) =>
  Type.Object(properties, { additionalProperties: false, description })

const place = strict(
  {
    file: text('As the playbook was named, or found from it.'),
    line: whole('From 1.'),
    column: whole('From 1.'),
    source: Type.Optional(text('The whole line.')),
  },
  'Where something stands in the playbook.',
)

const status = Type.Union(
  [
    Type.Literal('ok'),
    Type.Literal('changed'),
    Type.Literal('known-after-apply'),
    Type.Literal('would-run'),
    Type.Literal('may-run'),
    Type.Literal('deferred'),
    Type.Literal('skipped'),
    Type.Literal('failed'),
    Type.Literal('unreachable'),
    Type.Literal('not-visible'),
  ],
  { description: 'As docs/events.md describes them.' },
)

const difference = strict(
  {
    kind: text('The kind of change.'),
    what: text('What differs.'),
    form: Type.Union([Type.Literal('text'), Type.Literal('value'), Type.Literal('bytes'), Type.Literal('hidden')]),
    before: Type.Optional(text('What is; missing when it is not there, and for a text.')),
    after: Type.Optional(text('What is asked for; missing when it is not to be there, and for a text.')),
    lines: Type.Optional(Type.Array(Type.String(), { description: 'A unified difference, for a text.' })),
    note: Type.Optional(text('What was left out.')),
  },
  'One difference. Control characters are replaced by visible marks.',
)

const failure = strict(
  {
    code: text('As docs/errors.md lists them.'),
    message: text('What went wrong.'),
    hint: Type.Optional(text('What to do.')),
    command: Type.Optional(
      strict(
        {
          text: text('The command.'),
          code: Type.Integer({ description: 'Its exit code.' }),
          stdout: text('Its last lines.'),
          stderr: text('Its last lines.'),
        },
        'The command that failed.',
      ),
    ),
  },
  'Why a task failed.',
)

const result = strict(
  {
    task: whole('The place of the task in `tasks`.'),
    host: text('Name of the host.'),
    at: text('When it was known.'),
    status,
    item: Type.Optional(text('The loop item, when there is one.')),
    differences: Type.Array(difference),
    reason: Type.Optional(text('Why it was skipped, what it depends on, what would run.')),
    failure: Type.Optional(failure),
    tolerated: Type.Optional(
      Type.Union([Type.Literal('ignored'), Type.Literal('rescued')], {
        description: 'The failure does not end the play of the host.',
      }),
    ),
    warnings: Type.Array(Type.String()),
    message: Type.Optional(text('What the task says to the reader.')),
  },
  'One (host, task, item).',
)

const counts = Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
  description: 'Results by status; none is left out.',
})

const task = strict(
  {
    id: text('Stable between runs of the same playbook.'),
    name: text('As the playbook names it.'),
    module: text('The module or action.'),
    play: text('Name of the play.'),
    place,
    handler: Type.Boolean({ description: 'A handler, not a task.' }),
  },
  'A task or handler of the playbook.',
)

const host = strict(
  {
    name: text('Name in the inventory.'),
    counts,
    lost: Type.Optional(
      Type.Union(
        [Type.Literal('failed'), Type.Literal('unreachable'), Type.Literal('locked'), Type.Literal('refused')],
        {
          description: 'Why it left the play.',
        },
      ),
    ),
    owed: Type.Array(Type.String(), { description: 'Handlers still due.' }),
  },
  'A host, and what it came to.',
)

const debt = strict(
  {
    host: text('Who is owed.'),
    handler: text('What is owed.'),
    playbook: text('Of which playbook.'),
    reason: text('The task that notified it.'),
    since: text('Since when.'),
    by: text('By whose run.'),
    handlerExists: Type.Boolean({ description: 'This playbook has such a handler.' }),
  },
  'A handler that an earlier run owed to a host when this one came.',
)

const run = strict(
  {
    playbook: text('As it was named.'),
    mode: Type.Union([Type.Literal('run'), Type.Literal('check')]),
    operator: text('Who, and on which machine.'),
    started: text('ISO 8601, UTC.'),
    finished: Type.Optional(text('Missing when the run was cut short.')),
    outcome: Type.Union([Type.Literal('finished'), Type.Literal('interrupted'), Type.Literal('cut-short')], {
      description: '`cut-short`: it stopped without recording its end, so results may be missing.',
    }),
    hosts: Type.Array(host),
    tasks: Type.Array(task),
    results: Type.Array(result),
    debts: Type.Array(debt),
  },
  'One playbook, run or checked.',
)

const warning = strict(
  {
    code: text('As docs/errors.md lists them.'),
    message: text('What looks wrong.'),
    place: Type.Optional(place),
    hint: Type.Optional(text('What to do.')),
  },
  'Something legal in the playbook that looks wrong.',
)

/** The JSON Schema of the report `--report FILE.json`; draft 2020-12 and draft-07 read it alike. */
export const auditSchema = strict(
  {
    version: Type.Literal(1, { description: 'Of this form. New properties do not raise it.' }),
    lockstep: text('The version of Lockstep.'),
    verdict: text('The one line that matters.'),
    runs: Type.Array(run),
    warnings: Type.Array(warning),
  },
  'What runs or checks of playbooks came to.',
)

/** All that a report tells: safe to print, bounded in size, and made of events alone. */
export type Audit = Static<typeof auditSchema>
export type AuditRun = Static<typeof run>
export type AuditTask = Static<typeof task>
export type AuditHost = Static<typeof host>
export type AuditResult = Static<typeof result>
export type AuditDifference = Static<typeof difference>
export type AuditFailure = Static<typeof failure>
