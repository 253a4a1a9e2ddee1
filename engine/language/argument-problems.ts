import type { ErrorObject } from 'ajv'
import { nearest, type Place, Problem } from '../problem.ts'
import { type ArgumentSchema, schemaAt } from './argument-schema.ts'
import { yesNoHint } from './fields.ts'
import { kindOf } from './functions/define.ts'
import { entryOf, keyPlace, placeOf, type YamlNode } from './yaml-node.ts'

/** What the arguments belong to. */
export interface ArgumentPlace {
  /** The module's or action's name. */
  name: string
  schema: ArgumentSchema
  /** Where the arguments stand; undefined when nothing follows the module's name. */
  node: YamlNode | undefined
  /** Where the module's name stands. */
  place: Place
  /** Whether what stands at a path is a secret, whose value no message may show. */
  hides?: (path: readonly string[]) => boolean
}

/** What the errors of a schema mean to the one who wrote the arguments. */
export function argumentProblems(all: readonly ErrorObject[], at: ArgumentPlace): Problem[] {
  const broken = new Set(all.flatMap((error) => ruleOf(error) ?? []))
  const rules = [...broken].map((rule) => {
    const sentence = `${at.name} ${at.schema.allOf?.[rule]?.description}`
    return new Problem({ code: 'WRONG_ARGS', message: sentence, place: at.place, hint: undefined })
  })
  return [
    ...rules,
    ...ownProblems(
      all.filter((error) => ruleOf(error) === undefined),
      at,
    ),
  ]
}

/** Whether an error is of a rule about several arguments that can only be judged when these values are known. */
export function awaits(error: ErrorObject, schema: ArgumentSchema, holes: readonly string[]): boolean | undefined {
  const rule = ruleOf(error)
  if (rule === undefined) return undefined
  const asked = valuesAsked(schema.allOf?.[rule])
  return holes.some((hole) => asked.includes(hole.split('/')[1] ?? ''))
}

/** The arguments whose values, not only their presence, a rule asks for. */
function valuesAsked(rule: unknown): string[] {
  if (typeof rule !== 'object' || rule === null) return []
  return Object.entries(rule).flatMap(([key, part]) => (key === 'properties' ? Object.keys(part) : valuesAsked(part)))
}

/** The rule about several arguments that an error belongs to; see `Arg.rule`. */
function ruleOf({ schemaPath }: ErrorObject): number | undefined {
  const [, rule] = /^#\/allOf\/(\d+)\//.exec(schemaPath) ?? []
  return rule === undefined ? undefined : Number(rule)
}

function ownProblems(errors: readonly ErrorObject[], at: ArgumentPlace): Problem[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
  const told = errors.filter((error) => {
    const union = unions.find(
      ({ schemaPath }) => error.schemaPath !== schemaPath && error.schemaPath.startsWith(`${schemaPath}/`),
    )
    return !union || isBranchMeant(union, error, errors)
  })
  const kept = told.filter(
    (error) =>
      !unions.includes(error) ||
      !told.some((other) => other !== error && other.schemaPath.startsWith(`${error.schemaPath}/`)),
  )
  const problems = kept.map((error) => problemOf(error, at))
  // A misspelt argument is not missing as well.
  const meant = new Set(problems.map(({ hint }) => hint))
  return problems.filter(
    ({ code, message }) => code !== 'MISSING_ARG' || !meant.has(`did you mean ${message.replace(/^.* needs /, '')}?`),
  )
}

/** Whether an error tells of the one branch of a union that is of the value's own kind. */
function isBranchMeant(union: ErrorObject, error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  const branch = error.schemaPath.slice(0, error.schemaPath.indexOf('/', union.schemaPath.length + 1) + 1 || undefined)
  return !errors.some(
    (other) =>
      other.keyword === 'type' && other.instancePath === union.instancePath && other.schemaPath.startsWith(branch),
  )
}

