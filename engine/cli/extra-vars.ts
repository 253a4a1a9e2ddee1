import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { Problem } from '../problem.ts'
import type { Value, ValueMap } from '../resource/value.ts'

/** The variables of all `-e`, later ones over earlier: `name=value`, a map as JSON or YAML, or `@file` with such a map. */
export function extraVars(texts: readonly string[]): ValueMap {
  return Object.assign({}, ...texts.map(variablesOf))
}

function variablesOf(text: string): ValueMap {
  if (text.startsWith('@')) return mapOf(readText(text.slice(1)), text)
  const pair = /^([A-Za-z_]\w*)=(.*)$/s.exec(text)
  if (pair) return { [pair[1] ?? '']: scalar(pair[2] ?? '') }
  return mapOf(text, text)
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

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    throw new Problem({
      code: 'FILE_MISSING',
      message: `--extra-vars cannot read ${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`,
    })
  }
}
