import { TypeError as CelTypeError, type Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import type { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import { admitFunctions, createEnvironment, functionNames, ownName, valueFromCel } from './cel-environment.ts'
import { celFailure, syntaxFailure } from './cel-failure.ts'
import { type Names, TextFailure } from './names.ts'
import { hideMade, MetUnknown, observe } from './observation.ts'
import { viewOf } from './view.ts'

/** An expression of the Common Expression Language (cel.dev), parsed. */
export interface Cel {
  readonly text: string
  /** Root names that it reads. */
  readonly names: ReadonlySet<string>
  /** Throws TextFailure. */
  evaluate(names: Names): Value | Unknown
}

const LONGEST = 10_000
/** Deep enough for any expression, and far from where the calls of its evaluation end. */
const MOST_LEVELS = 500
const parsed = new Map<string, Cel>()
let environment: Environment | undefined

/** Parses and checks an expression; throws TextFailure. The same text gives the same object. */
export function parseCel(text: string): Cel {
  let cel = parsed.get(text)
  if (!cel) {
    cel = parse(text)
    parsed.set(text, cel)
  }
  return cel
}

function parse(text: string): Cel {
  if (text.length > LONGEST) {
    throw new TextFailure({
      code: 'EXPRESSION_SYNTAX',
      message: `an expression has at most ${LONGEST} characters`,
      start: 0,
      end: 1,
    })
  }
  environment ??= createEnvironment()
  admitFunctions(environment, text)
  try {
    const run = environment.parse(text)
    const names = new Set<string>()
    measure(run.ast as unknown as Ast, text)
    walk(run.ast as unknown as Ast, new Set(), names)
    // `hostvars[h].facts` reads facts, too.
    if (names.has('hostvars') && /\bfacts\b/.test(text)) names.add('facts')
    const { valid, error } = run.check()
    if (!valid && error) throw error
    return { text, names, evaluate: (scope) => evaluate(run, text, scope) }
  } catch (error) {
    if (error instanceof ParseError) throw syntaxFailure(error, text)
    if (error instanceof EvaluationError || error instanceof CelTypeError) throw failureOf(error, text)
    // The calls of the parser nest as deep as the text does.
    if (error instanceof RangeError) throw tooDeep(text)
    throw error
  }
}

function evaluate(run: (context: Record<string, unknown>) => unknown, text: string, names: Names): Value | Unknown {
  return observe((observation) => {
    try {
      const value = valueFromCel(run(contextOf(names)))
      return observation.secret ? hideMade(value, names, observation) : value
    } catch (error) {
      if (observation.unknown && (error instanceof MetUnknown || error instanceof EvaluationError))
        return observation.unknown
      if (error instanceof EvaluationError) throw discreet(failureOf(error, text, names), observation.secret)
      throw error
    }
  }, names)
}

function failureOf(error: EvaluationError | CelTypeError, text: string, names?: Names): TextFailure {
  return celFailure(error, text, names, () => functionNames(environment ?? createEnvironment()))
}

/** What could tell of a secret is not told: a conversion's words have its value. */
function discreet(failure: TextFailure, isSecret: boolean): TextFailure {
  if (!isSecret || failure.code !== 'WRONG_TYPE') return failure
  const { code, start, end } = failure
  return new TextFailure({ code, message: 'this does not work with the secret that it reads', start, end })
}

const contexts = new WeakMap<Names, Record<string, unknown>>()

function contextOf(names: Names): Record<string, unknown> {
  let context = contexts.get(names)
  if (!context) {
    context = new Proxy(Object.create(null), {
      get: (_, name) => (typeof name === 'string' ? viewOf(names.get(name.slice(VARIABLE.length))) : undefined),
    }) as Record<string, unknown>
    contexts.set(names, context)
  }
  return context
}

interface Ast {
  op: string
  args: unknown
}

const BINDING = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
/** Stands before a variable's name, which CEL would otherwise take for one of its types: `list`, `map`, `string`. */
const VARIABLE = '$'
/** The parts of CEL that look like variables: `cel.bind(…)`, `optional.of(…)`. */
const NAMESPACES = new Set(['cel', 'optional'])

/** Collects root names, and points calls at our functions. */
function walk(node: Ast, bound: ReadonlySet<string>, names: Set<string>): void {
  const walkAll = (parts: unknown, inner = bound) => {
    for (const part of [parts].flat(3)) if (isAst(part)) walk(part, inner, names)
  }
  if (node.op === 'id') {
    const name = node.args as string
    if (bound.has(name)) return
    names.add(name)
    node.args = VARIABLE + name
  } else if (node.op === 'call') {
    const [name, args] = node.args as [string, Ast[]]
    node.args = [ownName(name), args]
    walkAll(args)
  } else if (node.op === 'rcall') {
    const [name, receiver, args] = node.args as [string, Ast, Ast[]]
    node.args = [ownName(name), receiver, args]
    if (receiver.op !== 'id' || !NAMESPACES.has(receiver.args as string)) walkAll(receiver)
    const [variable, ...rest] = args
    const isCelBind = name === 'bind' && receiver.op === 'id' && receiver.args === 'cel'
    if (variable?.op === 'id' && args.length > 1 && (BINDING.has(name) || isCelBind)) {
      walkAll(rest, new Set([...bound, variable.args as string]))
    } else walkAll(args)
  } else walkAll(node.args)
}

/** Without calls that nest: an expression that is deeper than they can go must be refused and not end them. */
function measure(top: Ast, text: string): void {
  const waiting: [node: Ast, level: number][] = [[top, 0]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [{ args }, level] = next
    if (level > MOST_LEVELS) throw tooDeep(text)
    for (const part of [args].flat(3)) if (isAst(part)) waiting.push([part, level + 1])
  }
}

function tooDeep(text: string): TextFailure {
  const message = `an expression nests at most ${MOST_LEVELS} deep`
  return new TextFailure({ code: 'EXPRESSION_SYNTAX', message, start: 0, end: text.length })
}

function isAst(part: unknown): part is Ast {
  return typeof part === 'object' && part !== null && 'op' in part && 'args' in part
}
