import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { statuses } from '../../engine/report/status.ts'

const source = readFileSync(new URL('../../engine/report/event.ts', import.meta.url), 'utf8')
const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')

/** The first two cells of each row of the page's tables: a name, and what stands beside it. */
const rows = new Map(
  [...page.matchAll(/^\| (`[^|]*`) \|([^|]*)\|/gm)].flatMap(([, names = '', rest = '']) =>
    wordsOf(names).map((name) => [name, rest] as const),
  ),
)
const events = [...source.matchAll(/\| \{ type: '([\w-]+)';([^}]*) \}/g)].map(([, type = '', fields = '']) => ({
  type,
  fields: fieldsOf(fields).filter((field) => field !== 'at'),
}))
const interfaces = [...source.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(
  ([, name = '', body = '']) => ({ name, fields: fieldsOf(body) }),
)

describe('docs/events.md', () => {
  test.each(events)('describes $type with its properties', ({ type, fields }) => {
    expect(wordsOf(rows.get(type) ?? '')).toEqual(expect.arrayContaining(fields))
  })

  test('describes no event and no status that there is not', () => {
    const types = [...page.matchAll(/^\| `((?:run|play|task|host|debt|lock)-[\w-]+|warning)` \|/gm)].map(
      (match) => match[1],
    )
    expect(types.sort()).toEqual(events.map(({ type }) => type).sort())
    expect(statuses.filter((status) => !rows.has(status))).toEqual([])
  })

  test.each(interfaces)('names every property of $name', ({ fields }) => {
    expect(fields.length).toBeGreaterThan(0)
    const named = new Set(wordsOf(page))
    expect(fields.filter((field) => !named.has(field))).toEqual([])
  })
})

/** Names of properties; those of objects inside as well. */
function fieldsOf(text: string): string[] {
  const code = text.replace(/\/\*\*[\s\S]*?\*\//g, '')
  return [...code.matchAll(/(?:^|[;{\s])(\w+)\??: /g)].map((match) => match[1] ?? '')
}

/** The words that stand as code. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].flatMap((match) => (match[1] ?? '').match(/[\w-]+/g) ?? [])
}
