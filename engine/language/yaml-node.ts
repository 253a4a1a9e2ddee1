import type { Place } from '../problem.ts'
import { Secret } from '../resource/secret.ts'
import type { Value } from '../resource/value.ts'
import type { SourceText } from './source-text.ts'

/** A piece of YAML that knows where it was written. */
export type YamlNode = ScalarNode | ListNode | MapNode

/** Offsets in a source text. */
export interface Span {
  source: SourceText
  start: number
  end: number
}

export interface ScalarNode {
  kind: 'scalar'
  at: Span
  value: string | number | boolean | null
  /** As written, without quotes. */
  text: string
  style: 'plain' | 'quoted' | 'block'
  /** Tagged `!cel`: an expression. */
  isExpression: boolean
  /** It was encrypted: nobody is shown the value. */
  isSecret?: true
  /** It was encrypted by itself, and is taken as it is. */
  isVault?: true
}

export interface ListNode {
  kind: 'list'
  at: Span
  items: readonly YamlNode[]
}

export interface MapNode {
  kind: 'map'
  at: Span
  entries: readonly Entry[]
}

export interface Entry {
  key: string
  keyAt: Span
  value: YamlNode
}

export function placeOf({ at: { source, start, end } }: { at: Span }): Place {
  return source.placeAt(start, end)
}

export function keyPlace({ keyAt: { source, start, end } }: Entry): Place {
  return source.placeAt(start, end)
}

/** The entry of a map that has this key. */
export function entryOf(node: MapNode, key: string): Entry | undefined {
  return node.entries.find((entry) => entry.key === key)
}

/** The place of a span inside a scalar's value, as far as it can be told through quotes, folds and indentation. */
export function placeInside(node: ScalarNode, start: number, end: number): Place {
  const { source, start: from, end: until } = node.at
  const raw = source.text.slice(from, until)
  if (node.style !== 'block') {
    const skip = node.style === 'quoted' ? 1 : 0
    const isVerbatim = raw.startsWith(node.text, skip)
    return isVerbatim ? source.placeAt(from + skip + start, from + skip + end) : placeOf(node)
  }
  const row = node.text.slice(0, start).split('\n').length - 1
  const column = start - (node.text.lastIndexOf('\n', start - 1) + 1)
  const line = node.text.split('\n')[row] ?? ''
  let offset = raw.indexOf('\n') + 1
  for (let skipped = 0; skipped < row; skipped++) offset = raw.indexOf('\n', offset) + 1
  const found = raw.indexOf(line, offset)
  const ends = raw.indexOf('\n', offset)
  // A folded scalar joins lines, so that its rows are not those of the file.
  if (found < 0 || (ends >= 0 && found > ends)) return placeOf(node)
  return source.placeAt(from + found + column, from + found + column + (end - start))
}

/** The plain value, tags aside. */
export function plainOf(node: YamlNode): Value {
  if (node.kind === 'scalar') return node.isSecret && node.value !== null ? new Secret(String(node.value)) : node.value
  if (node.kind === 'list') return node.items.map(plainOf)
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainOf(value)]))
}
