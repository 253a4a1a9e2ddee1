/** A JSON Schema, by its own keywords. */
export type Schema = { readonly [keyword: string]: unknown }

/**
 * What the engine turns into a value of whatever type: a template, or an expression, for which editors take the tag `!cel` as
 * docs/editors.md has them declare it.
 */
export const computed: readonly Schema[] = [{ type: 'string', pattern: '\\{\\{' }, { type: 'null' }]

const text = (description: string): Schema => ({ type: 'string', description })
const yesOrNo = (description: string): Schema => ({ anyOf: [{ type: 'boolean' }, ...computed], description })
const whole = (description: string): Schema => ({ anyOf: [{ type: 'integer', minimum: 0 }, ...computed], description })
const map = (description: string): Schema => ({ type: 'object', description })
const words = (description: string): Schema => ({
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
  description,
})
const conditions = (description: string): Schema => ({
  anyOf: [{ type: 'string' }, { type: 'boolean' }, { type: 'array', items: { type: ['string', 'boolean'] } }],
  description,
})
const amount = (description: string): Schema => ({
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: '^\\d+%?$|\\{\\{' },
  ],
  description,
})

/** Keywords of plays, blocks and tasks alike. */
export const shared: Schema = {
  name: text('What it is for, as reports show it.'),
  vars: map('Variables that hold inside.'),
  when: conditions('Expressions that must all be true.'),
  tags: words('Words for --tags and --skip-tags.'),
  become: yesOrNo('Do it as another user.'),
  become_user: text('Who to become; root unless given.'),
  become_method: { enum: ['sudo', 'su', 'doas'], description: 'How to become.' },
  environment: {
    anyOf: [{ type: 'object' }, { type: 'array', items: { type: 'object' } }, ...computed],
    description: 'Environment variables of commands.',
  },
  ignore_errors: yesOrNo('A failure does not end the host’s play.'),
  ignore_unreachable: yesOrNo('A host that cannot be reached does not leave the play.'),
  any_errors_fatal: yesOrNo('One host that is lost ends the play for all.'),
  module_defaults: map('Arguments for modules, by name, where a task does not give them.'),
  timeout: whole('Seconds that a task may take on a host.'),
  throttle: whole('Hosts that work on it at a time.'),
  check_mode: yesOrNo('true: only look, even in a run. false: act, even in a check.'),
  diff: yesOrNo('Whether differences are shown.'),
  no_log: yesOrNo('Hide arguments, differences and results.'),
}

const order: Schema = {
  description: 'The order in which hosts pass.',
  anyOf: [
    { enum: ['inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle'] },
    {
      type: 'object',
      properties: {
        by: text('An expression; hosts pass in ascending order of its value.'),
        dynamic: { type: 'boolean', description: 'Work it out again before each batch.' },
        ask: text('Registered by a task that only looks, which is done again on the hosts left before each batch.'),
      },
      required: ['by'],
      additionalProperties: false,
    },
    {
      type: 'object',
      properties: {
        shuffle: { type: ['string', 'number'], description: 'A seed: the same seed and hosts give the same order.' },
      },
      required: ['shuffle'],
      additionalProperties: false,
    },
  ],
}

/** How hosts pass through. */
export const rolled: Schema = {
  serial: {
    anyOf: [amount('One batch size.'), { type: 'array', items: amount('A batch size.') }],
    description: 'Hosts of a batch: a number, a share, or a list of them of which the last repeats.',
  },
  order,
  max_failures: amount('Failed and unreachable hosts over the whole roll that are borne.'),
  max_fail_percentage: { type: 'number', minimum: 0, maximum: 100, description: 'The same as a share.' },
}

const tasks = (description: string): Schema => ({ allOf: [{ $ref: '#/definitions/tasks' }], description })

/** Keywords of plays alone. */
export const playKeywords: Schema = {
  hosts: words('A pattern of the inventory.'),
  vars_files: words('Files with variables.'),
  roles: {
    type: 'array',
    items: { anyOf: [{ type: 'string' }, { type: 'object' }] },
    description: 'Roles, before the tasks.',
  },
  pre_tasks: tasks('Tasks before the roles.'),
  tasks: tasks('The tasks.'),
  post_tasks: tasks('Tasks after the tasks.'),
  handlers: tasks('Tasks that run when they are notified.'),
  gather_facts: yesOrNo('Whether facts are gathered; when something uses them, unless given.'),
  strategy: { enum: ['linear', 'free'], description: 'linear: a task acts on all hosts before the next acts on any.' },
  port: whole('Port of ssh.'),
  remote_user: text('Who logs in.'),
  connection: { enum: ['ssh', 'ssh2', 'openssh', 'local'], description: 'How to connect.' },
  include: { anyOf: [{ type: 'string' }, { type: 'object' }], description: 'Another playbook.' },
}

/** Keywords of tasks and blocks. */
export const taskKeywords: Schema = {
  block: tasks('Tasks that belong together.'),
  rescue: tasks('Runs when a task of the block has failed.'),
  always: tasks('Runs after block and rescue, whatever happened.'),
  loop: {
    anyOf: [{ type: 'array' }, { type: 'string' }, { type: 'object' }, { type: 'null' }],
    description: 'The items to do it for.',
  },
  loop_control: {
    type: 'object',
    properties: {
      loop_var: text('The name of the item; `item` unless given.'),
      index_var: text('The name of its number, from 0.'),
      label: { description: 'What reports call an item.' },
    },
    additionalProperties: false,
    description: 'How the loop is written.',
  },
  register: text('The name under which the result is kept.'),
  notify: words('Handlers or topics to run when it has changed something.'),
  listen: words('Topics that a handler hears to, beside its name.'),
  until: conditions('Try again until these hold.'),
  retries: whole('How often to try again.'),
  delay: { anyOf: [{ type: 'number', minimum: 0 }, ...computed], description: 'Seconds between tries.' },
  changed_when: conditions('Whether an action counts as a change.'),
  failed_when: conditions('Whether an action counts as failed.'),
  delegate_to: { type: ['string', 'null'], description: 'The host that does it in place of each host.' },
  run_once: yesOrNo('Once a play, on the first host.'),
  include: {
    anyOf: [{ type: 'string' }, { type: 'object' }],
    description: 'Tasks of another file, or a role: { role: NAME }, with tasks: FILE for another file of its tasks.',
  },
  meta: { enum: ['flush_handlers', 'end_host', 'end_play'], description: 'A word to the engine.' },
}
