import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Place, Problem } from '../problem.ts'
import { findUnknown, type Value } from '../resource/value.ts'
import { argumentProblems } from './argument-problems.ts'
import { type ArgumentSchema, schemaFault, validateArguments } from './argument-schema.ts'
import type { Compiler } from './compiler.ts'
import { holdsSecret, partOf, reveal } from './convert.ts'
import type { Expression } from './expression.ts'
import type { Names } from './names.ts'
import { readSource } from './read-source.ts'
import type { Lexical } from './variables.ts'
import { parseYaml } from './yaml.ts'
import { type MapNode, placeOf, plainOf } from './yaml-node.ts'

/** What a role wants its variables to be: `inputs.yml`, a JSON Schema for each name, with `required: true` where there is no default. */
export interface RoleInputs {
  role: string
  scope: Lexical
  /** Where the role is asked for. */
  place: Place
  /** Without them the role does nothing, and needs nothing. */
  when: readonly Expression[]
  schema: ArgumentSchema
}

/** Reads a role's `inputs.yml`, when it has one. */
export function readInputs(
  folder: string,
  about: Omit<RoleInputs, 'schema'>,
  { problems }: Compiler,
): RoleInputs | undefined {
  const path = join(folder, 'inputs.yml')
  if (!existsSync(path)) return undefined
  const node = parseYaml(readSource(path), problems)
  if (!node) return undefined
  if (node.kind !== 'map') {
    problems.push(
      new Problem({
        code: 'WRONG_TYPE',
        message: 'inputs are a mapping of names to what they take',
        place: placeOf(node),
      }),
    )
    return undefined
  }
  const properties: Record<string, ArgumentSchema> = {}
  const required: string[] = []
  for (const { key, value } of node.entries) {
    const plain = plainOf(value)
    const { required: isRequired, ...schema } = (plain !== null && typeof plain === 'object' ? plain : {}) as Record<
      string,
      Value
    >
    properties[key] = schema as ArgumentSchema
    if (isRequired === true) required.push(key)
  }
  const schema: ArgumentSchema = { type: 'object', properties, required }
  if (schemaFault(schema) === undefined) return { ...about, schema }
  problems.push(...faults(node, properties))
  return undefined
}

/** What is wrong with those that are no JSON Schema. */
function faults({ entries }: MapNode, properties: Readonly<Record<string, ArgumentSchema>>): Problem[] {
  return entries.flatMap(({ key, value }) => {
    const fault = schemaFault(properties[key] ?? {})
    if (fault === undefined) return []
    const message = `the input '${key}' is no JSON Schema: ${fault}`
    return [new Problem({ code: 'WRONG_VALUE', message, place: placeOf(value) })]
  })
}

/** What is wrong with the inputs for one host; what is known after apply is not looked at. */
export function checkInputs({ role, schema, place, when }: RoleInputs, names: Names): Problem[] {
  if (when.some((condition) => condition.evaluate(names) === false)) return []
  const values: Record<string, Value> = {}
  for (const name of Object.keys(schema.properties ?? {})) {
    const value = names.get(name)
    if (value !== undefined) values[name] = value
  }
  const unknown = Object.keys(values).filter((name) => findUnknown(values[name]) !== undefined)
  for (const name of unknown) delete values[name]
  const { required = [], ...rest } = schema
  const needed = { ...rest, required: required.filter((name) => !unknown.includes(name)) }
  const hides = (path: readonly string[]) => holdsSecret(partOf(values, path))
  const at = { name: `the role ${role}`, schema, node: undefined, place, hides }
  return argumentProblems(
    validateArguments(unknown.length === 0 ? schema : needed, reveal(values) as Record<string, unknown>),
    at,
  )
}