function problemOf(error: ErrorObject, at: ArgumentPlace): Problem {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { name } = at
  const owner = path.length === 0 ? name : `'${nameOf(path)}' of ${name}`
  const problem = (code: string, message: string, place: Place, hint?: string) =>
    new Problem({ code, message, place, hint })
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty)
    const holder = path.length === 0 ? at.schema : schemaAt(at.schema, path)
    const known = Object.keys(
      holder?.properties ?? holder?.anyOf?.find(({ properties }) => properties)?.properties ?? {},
    )
    const near = nearest(key, known)
    const hint = near ? `did you mean '${near}'?` : `it has ${known.join(', ')}`
    return problem('UNKNOWN_ARG', `${owner} has no argument '${key}'`, placeOfPart(at, [...path, key], true), hint)
  }
  if (error.keyword === 'required') {
    return problem(
      'MISSING_ARG',
      `${owner} needs '${String(error.params.missingProperty)}'`,
      path.length === 0 ? at.place : placeOfPart(at, path),
    )
  }
  const schema = schemaAt(at.schema, path) ?? (error.parentSchema as ArgumentSchema | undefined) ?? {}
  const place = placeOfPart(at, path)
  const node = nodeAt(at.node, path)
  const isHidden = schema.lockstep === 'secret' || at.hides?.(path) === true
  const got = isHidden ? undefined : error.data
  const shown = isHidden
    ? 'what was given'
    : typeof got === 'string'
      ? `'${got.length > 40 ? `${got.slice(0, 40)}…` : got}'`
      : typeof got === 'number'
        ? String(got)
        : kindOf(got)
  if (schema.lockstep === 'mode') {
    const octal =
      typeof got === 'number'
        ? `write it in quotes: "${String(got).padStart(4, '0')}"`
        : 'write octal digits in quotes, as in "0644", or letters, as in u=rwX,go=rX'
    return problem('WRONG_MODE', `${owner} is permission bits in quotes, not ${shown}`, place, octal)
  }
  if (error.keyword === 'pattern' && schema.lockstep === 'path') {
    return problem('WRONG_VALUE', `${owner} is an absolute path on the host, not ${shown}`, place)
  }
  const hint = schema.enum && typeof got === 'string' ? nearest(got, schema.enum.map(String)) : undefined
  const isKind = ['type', 'anyOf', 'oneOf', 'enum', 'const'].includes(error.keyword)
  if (isKind) {
    const message = `${owner} takes ${describe(schema)}, not ${shown}`
    return problem(
      schema.enum ? 'WRONG_VALUE' : 'WRONG_TYPE',
      message,
      place,
      hint ? `did you mean '${hint}'?` : node && yesNoHint(node),
    )
  }
  const reason = error.keyword === 'pattern' ? `is not as it must be: ${shown}` : (error.message ?? 'is wrong')
  return problem('WRONG_VALUE', `${owner} ${reason}`, place, schema.description)
}

/** What a value of the schema is, in words. */
function describe(schema: ArgumentSchema): string {
  if (schema.anyOf) return [...new Set(schema.anyOf.map(describe))].join(' or ')
  if (schema.enum) return schema.enum.length === 1 ? String(schema.enum[0]) : `one of ${schema.enum.join(', ')}`
  if (schema.const !== undefined) return String(schema.const)
  return WORDS[schema.type ?? ''] ?? 'another value'
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'null',
}

function nameOf(path: readonly string[]): string {
  return path.map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
}

/** The place of a part, or of what holds it. */
function placeOfPart({ node, place }: ArgumentPlace, path: readonly string[], atKey = false): Place {
  if (atKey) {
    const parent = nodeAt(node, path.slice(0, -1))
    const entry = parent?.kind === 'map' ? entryOf(parent, path.at(-1) ?? '') : undefined
    if (entry) return keyPlace(entry)
  }
  for (let length = path.length; length >= 0; length--) {
    const found = nodeAt(node, path.slice(0, length))
    if (found && (length > 0 || path.length === 0)) return placeOf(found)
  }
  return place
}

function nodeAt(node: YamlNode | undefined, path: readonly string[]): YamlNode | undefined {
  let at = node
  for (const part of path) {
    if (at?.kind === 'map') at = entryOf(at, part)?.value
    else if (at?.kind === 'list') at = at.items[Number(part)]
    else return undefined
  }
  return at
}
