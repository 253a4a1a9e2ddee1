import { Secret } from '../../resource/secret.ts'
import type { Unknown } from '../../resource/unknown.ts'
import type { Value, ValueMap } from '../../resource/value.ts'

/** A value without secrets and unknowns, as functions work on it. */
export type Plain = Exclude<Value, Secret | Unknown>

interface Kinds {
  text: string
  number: number
  truth: boolean
  list: readonly Plain[]
  map: ValueMap
  any: Plain
}

/** What a parameter takes; a question mark says that it may be left out. Numbers and truths are taken as text, too. */
export type Param = keyof Kinds | `${keyof Kinds}?`

type Argument<P> = P extends `${infer K extends keyof Kinds}?`
  ? Kinds[K] | undefined
  : P extends keyof Kinds
    ? Kinds[P]
    : never

type Arguments<P extends readonly Param[]> = { [K in keyof P]: Argument<P[K]> }

/** A function of the language: `{{name value …}}` in a template, `name(value, …)` or `value.name(…)` in an expression. */
export interface LanguageFunction {
  readonly name: string
  /** One line, for the reference. */
  readonly summary: string
  readonly params: readonly Param[]
  /** Checks its arguments, then computes; throws FunctionError. */
  call(values: readonly Plain[], around: Around): Value
}

/** What a function may ask of the place where it is called. */
export interface Around {
  /** A text file of the controller, found from there; throws FunctionError. */
  file(path: string): string
}

/** What a function says about its arguments; a sentence without the function's name. */
export class FunctionError extends Error {
  readonly code: string
  readonly hint: string | undefined

  constructor(message: string, { code = 'WRONG_VALUE', hint }: { code?: string; hint?: string | undefined } = {}) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export function define<const P extends readonly Param[]>(
  name: string,
  summary: string,
  params: P,
  compute: (this: Around, ...values: Arguments<P>) => Value,
): LanguageFunction {
  return {
    name,
    summary,
    params,
    call(values, around) {
      const least = params.filter((param) => !param.endsWith('?')).length
      if (values.length < least || values.length > params.length) {
        const wanted = least === params.length ? `${least}` : `${least} to ${params.length}`
        throw new FunctionError(`${name} takes ${wanted} values, not ${values.length}`)
      }
      const converted = params.map((param, index) => convert(name, param, values[index]))
      return compute.call(around, ...(converted as Arguments<P>))
    },
  }
}

/** How a value is called in a message. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Secret) return 'a secret'
  if (typeof value === 'object') return 'a mapping'
  return { string: 'text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? typeof value
}

function convert(name: string, param: Param, value: Plain | undefined): Plain | undefined {
  if (value === undefined) return undefined
  const kind = param.replace('?', '')
  if (kind === 'any') return value
  if (kind === 'text' && (typeof value === 'number' || typeof value === 'boolean')) return String(value)
  if (names[kind] === kindOf(value)) return value
  throw new FunctionError(`${name} takes ${names[kind]}, not ${kindOf(value)}`)
}

const names: Readonly<Record<string, string>> = {
  text: 'text',
  number: 'a number',
  truth: 'true or false',
  list: 'a list',
  map: 'a mapping',
}
