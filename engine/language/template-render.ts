import { didYouMean } from '../problem.ts'
import { Secret } from '../resource/secret.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import { parseCel } from './cel.ts'
import { told } from './cel-environment.ts'
import { FunctionError, kindOf, type Plain } from './functions/define.ts'
import { functions } from './functions/functions.ts'
import { type Names, TextFailure } from './names.ts'
import { isRecord, meetUnknown, readPlain, readSecret } from './observation.ts'
import { spanOf } from './template-syntax.ts'

/** A place inside a template: what `this` is, and what blocks around it have named. */
interface Frame {
  root: Names
  text: string
  /** Undefined at the root, where names are the playbook's. */
  context: Value | undefined
  parent: Frame | undefined
  params: ReadonlyMap<string, Value>
  data: Readonly<Record<string, Value>>
}

type Call = hbs.AST.MustacheStatement | hbs.AST.SubExpression

/** The text that a template makes. */
export function renderText(program: hbs.AST.Program, root: Names, text: string): string {
  return render(program, rootFrame(root, text))
}

/** The value of one single mustache, of whatever kind. */
export function renderValue(statement: hbs.AST.MustacheStatement, root: Names, text: string): Value {
  return evaluateCall(statement, rootFrame(root, text))
}

function rootFrame(root: Names, text: string): Frame {
  return { root, text, context: undefined, parent: undefined, params: new Map(), data: {} }
}

function render(program: hbs.AST.Program | undefined, frame: Frame): string {
  let out = ''
  for (const statement of program?.body ?? []) {
    if (statement.type === 'ContentStatement') out += (statement as hbs.AST.ContentStatement).value
    else if (statement.type === 'MustacheStatement') {
      const mustache = statement as hbs.AST.MustacheStatement
      out += textOf(evaluateCall(mustache, frame), mustache, frame)
    } else if (statement.type === 'BlockStatement') out += renderBlock(statement as hbs.AST.BlockStatement, frame)
  }
  return out
}

function textOf(value: Value, node: hbs.AST.Node, frame: Frame): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof Secret) return String(readSecret(value))
  if (value instanceof Unknown) return meetUnknown(value)
  const name = frame.text.slice(...range(node, frame)).replace(/^\{+[~&]?\s*|\s*~?\}+$/g, '')
  const hint =
    value === null
      ? `write {{default ${name} ""}} where it may be missing, and give it a value`
      : `write {{join ${name} ", "}}, {{json ${name}}} or {{#each ${name}}}`
  throw failure(node, frame, 'WRONG_TYPE', `'${name}' is ${kindOf(value)}, which has no text`, hint)
}

function renderBlock(block: hbs.AST.BlockStatement, frame: Frame): string {
  const [param] = block.params
  if (!param) return render(block.program, frame)
  const value = evaluate(param, frame)
  switch (block.path.original) {
    case 'if':
      return render(isTrue(value) ? block.program : block.inverse, frame)
    case 'unless':
      return render(isTrue(value) ? block.inverse : block.program, frame)
    case 'with':
      return isTrue(value)
        ? render(block.program, inner(frame, value, block, [value], frame.data))
        : render(block.inverse, frame)
    default:
      return renderEach(block, value, frame)
  }
}

function renderEach(block: hbs.AST.BlockStatement, value: Value, frame: Frame): string {
  if (value instanceof Unknown) return meetUnknown(value)
  if (!Array.isArray(value) && !isRecord(value))
    throw failure(block, frame, 'WRONG_TYPE', `{{#each}} goes through a list or a mapping, not ${kindOf(value)}`)
  const entries = Object.entries(value as Record<string, Value>)
  if (entries.length === 0) return render(block.inverse, frame)
  return entries
    .map(([key, item], index) => {
      const named = Array.isArray(value) ? index : key
      const data = { index, key: named, first: index === 0, last: index === entries.length - 1 }
      return render(block.program, inner(frame, item, block, [item, named], data))
    })
    .join('')
}

function inner(
  frame: Frame,
  context: Value,
  block: hbs.AST.BlockStatement,
  values: readonly Value[],
  data: Frame['data'],
): Frame {
  const params = new Map(frame.params)
  block.program.blockParams?.forEach((name, index) => {
    const value = values[index]
    if (value !== undefined) params.set(name, value)
  })
  return { root: frame.root, text: frame.text, context, parent: frame, params, data }
}

