import { createHash } from 'node:crypto'
import { parseDocument, stringify } from 'yaml'
import type { Value } from '../../resource/value.ts'
import { define, FunctionError } from './define.ts'

/** Functions between values and their written forms. */
export const encodeFunctions = [
  define('json', 'The value as JSON; with a number, indented by so many spaces.', ['any', 'number?'], (value, indent) =>
    JSON.stringify(value, null, indent),
  ),
  define('parse_json', 'The value that a JSON text stands for.', ['text'], (text) => parseJson(text)),
  define('yaml', 'The value as YAML.', ['any'], (value) => stringify(value, { lineWidth: 0 }).trimEnd()),
  define('parse_yaml', 'The value that a YAML text stands for.', ['text'], (text) => parseYamlText(text)),
  define('b64encode', 'The text, as UTF-8, in Base64.', ['text'], (text) => Buffer.from(text).toString('base64')),
  define('b64decode', 'The UTF-8 text behind Base64.', ['text'], (text) => {
    if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw new FunctionError('b64decode takes Base64')
    return Buffer.from(text, 'base64').toString('utf8')
  }),
  define('sha256', 'The SHA-256 of the text, in hexadecimal digits.', ['text'], (text) =>
    createHash('sha256').update(text).digest('hex'),
  ),
]

function parseJson(text: string): Value {
  try {
    return JSON.parse(text) as Value
  } catch (error) {
    if (error instanceof SyntaxError) throw new FunctionError('parse_json: this is no JSON')
    throw error
  }
}

function parseYamlText(text: string): Value {
  const document = parseDocument(text, { stringKeys: true, logLevel: 'error', prettyErrors: false })
  const [error] = document.errors
  if (error) throw new FunctionError(`parse_yaml: ${error.message}`)
  return document.toJS() as Value
}
