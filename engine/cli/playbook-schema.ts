import type { AnyAction } from '../resource/action.ts'
import type { AnyModule } from '../resource/module.ts'
import { playKeywords, rolled, type Schema, shared, taskKeywords, template } from './keyword-schemas.ts'

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

function callable({ summary, args }: AnyModule | AnyAction): Schema {
  const whole = templated({ ...args, description: summary })
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
  const { properties, items, anyOf, lockstep, ...rest } = schema
  const inner: Schema = {
    ...rest,
    ...(properties ? { properties: eachTemplated(properties as Record<string, Schema>) } : {}),
    ...(items ? { items: templatedOrWhole(items as Schema) } : {}),
    ...(anyOf ? { anyOf: (anyOf as Schema[]).map(templated) } : {}),
  }
  return inner
}

function eachTemplated(properties: Readonly<Record<string, Schema>>): Schema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, templatedOrWhole(schema)]))
}

function templatedOrWhole(schema: Schema): Schema {
  if (schema.type === 'string' && schema.pattern === undefined && schema.enum === undefined) return templated(schema)
  const { description, default: value, ...rest } = templated(schema)
  const words = { ...(description ? { description } : {}), ...(value === undefined ? {} : { default: value }) }
  return { ...words, anyOf: [rest, template] }
}

function strict(properties: Schema): Schema {
  return { type: 'object', properties, additionalProperties: false }
}
