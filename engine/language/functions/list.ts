import type { Value } from '../../resource/value.ts'
import { define, FunctionError, kindOf, type Plain } from './define.ts'

/** Functions on lists and mappings. */
export const listFunctions = [
  define('length', 'How many items, keys or characters there are.', ['any'], (value) => {
    if (typeof value === 'string') return [...value].length
    if (value === null || typeof value !== 'object')
      throw new FunctionError(`length takes a list, a mapping or text, not ${kindOf(value)}`)
    return Object.keys(value).length
  }),
  define('first', 'The first item of a list.', ['list'], (list) => itemOf('first', list, 0)),
  define('last', 'The last item of a list.', ['list'], (list) => itemOf('last', list, list.length - 1)),
  define('sort', 'The list in order; of mappings, by the value of a key.', ['list', 'text?'], (list, key) =>
    list.toSorted((a, b) => compare(fieldOf('sort', a, key), fieldOf('sort', b, key))),
  ),
  define('reverse', 'The list from its end.', ['list'], (list) => list.toReversed()),
  define('unique', 'The list, each item once.', ['list'], (list) => distinct(list)),
  define('flatten', 'The items of the lists in a list, at any depth.', ['list'], (list) =>
    list.flat(Number.POSITIVE_INFINITY as 1),
  ),
  define('union', 'What is in one list or the other.', ['list', 'list'], (a, b) => distinct([...a, ...b])),
  define('intersect', 'What is in both lists.', ['list', 'list'], (a, b) => distinct(intersect(a, b))),
  define('difference', 'What is in the first list and not in the second.', ['list', 'list'], (a, b) =>
    difference(a, b),
  ),
  define(
    'range',
    'The whole numbers from a first to before a last: range 1 4 is 1, 2, 3.',
    ['number', 'number?', 'number?'],
    (first, last, step) => range(last === undefined ? 0 : first, last ?? first, step ?? 1),
  ),
  define('sum', 'The sum of a list of numbers.', ['list'], (list) => numbers('sum', list).reduce((a, b) => a + b, 0)),
  define('min', 'The least item of a list.', ['list'], (list) => itemOf('min', list.toSorted(compare), 0)),
  define('max', 'The greatest item of a list.', ['list'], (list) =>
    itemOf('max', list.toSorted(compare), list.length - 1),
  ),
  define('keys', 'The keys of a mapping.', ['map'], (map) => Object.keys(map)),
  define('values', 'The values of a mapping.', ['map'], (map) => Object.values(map)),
  define('items', 'A mapping as a list of `key` and `value`.', ['map'], (map) =>
    Object.entries(map).map(([key, value]) => ({ key, value })),
  ),
  define('merge', 'Two mappings as one; the second wins.', ['map', 'map'], (a, b) =>
    Object.fromEntries([...Object.entries(a), ...Object.entries(b)]),
  ),
  define('pluck', 'The value of a key of each mapping in a list.', ['list', 'text'], (list, key) =>
    list.map((item) => fieldOf('pluck', item, key)),
  ),
]

function itemOf(name: string, list: readonly Plain[], index: number): Value {
  const item = list[index]
  if (item === undefined) throw new FunctionError(`${name} has nothing to take from an empty list`)
  return item
}

/** Numbers by size, everything else by its characters, independent of the locale. */
function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

function fieldOf(name: string, item: Value, key: string | undefined): Value {
  if (key === undefined) return item
  const value =
    item !== null && typeof item === 'object' && Object.hasOwn(item, key)
      ? (item as Record<string, Value>)[key]
      : undefined
  if (value === undefined) throw new FunctionError(`${name}: an item has no '${key}'`)
  return value
}

function distinct(list: readonly Plain[]): Plain[] {
  return [...new Map(list.map((item) => [identity(item), item])).values()]
}

function intersect(list: readonly Plain[], other: readonly Plain[]): Plain[] {
  const known = new Set(other.map(identity))
  return list.filter((item) => known.has(identity(item)))
}

function difference(list: readonly Plain[], other: readonly Plain[]): Plain[] {
  const known = new Set(other.map(identity))
  return list.filter((item) => !known.has(identity(item)))
}

/** The same for values that are equal, whatever the order of their keys. */
function identity(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value
  return `\0${JSON.stringify(value, (_, part: Value) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )}`
}

function range(first: number, last: number, step: number): number[] {
  const count = Math.max(0, Math.ceil((last - first) / step))
  if (!Number.isFinite(count) || count > 100_000)
    throw new FunctionError('range makes at most 100000 numbers, and its step is not 0')
  return Array.from({ length: count }, (_, index) => first + index * step)
}

function numbers(name: string, list: readonly Plain[]): number[] {
  return list.map((item) => {
    if (typeof item !== 'number')
      throw new FunctionError(`${name} takes a list of numbers; one item is ${kindOf(item)}`)
    return item
  })
}
