import { fromJinja } from './jinja.ts'
import { TextFailure } from './names.ts'

/** The offsets of a node in its template. */
export function spanOf({ loc }: { loc: hbs.AST.SourceLocation }, text: string): { start: number; end: number } {
  return { start: offsetOf(loc.start, text), end: offsetOf(loc.end, text) }
}

/** What Handlebars says about text that it cannot parse; its position stands in the message alone. */
export function syntaxFailureOf(error: unknown, text: string): TextFailure {
  if (!(error instanceof Error)) throw error
  const [first = '', excerpt = '', pointer = '', expecting = ''] = error.message.split('\n')
  const line = Number(/on line (\d+)/.exec(first)?.[1] ?? (error as { lineNumber?: number }).lineNumber ?? 0)
  if (line === 0) throw error
  const lineStart = offsetOf({ line, column: 0 }, text)
  const lineEnd = text.indexOf('\n', lineStart) < 0 ? text.length : text.indexOf('\n', lineStart)
  const before = excerpt.slice(0, pointer.indexOf('^')).replace(/^\.\.\./, '')
  const column = Number((error as { column?: number }).column ?? 0)
  const start = pointer.includes('^') ? endOf(before, text, lineEnd) : lineStart + column
  const written = text.slice(lineStart, lineEnd)
  const mustache = /\{\{(?![#/!{])([^{}]*)\}\}/.exec(text.slice(text.lastIndexOf('{{', start)))?.[1]
  const ours = mustache === undefined ? undefined : fromJinja(mustache)
  const hint = ours === undefined ? HABITS.find(({ pattern }) => pattern.test(written))?.hint : `write ${ours}`
  const got = /got '(\w+)'/.exec(expecting)?.[1]
  const message = first.startsWith('Parse error')
    ? `the template cannot be read here${got === 'EOF' ? ': it ends too early' : ''}`
    : first.replace(/ - \d+:\d+$/, '')
  return new TextFailure({
    code: 'TEMPLATE_SYNTAX',
    message,
    start,
    end: Math.max(start + 1, Math.min(lineEnd, start + 1)),
    hint,
  })
}

const HABITS = [
  {
    pattern: /\b(lookup|query|q)\(/,
    hint: 'there are no lookups: write {{file "path"}}, {{env.NAME}}, or {{lookup map key}} for a key of a mapping',
  },
  { pattern: /\{\{[^}]*\|/, hint: 'a filter is a helper here: {{upper name}}, {{default name "x"}}' },
  { pattern: /\{\{[^}]*\w\[/, hint: 'write {{list.[0]}} or {{lookup map key}}' },
  {
    pattern: /\{\{[^}"']*[-+*/%<>=]/,
    hint: 'a template has no operators: use a helper as in {{add a 1}}, or {{cel "a + 1"}}',
  },
  { pattern: /\{\{[^}]*\w\(/, hint: 'a helper is called without parentheses: {{upper name}}' },
]

/** Where an excerpt ends in the text: Handlebars leaves line breaks out of it, so that only its last line is found. */
function endOf(excerpt: string, text: string, until: number): number {
  for (let skipped = 0; skipped < excerpt.length; skipped++) {
    const tail = excerpt.slice(skipped)
    const found = text.lastIndexOf(tail, until - tail.length)
    if (found >= 0) return found + tail.length
  }
  return until
}

function offsetOf({ line, column }: hbs.AST.Position, text: string): number {
  let start = 0
  for (let at = 1; at < line; at++) start = text.indexOf('\n', start) + 1
  return start + column
}
