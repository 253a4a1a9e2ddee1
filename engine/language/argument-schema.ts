import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv'
import { createAjv, madeAhead } from './validators.ts'

/** A JSON Schema as modules write theirs, as far as it is looked into. */
export interface ArgumentSchema {
  type?: string
  properties?: Readonly<Record<string, ArgumentSchema>>
  required?: readonly string[]
  items?: ArgumentSchema
  anyOf?: readonly ArgumentSchema[]
  /** Rules about several arguments, each with its sentence; see `Arg.rule`. */
  allOf?: readonly ArgumentSchema[]
  enum?: readonly unknown[]
  additionalProperties?: boolean | ArgumentSchema
  /** A type that JSON Schema lacks; see engine/resource/arguments.ts. */
  lockstep?: string
  description?: string
  default?: unknown
  const?: unknown
  patternProperties?: Readonly<Record<string, ArgumentSchema>>
}

/** Checks plain arguments against a module's schema and fills its defaults in; gives what is wrong. */
export function validateArguments(schema: ArgumentSchema, args: Record<string, unknown>): readonly ErrorObject[] {
  let validate = madeAhead.get(schema) ?? validators.get(schema)
  if (!validate) {
    ajv ??= createArgumentAjv()
    validate = ajv.compile(schema)
    validators.set(schema, validate)
  }
  return validate(args) ? [] : (validate.errors ?? [])
}

/** Why a schema that a user has written is none; nothing when it is one, which is then ready for arguments. */
export function schemaFault(schema: ArgumentSchema): string | undefined {
  ajv ??= createArgumentAjv()
  try {
    validators.set(schema, ajv.compile(schema))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The argument that a plain text stands for, as in `command: make`. */
export function mainArgument(schema: ArgumentSchema): string | undefined {
  const properties = Object.entries(schema.properties ?? {})
  const marked = properties.find(([, { lockstep }]) => lockstep === 'main')
  if (marked) return marked[0]
  const known = MAIN_NAMES.find((name) => schema.properties?.[name])
  return known ?? (schema.required?.length === 1 ? schema.required[0] : undefined)
}

/** What an action takes before anything else. */
const MAIN_NAMES = ['cmd', 'that', 'msg']

/** The schema of a part, by the path of keys and positions that leads to it. */
export function schemaAt(schema: ArgumentSchema, path: readonly string[]): ArgumentSchema | undefined {
  let at: ArgumentSchema | undefined = schema
  for (const key of path) at = at && stepInto(at, key)
  return at
}

function stepInto(schema: ArgumentSchema, key: string): ArgumentSchema | undefined {
  const own = schema.properties?.[key] ?? (schema.type === 'array' ? schema.items : undefined)
  if (own) return own
  const pattern = Object.values(schema.patternProperties ?? {})[0]
  if (pattern) return pattern
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties
  return schema.anyOf?.map((branch) => stepInto(branch, key)).find(Boolean)
}

const validators = new Map<ArgumentSchema, ValidateFunction>()
let ajv: Ajv | undefined

/** What makes validators of arguments; `options` beside those that all of them share. */
export function createArgumentAjv(options: Options = {}): Ajv {
  const created = createAjv({
    allErrors: true,
    useDefaults: true,
    allowUnionTypes: true,
    verbose: true,
    strictTypes: false,
    strictRequired: false,
    ...options,
  })
  created.addKeyword('lockstep')
  return created
}
