import { posix } from 'node:path'
import { RE2JSException } from 're2js'
import { quote } from '../../resource/command.ts'
import { find, findAll, matches, replaceAll } from '../regex.ts'
import { define, FunctionError, kindOf, type Plain } from './define.ts'

/** Functions on text. */
export const textFunctions = [
  define('upper', 'The text in capitals.', ['text'], (text) => text.toUpperCase()),
  define('lower', 'The text in small letters.', ['text'], (text) => text.toLowerCase()),
  define(
    'capitalize',
    'The text with its first letter a capital.',
    ['text'],
    (text) => text.charAt(0).toUpperCase() + text.slice(1),
  ),
  define('trim', 'The text without white space at its ends.', ['text'], (text) => text.trim()),
  define(
    'replace',
    'Every `from` in the text replaced by `to`: replace text from to.',
    ['text', 'text', 'text'],
    (text, from, to) => text.replaceAll(from, () => to),
  ),
  define('split', 'The text cut at a separator, or at white space.', ['text', 'text?'], (text, separator) =>
    separator === undefined ? text.trim().split(/\s+/).filter(Boolean) : text.split(separator),
  ),
  define('lines', 'The lines of the text, without their ends.', ['text'], (text) =>
    text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/),
  ),
  define(
    'join',
    'The items of a list as one text, with a separator between them.',
    ['list', 'text?'],
    (list, separator) => list.map((item) => textOf('join', item)).join(separator ?? ''),
  ),
  define('indent', 'Every line of the text behind so many spaces.', ['text', 'number'], (text, width) =>
    text.replace(/^(?=.)/gm, ' '.repeat(width)),
  ),
  define('quote', 'The text as one word of a POSIX shell.', ['text'], (text) => quote(text)),
  define('starts_with', 'Whether the text begins with another.', ['text', 'text'], (text, start) =>
    text.startsWith(start),
  ),
  define('ends_with', 'Whether the text ends with another.', ['text', 'text'], (text, end) => text.endsWith(end)),
  define('matches', 'Whether a regular expression (RE2) is found in the text.', ['text', 'text'], (text, pattern) =>
    regular('matches', () => matches(text, pattern)),
  ),
  define(
    'regex_find',
    'The first match of a regular expression, or its first group; empty when there is none.',
    ['text', 'text'],
    (text, pattern) => regular('regex_find', () => find(text, pattern) ?? ''),
  ),
  define(
    'regex_find_all',
    'All matches of a regular expression, or their first groups.',
    ['text', 'text'],
    (text, pattern) => regular('regex_find_all', () => findAll(text, pattern)),
  ),
  define(
    'regex_replace',
    'Every match of a regular expression replaced; $1 stands for a group.',
    ['text', 'text', 'text'],
    (text, pattern, to) => regular('regex_replace', () => replaceAll(text, pattern, to)),
  ),
  define('basename', 'The last part of a path.', ['text'], (path) => posix.basename(path)),
  define('dirname', 'The path of the folder that holds a path.', ['text'], (path) => posix.dirname(path)),
]

/** One item as text; a list or a mapping has none. */
function textOf(name: string, item: Plain): string {
  if (item === null || typeof item === 'object')
    throw new FunctionError(`${name} takes a list of texts; one item is ${kindOf(item)}`)
  return String(item)
}

function regular<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof RE2JSException) throw new FunctionError(`${name}: ${error.message}`)
    throw error
  }
}
