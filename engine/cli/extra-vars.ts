import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { ClearTexts } from '../language/encrypted/clear-texts.ts'
import { sealKind } from '../language/encrypted/sealed.ts'
import { hideLeaves } from '../language/observation.ts'
import { Problem } from '../problem.ts'
import type { Value, ValueMap } from '../resource/value.ts'

/** The variables of all `-e`, later ones over earlier: `name=value`, a map as JSON or YAML, or `@file` with such a map. */
export function extraVars(texts: readonly string[], clearTexts?: ClearTexts): ValueMap {
  return Object.assign({}, ...texts.map((text) => variablesOf(text, clearTexts)))
}

function variablesOf(text: string, clearTexts: ClearTexts | undefined): ValueMap {
  if (text.startsWith('@')) return variablesIn(text.slice(1), clearTexts)
  const pair = /^([A-Za-z_]\w*)=(.*)$/s.exec(text)
  if (pair) return { [pair[1] ?? '']: scalar(pair[2] ?? '') }
  return mapOf(text, text)
}

/** Those of a file; every text and number of an encrypted one is a secret. */
function variablesIn(file: string, clearTexts: ClearTexts | undefined): ValueMap {
  const content = readFile(file)
  const kind = sealKind(content)
  if (kind === undefined || !clearTexts) return mapOf(content.toString('utf8'), `@${file}`)
  const text = clearTexts.read({ kind, content, file, place: undefined })
  if (text === undefined) return {}
  const secret = hideLeaves(mapOf(text, `@${file}`)) as ValueMap
  clearTexts.secrets.addAll(secret)
  return secret
}

/** A whole number or true or false as such; all else is text, so that a version `1.10` stays what it is. */
function scalar(text: string): Value {
  if (/^(0|-?[1-9]\d{0,14})$/.test(text)) return Number(text)
  return text === 'true' || text === 'false' ? text === 'true' : text
}

function mapOf(text: string, given: string): ValueMap {
  try {
    const value: unknown = parse(text, { maxAliasCount: 100 })
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as ValueMap
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'YAMLParseError') throw error
  }
  throw new Problem({
    code: 'BAD_OPTION',
    message: `--extra-vars cannot read ${JSON.stringify(given)}`,
    hint: `write name=value, '{"name": "value"}', or @file with a YAML map`,
  })
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    throw new Problem({
      code: 'FILE_MISSING',
      message: `--extra-vars cannot read ${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`,
    })
  }
}
