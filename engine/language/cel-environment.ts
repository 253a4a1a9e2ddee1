import { Environment, EvaluationError } from '@marcbachmann/cel-js'
import type { Value } from '../resource/value.ts'
import { FunctionError, type LanguageFunction, type Plain } from './functions/define.ts'
import { functions } from './functions/functions.ts'
import { hasReadSecret, MetUnknown, readFile, readPlain } from './observation.ts'
import { originalOf } from './view.ts'

/** Functions that expressions write as operators. */
const OPERATORS = new Set('eq ne lt le gt ge not and or add subtract multiply divide modulo text'.split(' '))

/** Calls of these names become calls of ours, since what CEL has under the name takes less. */
export function ownName(name: string): string {
  return functions.has(name) && !OPERATORS.has(name) ? `lockstep_${name}` : name
}

/** Every function that an expression may call, for suggestions. */
export function functionNames(environment: Environment): string[] {
  const builtIn = environment.getDefinitions().functions.map(({ name }) => name)
  return [...new Set([...builtIn, ...functions.keys()])].filter(
    (name) => !name.startsWith('lockstep_') && !OPERATORS.has(name),
  )
}

/**
 * The rules of our CEL: JavaScript's numbers, `default` and `defined`, and those of our functions that `admitFunctions` has been told
 * of: there are many, and an expression names few.
 */
export function createEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: { maxDepth: 100, maxAstNodes: 5000 },
  })
  registerNumbers(environment)
  registerLenient(environment)
  return environment
}

const admitted = new WeakMap<Environment, Set<string>>()

/** Makes known to an environment whatever of our functions a text may call. */
export function admitFunctions(environment: Environment, text: string): void {
  const known = admitted.get(environment) ?? new Set()
  admitted.set(environment, known)
  for (const [name] of text.matchAll(/[A-Za-z_]\w*/g)) {
    const named = functions.get(name)
    if (!named || known.has(name) || OPERATORS.has(name)) continue
    known.add(name)
    registerFunction(environment, named)
  }
}

/** What an expression's value is outside of it: numbers are JavaScript's, views are what they were made of. */
export function valueFromCel(value: unknown): Value {
  if (typeof value === 'bigint') return Number(value)
  if (value === null || typeof value !== 'object') return value as Value
  const original = originalOf(value)
  if (original !== undefined) return original
  if (Array.isArray(value)) return value.map(valueFromCel)
  if (value instanceof Date) return value.toISOString()
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) {
    const entries = Object.entries(value)
    // Reading what is a plain value already is spared the copy, and `hostvars` the reading.
    if (entries.every(([, part]) => part === null || ['string', 'number', 'boolean'].includes(typeof part)))
      return value as Value
    return Object.fromEntries(entries.map(([key, part]) => [key, valueFromCel(part)]))
  }
  if ('hasValue' in value && 'value' in value) {
    const optional = value as { hasValue(): boolean; value(): unknown }
    return optional.hasValue() ? valueFromCel(optional.value()) : null
  }
  return String(value)
}

/** YAML's numbers are doubles to CEL, its own literals are integers; the two work together. */
function registerNumbers(environment: Environment): void {
  const operations: Record<string, (a: number, b: number) => number> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / nonZero(b),
    '%': (a, b) => a % nonZero(b),
  }
  for (const [operator, compute] of Object.entries(operations)) {
    const handler = (a: number | bigint, b: number | bigint) => compute(Number(a), Number(b))
    environment.registerOperator(`double ${operator} int: double`, handler)
    environment.registerOperator(`int ${operator} double: double`, handler)
  }
  environment.registerOperator('double % double: double', (a: number, b: number) => a % nonZero(b))
  environment.registerOperator('int == double: bool', (a: bigint, b: number) => Number(a) === b)
  for (const kind of ['int', 'double']) {
    environment.registerOperator(`string + ${kind}: string`, (a: string, b: number | bigint) => a + String(b))
    environment.registerOperator(`${kind} + string: string`, (a: number | bigint, b: string) => String(a) + b)
  }
}

