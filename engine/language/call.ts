import { Problem } from '../problem.ts'
import { Unknown } from '../resource/unknown.ts'
import { findUnknown, type Value } from '../resource/value.ts'
import { type ArgumentPlace, argumentProblems } from './argument-problems.ts'
import { type ArgumentSchema, mainArgument, validateArguments } from './argument-schema.ts'
import { Converter, holdsSecret, partOf, reveal, withDefaults } from './convert.ts'
import type { Arguments } from './evaluator.ts'
import { type Expression, expressionOf } from './expression.ts'
import { checkWhatIsKnown, HOLE } from './known-arguments.ts'
import type { Names } from './names.ts'
import type { SourceFiles } from './source-files.ts'
import type { Lexical } from './variables.ts'
import { compileValue, evaluateWritten, type Written } from './written.ts'
import { type Entry, placeOf, type YamlNode } from './yaml-node.ts'

/** The arguments of one task, compiled. */
export interface CompiledArguments {
  at: ArgumentPlace
  values: readonly (readonly [string, Written])[]
  /** Arguments that are expressions to be evaluated and handed over with their texts. */
  expressions: readonly (readonly [string, readonly Expression[]])[]
  /** The outcome, once it is known to be the same for all. */
  settled?: Arguments
}

export interface CallOptions {
  name: string
  schema: ArgumentSchema
  /** The module's name and its value. */
  entry: Entry
  /** Of `module_defaults`; the task's own arguments win. */
  defaults: readonly Entry[]
}

/** Compiles a task's arguments and checks what is known of them by now. */
export function compileArguments(
  { name, schema, entry, defaults }: CallOptions,
  problems: Problem[],
): CompiledArguments {
  const count = problems.length
  const given = entriesOf(name, schema, entry, problems)
  const own = new Set(given.map(({ key }) => key))
  const entries = [...given, ...defaults.filter(({ key }) => !own.has(key))]
  const place = placeOf({ at: entry.keyAt })
  const at: ArgumentPlace = { name, schema, place, node: { kind: 'map', at: entry.value.at, entries } }
  const isExpressions = ({ key }: Entry) => schema.properties?.[key]?.lockstep === 'expressions'
  const values = entries
    .filter((each) => !isExpressions(each))
    .map(({ key, value }) => [key, compileValue(value, problems)] as const)
  const expressions = entries
    .filter(isExpressions)
    .map(({ key, value }) => [key, expressionsOf(value, problems)] as const)
  const compiled: CompiledArguments = { at, values, expressions }
  if (problems.length === count) problems.push(...checkWhatIsKnown(compiled))
  if (problems.length > count)
    compiled.settled = { kind: 'unknown', unknown: new Unknown('arguments that are wrong'), partial: {} }
  return compiled
}

/** The arguments for those who know the names. Throws a Problem for what is wrong with them. */
export function evaluateArguments(
  compiled: CompiledArguments,
  names: Names,
  files: SourceFiles,
  scope: Lexical,
): Arguments {
  if (compiled.settled) return compiled.settled
  const { at, values, expressions } = compiled
  const raw: Record<string, Value> = Object.fromEntries(
    values.map(([name, written]) => [name, evaluateWritten(written, names)]),
  )
  const told = expressions.map(
    ([name, list]) =>
      [
        name,
        list.map((expression) => ({ expression: expression.text, value: shown(expression, names, at, name) })),
      ] as const,
  )
  const isKnown = findUnknown(raw) === undefined
  const filled = isKnown
    ? validated(
        raw,
        at,
        told.map(([name]) => name),
      )
    : raw
  const converter = new Converter(at, names, files, scope)
  const args = { ...(converter.convert(filled, at.schema, []) as object), ...Object.fromEntries(told) }
  const unknown = findUnknown(args)
  if (unknown) return { kind: 'unknown', unknown, partial: args }
  const known: Arguments = { kind: 'known', args }
  if (expressions.length === 0 && !converter.rendered && values.every(([, { kind }]) => kind === 'literal'))
    compiled.settled = known
  return known
}

/** An expression that is handed over with its value is there to be shown; a secret only to what hides it. */
function shown(expression: Expression, names: Names, { name, schema }: ArgumentPlace, argument: string): Value {
  const value = expression.evaluate(names)
  const hidesSecrets = schema.properties?.[argument]?.anyOf?.some(({ lockstep }) => lockstep === 'value')
  if (hidesSecrets || !holdsSecret(value)) return value
  const hint = 'only arguments that are made for secrets take one'
  throw new Problem({
    code: 'SECRET_SHOWN',
    message: `'${expression.text}' of ${name} would show a secret`,
    place: expression.place,
    hint,
  })
}

function entriesOf(name: string, schema: ArgumentSchema, { value }: Entry, problems: Problem[]): readonly Entry[] {
  if (value.kind === 'map') return value.entries
  if (value.kind === 'scalar' && value.value === null) return []
  const main = mainArgument(schema)
  if (main !== undefined && !looksLikePairs(name, schema, value)) return [{ key: main, keyAt: value.at, value }]
  const pairs = value.kind === 'scalar' && /^\w+=/.test(value.text)
  const hint = pairs
    ? `write ${name}: { ${value.text.replace(/(\w+)=(\S*)/g, '$1: $2,').replace(/,$/, '')} }`
    : `it has ${Object.keys(schema.properties ?? {}).join(', ')}`
  problems.push(
    new Problem({ code: 'WRONG_TYPE', message: `the arguments of ${name} are a mapping`, place: placeOf(value), hint }),
  )
  return []
}

/** `name=value` arguments, as Ansible takes them; a command may well begin with an assignment. */
function looksLikePairs(name: string, schema: ArgumentSchema, node: YamlNode): boolean {
  const key = node.kind === 'scalar' ? /^(\w+)=/.exec(node.text)?.[1] : undefined
  return key !== undefined && !['command', 'shell'].includes(name) && schema.properties?.[key] !== undefined
}

function expressionsOf(node: YamlNode, problems: Problem[]): Expression[] {
  const nodes = node.kind === 'list' ? node.items : [node]
  return nodes.flatMap((item) => {
    if (item.kind === 'scalar') return [expressionOf(item, problems)]
    problems.push(new Problem({ code: 'WRONG_TYPE', message: 'an expression is one text', place: placeOf(item) }))
    return []
  })
}

function validated(
  raw: Record<string, Value>,
  at: ArgumentPlace,
  expressions: readonly string[],
): Record<string, Value> {
  const copy = reveal(raw) as Record<string, unknown>
  for (const name of expressions) copy[name] = HOLE
  const errors = validateArguments(at.schema, copy).filter(
    ({ instancePath }) => !expressions.some((name) => instancePath === `/${name}`),
  )
  const [problem] = argumentProblems(errors, { ...at, hides: (path) => holdsSecret(partOf(raw, path)) })
  if (problem) throw problem
  for (const name of expressions) delete copy[name]
  return withDefaults(raw, copy) as Record<string, Value>
}
