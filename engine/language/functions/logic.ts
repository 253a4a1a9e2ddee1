import { isDeepStrictEqual } from 'node:util'
import { markSecret } from '../observation.ts'
import { define, FunctionError, type LanguageFunction } from './define.ts'

/** Comparison and arithmetic for templates, where an expression has operators. */
export const logicFunctions: readonly LanguageFunction[] = [
  define('eq', 'Whether two values are equal.', ['any', 'any'], (a, b) => isDeepStrictEqual(a, b)),
  define('ne', 'Whether two values differ.', ['any', 'any'], (a, b) => !isDeepStrictEqual(a, b)),
  define('lt', 'Whether a number is less than another.', ['number', 'number'], (a, b) => a < b),
  define('le', 'Whether a number is at most another.', ['number', 'number'], (a, b) => a <= b),
  define('gt', 'Whether a number is greater than another.', ['number', 'number'], (a, b) => a > b),
  define('ge', 'Whether a number is at least another.', ['number', 'number'], (a, b) => a >= b),
  define('not', 'The opposite of true or false.', ['truth'], (value) => !value),
  define('and', 'Whether both hold.', ['truth', 'truth'], (a, b) => a && b),
  define('or', 'Whether one of them holds.', ['truth', 'truth'], (a, b) => a || b),
  define(
    'contains',
    'Whether a list has an item, a mapping a key, or a text a part.',
    ['any', 'any'],
    (whole, part) => {
      if (Array.isArray(whole)) return whole.some((item) => isDeepStrictEqual(item, part))
      if (typeof whole === 'string') return whole.includes(String(part))
      return whole !== null && typeof whole === 'object' && Object.hasOwn(whole, String(part))
    },
  ),
  define('add', 'The sum of two numbers.', ['number', 'number'], (a, b) => a + b),
  define('subtract', 'A number less another.', ['number', 'number'], (a, b) => a - b),
  define('multiply', 'The product of two numbers.', ['number', 'number'], (a, b) => a * b),
  define('divide', 'A number divided by another.', ['number', 'number'], (a, b) => a / nonZero('divide', b)),
  define('modulo', 'What is left of a division.', ['number', 'number'], (a, b) => a % nonZero('modulo', b)),
  define('floor', 'The whole number at or below a number.', ['number'], (value) => Math.floor(value)),
  define('number', 'The number that a text stands for.', ['any'], (value) => {
    const number =
      typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
    if (Number.isNaN(number)) throw new FunctionError('number takes a text that is a number')
    return number
  }),
  define('kind', 'What a value is: text, number, truth, list, mapping or null.', ['any'], (value) => {
    if (value === null) return 'null'
    if (Array.isArray(value)) return 'list'
    return { string: 'text', number: 'number', boolean: 'truth' }[typeof value as string] ?? 'mapping'
  }),
  define('secret', 'The value as a secret: it is not shown, and neither is what is made of it.', ['any'], (value) => {
    markSecret(value)
    return value
  }),
  define('text', 'The value as text.', ['text'], (value) => value),
]

function nonZero(name: string, divisor: number): number {
  if (divisor === 0) throw new FunctionError(`${name} cannot divide by zero`)
  return divisor
}