function nonZero(divisor: number): number {
  if (divisor === 0) throw new EvaluationError({ code: 'function', message: 'this divides by zero' })
  return divisor
}

function registerFunction(environment: Environment, each: LanguageFunction): void {
  const least = each.params.filter((param) => !param.endsWith('?')).length
  const handler = (...values: unknown[]) => {
    try {
      return each.call(
        values.slice(0, each.params.length).map((value) => readPlain(valueFromCel(value)) as Plain),
        { file: readFile },
      )
    } catch (error) {
      if (error instanceof FunctionError)
        throw new EvaluationError({ code: 'function', message: told(each, error), cause: error })
      throw error
    }
  }
  const name = ownName(each.name)
  for (let count = least; count <= each.params.length; count++) {
    const exact = (...values: unknown[]) => handler(...values.slice(0, count))
    const params = (many: number) => Array.from({ length: many }, () => 'dyn').join(', ')
    environment.registerFunction(`${name}(${params(count)}): dyn`, { handler: exact, async: false })
    if (count > 0)
      environment.registerFunction(`dyn.${name}(${params(count - 1)}): dyn`, { handler: exact, async: false })
  }
}

/** What a function complains of, unless that could show the secret that it was given. */
export function told({ name }: LanguageFunction, { message }: FunctionError): string {
  return hasReadSecret() ? `${name} does not work with this secret` : message
}

interface Ast {
  op: string
  args: unknown
}

interface Macro {
  value: Ast
  fallback: Ast
}

interface Checker {
  check(ast: Ast, context: Context): unknown
  getType(name: string): unknown
}

interface Context {
  getValue(name: string): unknown
}

interface Runner {
  run(ast: Ast, context: Context): unknown
}

/** `default(value, other)`, `value.default(other)` and `defined(value)`: the places where a value may be missing. */
function registerLenient(environment: Environment): void {
  const lenient = (isTest: boolean) => (call: { args: Ast[]; receiver?: Ast }) => {
    const [value, fallback] = call.receiver ? [call.receiver, call.args[0]] : call.args
    return {
      value,
      fallback,
      typeCheck(checker: Checker, macro: Macro, context: Context) {
        checker.check(macro.value, context)
        if (!isTest) checker.check(macro.fallback, context)
        return checker.getType(isTest ? 'bool' : 'dyn')
      },
      evaluate(runner: Runner, macro: Macro, context: Context) {
        const found = findValue(macro.value, runner, context)
        if (isTest) return found !== undefined
        return found === undefined ? runner.run(macro.fallback, context) : found
      },
    }
  }
  environment.registerFunction('default(ast, ast): dyn', lenient(false))
  environment.registerFunction('dyn.default(ast): dyn', lenient(false))
  environment.registerFunction('defined(ast): bool', lenient(true))
}

const ABSENT = new Set(['unknown_variable', 'no_such_key', 'index_out_of_bounds'])

/** The value, or undefined where it is missing. A path is walked step by step: an exception for each missing key costs too much. */
function findValue(ast: Ast, runner: Runner, context: Context): unknown {
  if (ast.op === 'id') return context.getValue(ast.args as string)
  if (ast.op === '.' || ast.op === '[]') {
    const [object, key] = ast.args as [Ast, Ast | string]
    const holder = findValue(object, runner, context)
    if (holder === undefined || holder === null || typeof holder !== 'object') return undefined
    const name = typeof key === 'string' ? key : String(runner.run(key, context))
    return Object.hasOwn(holder, name) ? (holder as Record<string, unknown>)[name] : undefined
  }
  try {
    return runner.run(ast, context)
  } catch (error) {
    if (error instanceof MetUnknown || !(error instanceof EvaluationError) || !ABSENT.has(error.code)) throw error
    return undefined
  }
}
