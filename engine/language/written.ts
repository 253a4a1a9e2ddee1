import { Problem, type ProblemParts } from '../problem.ts'
import { Secret } from '../resource/secret.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import { type Cel, parseCel } from './cel.ts'
import { type Names, TextFailure } from './names.ts'
import { hideLeaves } from './observation.ts'
import { isTemplate, parseTemplate, type Template } from './template.ts'
import { placeInside, placeOf, type ScalarNode, type YamlNode } from './yaml-node.ts'

/** A YAML value as it was written, compiled: literals, templates and expressions, evaluated for a host. */
export type Written =
  /** Without a node: it came from the command line. */
  | { kind: 'literal'; value: Value; node: YamlNode | undefined }
  | { kind: 'template'; template: Template; node: ScalarNode }
  | { kind: 'expression'; cel: Cel; node: ScalarNode }
  | { kind: 'list'; items: readonly Written[]; node: YamlNode }
  | { kind: 'map'; entries: readonly (readonly [string, Written])[]; node: YamlNode }

/** Compiles a value; what is wrong inside its texts is added to `problems`. */
export function compileValue(node: YamlNode, problems: Problem[]): Written {
  if (node.kind === 'scalar') return node.isExpression ? compileExpression(node, problems) : compileText(node, problems)
  if (node.kind === 'list') {
    const items = node.items.map((item) => compileValue(item, problems))
    return areLiterals(items)
      ? { kind: 'literal', value: items.map(({ value }) => value), node }
      : { kind: 'list', items, node }
  }
  const entries = node.entries.map(({ key, keyAt, value }) => {
    if (isTemplate(key)) {
      problems.push(
        new Problem({
          code: 'TEMPLATE_KEY',
          message: 'a key cannot be a template',
          place: placeOf({ at: keyAt }),
          hint: 'write the mapping as an expression: !cel \'{"" + name: value}\'',
        }),
      )
    }
    return [key, compileValue(value, problems)] as const
  })
  if (!areLiterals(entries.map(([, value]) => value))) return { kind: 'map', entries, node }
  const values = entries.map(([key, value]) => [key, value.kind === 'literal' ? value.value : null] as const)
  return { kind: 'literal', value: Object.fromEntries(values), node }
}

/** Compiles a scalar that is an expression, tagged or by its place. */
export function compileExpression(node: ScalarNode, problems: Problem[]): Written {
  const text = node.style === 'plain' || typeof node.value === 'string' ? node.text : String(node.value)
  return compiled(node, problems, () => ({ kind: 'expression', cel: parseCel(text), node }))
}

/** The value for those who know the names. Throws Problem; holds an Unknown where a name leads to one. */
export function evaluateWritten(written: Written, names: Names): Value {
  switch (written.kind) {
    case 'literal':
      return written.value
    case 'template':
      return ofNode(
        written.node,
        placed(written.node, () => written.template.evaluate(names)),
        names,
      )
    case 'expression':
      return ofNode(
        written.node,
        placed(written.node, () => written.cel.evaluate(names)),
        names,
      )
    case 'list':
      return written.items.map((item) => evaluateWritten(item, names))
    case 'map':
      return Object.fromEntries(written.entries.map(([key, value]) => [key, evaluateWritten(value, names)]))
  }
}

/** The root names that a value reads. */
export function namesIn(written: Written, into = new Set<string>()): Set<string> {
  if (written.kind === 'template') for (const name of written.template.names) into.add(name)
  else if (written.kind === 'expression') for (const name of written.cel.names) into.add(name)
  else if (written.kind === 'list') for (const item of written.items) namesIn(item, into)
  else if (written.kind === 'map') for (const [, value] of written.entries) namesIn(value, into)
  return into
}

/** Runs `work`; a failure inside the scalar's text gets its place in the file. */
export function placed<T>(node: ScalarNode, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof TextFailure) throw new Problem(partsOf(error, node))
    throw error
  }
}

/** A value that came without a file. */
export function literal(value: Value): Written {
  return { kind: 'literal', value, node: undefined }
}

function compileText(node: ScalarNode, problems: Problem[]): Written {
  const { value } = node
  if (typeof value !== 'string' || !isTemplate(value) || node.isVault)
    return { kind: 'literal', value: literalOf(node), node }
  return compiled(node, problems, () => ({ kind: 'template', template: parseTemplate(value), node }))
}

function compiled(node: ScalarNode, problems: Problem[], compile: () => Written): Written {
  try {
    return compile()
  } catch (error) {
    if (!(error instanceof TextFailure)) throw error
    problems.push(new Problem(partsOf(error, node)))
    // What it would have been is of no concern to what depends on it.
    return { kind: 'literal', value: new Unknown('a text that cannot be read'), node }
  }
}

/** What is written in an encrypted file is a secret, and known as one from here on. */
function literalOf(node: ScalarNode): Value {
  const { value, isSecret, at } = node
  if (!isSecret || value === null || typeof value === 'boolean') return value
  const secret = new Secret(value)
  at.source.clearTexts?.secrets.add(secret)
  return secret
}

/** What a template of an encrypted file makes is as secret as the file. */
function ofNode({ isSecret }: ScalarNode, value: Value, { secrets }: Names): Value {
  if (!isSecret) return value
  const hidden = hideLeaves(value)
  secrets?.addMade(hidden)
  return hidden
}

function partsOf({ code, message, hint, start, end }: TextFailure, node: ScalarNode): ProblemParts {
  if (node.isSecret && code !== 'UNDEFINED_VARIABLE') {
    const told = 'this encrypted value holds {{ and is no template that can be read'
    return { code, message: told, hint: 'write \\{{ where it is no template', place: placeOf(node) }
  }
  return { code, message, hint, place: placeInside(node, start, end) }
}

function areLiterals(parts: readonly Written[]): parts is Extract<Written, { kind: 'literal' }>[] {
  return parts.every(({ kind }) => kind === 'literal')
}
