import type { TypeError as CelTypeError, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import { didYouMean, nearest } from '../problem.ts'
import { FunctionError } from './functions/define.ts'
import { type Names, TextFailure } from './names.ts'
import { isRecord } from './observation.ts'

/** What went wrong in an expression, in our words. */
export function celFailure(
  error: EvaluationError | CelTypeError,
  text: string,
  names: Names | undefined,
  functionNames: () => string[],
): TextFailure {
  const { start = 0, end = text.length } = error.range ?? {}
  const summary = summaryOf(error)
  const failure = (code: string, message: string, hint?: string) => new TextFailure({ code, message, start, end, hint })
  switch (error.code) {
    case 'unknown_variable': {
      const name = summary.slice(summary.indexOf(':') + 2).replace(/^\$/, '')
      return failure('UNDEFINED_VARIABLE', `'${name}' is not defined`, PYTHON.get(name) ?? names?.hint(name))
    }
    case 'no_such_key': {
      const key = summary.slice(summary.indexOf(':') + 2)
      const owner = ownerOf(error, text)
      const hint = nearKey(owner, key, names) ?? 'say default(…, …) where it may be missing'
      return failure('UNDEFINED_VARIABLE', `${owner} has no '${key}'`, hint)
    }
    case 'index_out_of_bounds':
      return failure(
        'UNDEFINED_VARIABLE',
        `${ownerOf(error, text)} has no item ${/index (-?\d+)/.exec(summary)?.[1] ?? ''}`,
        'say default(…, …) where it may be missing',
      )
    case 'no_matching_overload': {
      const called = /(?:([\w<>, ]+)\.)?(?:lockstep_)?(\w+)\((.*)\)'/.exec(summary)
      const [, receiver, name = '', params = ''] = called ?? []
      const known = functionNames()
      if (!known.includes(name)) {
        const near = nearest(name, known)
        return failure(
          'UNKNOWN_FUNCTION',
          `there is no function '${name}'`,
          near ? `did you mean '${near}'?` : undefined,
        )
      }
      const taken = [receiver, ...params.split(', ')]
        .filter(Boolean)
        .map((type) => wordOf(type ?? ''))
        .join(', ')
      return failure('WRONG_TYPE', `${name} does not take ${taken || 'nothing'}`)
    }
    case 'no_such_overload': {
      const [, left = '', operator = '', right = ''] =
        /overload: (.+) ([-+*/%]|[=!<>]=|[<>]|in) (.+)$/.exec(summary) ?? []
      if (!operator) return failure('WRONG_TYPE', summary)
      const hint = operator === '+' ? 'string(…) makes text of a number' : undefined
      return failure('WRONG_TYPE', `'${operator}' does not work between ${wordOf(left)} and ${wordOf(right)}`, hint)
    }
    case 'function':
      if (error.cause instanceof FunctionError) return failure(error.cause.code, summary, error.cause.hint)
      return failure('WRONG_VALUE', summary)
    case 'invalid_logical_operand':
    case 'invalid_condition_type': {
      const got = /got '(.*)'$/.exec(summary)?.[1] ?? ''
      const what = error.code === 'invalid_condition_type' ? 'a condition is' : 'both sides of && and || are'
      return failure('WRONG_TYPE', `${what} true or false, not ${wordOf(got)}`)
    }
    case 'incompatible_ternary_branches':
      return failure(
        'WRONG_TYPE',
        'both sides of ? : must be of one kind',
        'wrap one of them in dyn(…) when they differ on purpose',
      )
    default:
      return failure('WRONG_TYPE', bare(summary))
  }
}

/** Text that is no expression, with what people of other languages mean by it. */
export function syntaxFailure(error: ParseError, text: string): TextFailure {
  const { start = 0, end = start + 1 } = error.range ?? {}
  if (error.code === 'reserved_identifier') {
    const message = `'${text.slice(start, end)}' is a word of the expression language and names no variable there`
    return new TextFailure({ code: 'EXPRESSION_SYNTAX', message, start, end, hint: 'give the variable another name' })
  }
  const habit = HABITS.find(({ pattern }) => pattern.test(text))
  const message =
    text.trim() === '' ? 'an expression is empty' : `this is no expression: ${lowerFirst(summaryOf(error))}`
  return new TextFailure({ code: 'EXPRESSION_SYNTAX', message, start, end, hint: habit?.hint })
}

const HABITS = [
  { pattern: /\{\{/, hint: 'an expression has no {{ }}' },
  { pattern: /\bis\s+(not\s+)?(defined|undefined)\b/, hint: 'write defined(name) or !defined(name)' },
  {
    pattern: /\bis\s+(not\s+)?(changed|failed|skipped)\b/,
    hint: 'write result.changed, result.failed or result.skipped',
  },
  { pattern: /\bis\s+(not\s+)?(succeeded|success|successful)\b/, hint: 'write !result.failed' },
  { pattern: /\bis\s+(not\s+)?(match|search|regex)\b/, hint: 'write name.matches("x"), with ^ for the beginning' },
  { pattern: /\bis\s+(not\s+)?(in|subset|contains)\b/, hint: 'write x in list' },
  { pattern: /\bis\s/, hint: 'a test is a comparison or a function: name == "x", name.matches("x")' },
  { pattern: /\bnot\s+in\b/, hint: 'write !(x in list)' },
  { pattern: /\bif\b.*\belse\b/, hint: 'write condition ? a : b' },
  { pattern: /(^|[^|])\|([^|]|$)/, hint: 'a filter is a function here: name.upper(), default(name, "x")' },
  { pattern: /\b(and|or|not)\b/, hint: 'write && for and, || for or, ! for not' },
  { pattern: /(^|[^=!<>])=([^=]|$)/, hint: 'write == to compare' },
  { pattern: /~/, hint: 'write + to join texts' },
]

const PYTHON = new Map([
  ['True', 'write true'],
  ['False', 'write false'],
  ['None', 'write null'],
])

/** The part of the text before the key that is missing. */
function ownerOf(error: EvaluationError | CelTypeError, text: string): string {
  const args = (error as { node?: { args?: unknown } }).node?.args
  const object = Array.isArray(args) ? (args[0] as { start?: number; end?: number }) : undefined
  if (object?.start === undefined || object.end === undefined) return 'this'
  return `'${text.slice(object.start, object.end)}'`
}

/** A key of the mapping that a path leads to, when it is much like the one that is missing. */
function nearKey(owner: string, key: string, names: Names | undefined): string | undefined {
  const [root = '', ...path] = owner.slice(1, -1).split('.')
  if (!names || !/^'[\w.]+'$/.test(owner)) return undefined
  let value: unknown = names.get(root)
  for (const part of path) value = isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined
  return isRecord(value) ? didYouMean(key, Object.keys(value)) : undefined
}

function summaryOf(error: { message: string }): string {
  return (error as { summary?: string }).summary ?? error.message.split('\n')[0] ?? ''
}

const WORDS: Readonly<Record<string, string>> = {
  double: 'a number',
  int: 'a number',
  uint: 'a number',
  string: 'text',
  bool: 'true or false',
  null: 'null',
  list: 'a list',
  map: 'a mapping',
  dyn: 'a value',
}

/** A type of CEL as people call it. */
function wordOf(type: string): string {
  const name = type.replace(/^dyn<(.*)>$/, '$1').replace(/<.*$/, '')
  return WORDS[name] ?? type
}

function bare(summary: string): string {
  return lowerFirst(
    summary.replace(/'(?:dyn<)?(double|int|string|bool|null|list|map)[^']*'/g, (_, type: string) => wordOf(type)),
  )
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