/** As Handlebars has it: false, null, 0, the empty text and the empty list are not. */
function isTrue(value: Value): boolean {
  if (value instanceof Unknown) return meetUnknown(value)
  if (value instanceof Secret) return Boolean(readSecret(value))
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

function evaluate(expression: hbs.AST.Expression, frame: Frame): Value {
  switch (expression.type) {
    case 'PathExpression':
      return resolve(expression as hbs.AST.PathExpression, frame)
    case 'SubExpression':
      return evaluateCall(expression as hbs.AST.SubExpression, frame)
    case 'NullLiteral':
    case 'UndefinedLiteral':
      return null
    default:
      return (expression as hbs.AST.StringLiteral | hbs.AST.NumberLiteral).value
  }
}

function evaluateCall(call: Call, frame: Frame): Value {
  if (call.type === 'MustacheStatement' && call.params.length === 0)
    return evaluate(call.path as hbs.AST.Expression, frame)
  const [first, second, third] = call.params
  const name = String((call.path as hbs.AST.PathExpression).original)
  if (name === 'default') return lenient(first, frame) ?? (second ? evaluate(second, frame) : null)
  if (name === 'defined') return lenient(first, frame) !== undefined
  if (name === 'cel') return evaluateCel(first, call, frame)
  if (name === 'if' && first && second) {
    if (isTrue(evaluate(first, frame))) return evaluate(second, frame)
    return third ? evaluate(third, frame) : ''
  }
  const values = call.params.map((param) => evaluate(param, frame))
  if (name === 'lookup') return lookup(call, values, frame)
  const called = functions.get(name)
  if (!called) return null
  try {
    return called.call(
      values.map((value) => readPlain(value) as Plain),
      frame.root,
    )
  } catch (error) {
    if (error instanceof FunctionError) throw failure(call, frame, error.code, told(called, error), error.hint)
    throw error
  }
}

/** Undefined when the value is missing. */
function lenient(expression: hbs.AST.Expression | undefined, frame: Frame): Value | undefined {
  if (!expression) return undefined
  try {
    return evaluate(expression, frame)
  } catch (error) {
    if (error instanceof TextFailure && error.code === 'UNDEFINED_VARIABLE') return undefined
    throw error
  }
}

function evaluateCel(param: hbs.AST.Expression | undefined, call: Call, frame: Frame): Value {
  const text = (param as hbs.AST.StringLiteral).value
  const names: Names = {
    get: (name) => {
      if (name === 'this') return frame.context
      const own =
        frame.params.get(name) ??
        (isRecord(frame.context) && Object.hasOwn(frame.context, name) ? frame.context[name] : undefined)
      return own ?? frame.root.get(name)
    },
    hint: (name) => frame.root.hint(name),
    file: (path) => frame.root.file(path),
  }
  try {
    return parseCel(text).evaluate(names)
  } catch (error) {
    if (!(error instanceof TextFailure)) throw error
    throw failure(call, frame, error.code, error.message, error.hint)
  }
}

function lookup(call: Call, [from, key]: readonly Value[], frame: Frame): Value {
  const found = from === undefined || key === undefined ? undefined : step(from, String(readPlain(key)))
  if (found !== undefined) return found
  throw failure(call, frame, 'UNDEFINED_VARIABLE', `lookup finds no '${String(key)}'`)
}

function resolve(path: hbs.AST.PathExpression, frame: Frame): Value {
  const [first = '', ...rest] = path.parts
  const isThis = /^(this|\.)/.test(path.original)
  if (path.data) {
    if (first !== 'root') return follow(frame.data[first], rest, path, frame)
    return follow(frame.root.get(rest[0] ?? ''), rest.slice(1), path, frame)
  }
  if (path.depth === 0 && !isThis && frame.params.has(first)) return follow(frame.params.get(first), rest, path, frame)
  let found: Frame = frame
  for (let up = 0; up < path.depth; up++) found = found.parent ?? found
  if (found.context === undefined) return follow(frame.root.get(first), rest, path, frame)
  return follow(found.context, path.parts, path, frame)
}

/** Walks down a path; whatever is missing on the way is named whole. */
function follow(start: Value | undefined, parts: readonly string[], path: hbs.AST.PathExpression, frame: Frame): Value {
  let value = start
  let near: string | undefined
  for (const part of parts) {
    if (value === undefined) break
    const holder = value
    value = step(holder, part)
    if (value === undefined && isRecord(holder)) near = didYouMean(part, Object.keys(holder))
  }
  if (value !== undefined) return value
  const [first = ''] = path.parts
  const isOuter = frame.context !== undefined && path.depth === 0 && frame.root.get(first) !== undefined
  const hint = isOuter
    ? `inside {{#each}} and {{#with}}, an outer name is written ../${path.original}`
    : start === undefined
      ? frame.root.hint(first)
      : near
  throw failure(path, frame, 'UNDEFINED_VARIABLE', `'${path.original}' is not defined`, hint)
}

function step(value: Value, part: string): Value | undefined {
  if (value instanceof Unknown) return meetUnknown(value)
  if (value === null || typeof value !== 'object' || value instanceof Secret) return undefined
  return Object.hasOwn(value, part) ? (value as Record<string, Value>)[part] : undefined
}

function failure(node: hbs.AST.Node, frame: Frame, code: string, message: string, hint?: string): TextFailure {
  return new TextFailure({ code, message, hint, ...spanOf(node, frame.text) })
}

function range(node: hbs.AST.Node, frame: Frame): [number, number] {
  const { start, end } = spanOf(node, frame.text)
  return [start, end]
}
