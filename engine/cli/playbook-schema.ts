import type { AnyAction } from '../resource/action.ts'
import type { AnyModule } from '../resource/module.ts'
import { computed, playKeywords, rolled, type Schema, shared, taskKeywords } from './keyword-schemas.ts'

/**
 * The JSON Schema of playbooks for editors: keywords, modules and their arguments with descriptions. It is wider than the
 * compiler, which also knows names and types: where a template may stand, any template is right.
 */
export function playbookSchema(modules: readonly AnyModule[], actions: readonly AnyAction[]): Schema {
  const callables = Object.fromEntries([...modules, ...actions].map((one) => [one.name, callable(one)]))
  const task = { ...taskKeywords, ...rolled, ...callables }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Lockstep playbook',
    type: 'array',
    items: { $ref: '#/definitions/play' },
    definitions: {
      play: strict({ ...playKeywords, ...shared, ...rolled }),
      tasks: { type: 'array', items: { $ref: '#/definitions/task' } },
      task: strict({ ...task, ...shared }),
    },
  }
}

/** Of a file of tasks or handlers, as roles and `include` have them; the playbook's own lies beside it. */
export const tasksSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Lockstep tasks',
  $ref: 'playbook.json#/definitions/tasks',
}

function callable({ name, summary, args }: AnyModule | AnyAction): Schema {
  const whole = templated({ ...args, title: name, description: summary })
  return mainArgument(args) === undefined ? whole : { description: summary, anyOf: [whole, { type: 'string' }] }
}

/** The argument that a call may give as plain text: the one marked so, or the only required text. */
function mainArgument(args: Schema): string | undefined {
  const properties = Object.entries((args.properties ?? {}) as Record<string, Schema>)
  const marked = properties.find(([, schema]) => schema.lockstep === 'main')
  const required = (args.required ?? []) as readonly string[]
  const only = properties.filter(([name, schema]) => required.includes(name) && schema.type === 'string')
  return marked?.[0] ?? (required.length === 1 ? only[0]?.[0] : undefined)
}

/** Wherever a value may stand, so may a template or an expression that gives it. */
function templated(schema: Schema): Schema {
  const { properties, items, anyOf, allOf, lockstep, ...rest } = schema
  const rules = ((allOf ?? []) as Schema[]).filter((rule) => !asksForValues(rule))
  const inner: Schema = {
    ...rest,
    ...(rules.length > 0 ? { allOf: rules } : {}),
    ...(properties ? { properties: eachTemplated(properties as Record<string, Schema>) } : {}),
    ...(items ? { items: templatedOrWhole(items as Schema) } : {}),
    ...(anyOf ? { anyOf: (anyOf as Schema[]).map(templated) } : {}),
  }
  return inner
}

/** Whether a rule about several arguments looks at their values, which a template leaves open. */
function asksForValues(rule: unknown): boolean {
  if (typeof rule !== 'object' || rule === null) return false
  return Object.entries(rule).some(([key, part]) => key === 'properties' || asksForValues(part))
}

function eachTemplated(properties: Readonly<Record<string, Schema>>): Schema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, templatedOrWhole(schema)]))
}

function templatedOrWhole(schema: Schema): Schema {
  if (schema.type === 'string' && schema.pattern === undefined && schema.enum === undefined) {
    return { ...templated(schema), type: ['string', 'null'] }
  }
  const { description, default: value, ...rest } = templated(schema)
  const words = { ...(description ? { description } : {}), ...(value === undefined ? {} : { default: value }) }
  return { ...words, anyOf: [rest, ...computed] }
}

function strict(properties: Schema): Schema {
  return { type: 'object', properties, additionalProperties: false }
}
