import type { AuditDifference, AuditFailure } from '../audit-schema.ts'
import { differenceTitle, side } from '../difference-text.ts'
import { type Child, type Element, el } from './element.ts'
import { kindOf, type PageData, type PageFinding, type PageTask } from './page-data.ts'

const FEW_HOSTS = 6

/** One finding: what it is, where, on which hosts, and the difference. */
export function findingView(finding: PageFinding, { tasks, hosts }: PageData): Element {
  const task = tasks[finding.task]
  const names = finding.hosts.map((index) => hosts[index]?.name ?? '')
  const item = finding.item === undefined ? [] : [el('span.item', {}, ` (${finding.item})`)]
  const title = el('h3', {}, badge(finding.kind), ' ', el('span.task', {}, task?.name ?? ''), ...item)
  return el(
    'article.finding',
    { class: `finding tone-${kindOf(finding.kind)?.tone ?? 'quiet'}` },
    title,
    hostsView(names),
    ...(task ? [placeView(task)] : []),
    ...(finding.reason === undefined ? [] : [el('p.reason', {}, finding.reason)]),
    ...finding.differences.map(differenceView),
    ...(finding.failure ? [failureView(finding.failure)] : []),
    ...(finding.message === undefined ? [] : [el('pre', {}, finding.message)]),
    ...finding.warnings.map((warning) => el('p.reason', {}, `warning: ${warning}`)),
  )
}

/** A status as a word with its sign, never by colour alone. */
export function badge(letter: string): Element {
  const kind = kindOf(letter)
  const sign = el('span', { 'aria-hidden': 'true' }, kind?.glyph ?? '')
  return el('span.badge', { class: `badge tone-${kind?.tone ?? 'quiet'}` }, sign, ` ${kind?.word ?? 'no part'}`)
}

function hostsView(names: readonly string[]): Element {
  if (names.length <= FEW_HOSTS) return el('p.hosts', {}, 'on ', el('b', {}, names.join(', ')))
  const first = names.slice(0, 3).join(', ')
  const summary = el(
    'summary',
    {},
    'on ',
    el('b', {}, `${names.length} hosts`),
    `: ${first} and ${names.length - 3} more`,
  )
  return el('details.hosts', {}, summary, el('p', {}, names.join(', ')))
}

/** Where it stands in the playbook, with that line. */
export function placeView({ file, line, column, source, module, play, handler }: PageTask): Element {
  const where = el(
    'p.place',
    {},
    el('code', {}, `${file}:${line}:${column}`),
    ` ${module}`,
    handler ? ', a handler' : '',
    `, play ${play}`,
  )
  if (source === undefined) return where
  return el('div.where', {}, where, el('pre.source', {}, el('span.number', {}, `${line}`), source))
}

function differenceView(difference: AuditDifference): Element {
  const { form, what, before, after, lines = [], note } = difference
  const notes = note === undefined ? [] : [el('p.note', {}, note)]
  if (form === 'text') {
    const title = el('p.what', {}, differenceTitle(difference))
    return el('div.difference', {}, title, ...(lines.length > 0 ? [unifiedView(lines)] : []), ...notes)
  }
  if (form === 'hidden' || (before === undefined && after === undefined))
    return el('div.difference', {}, el('p.what', {}, differenceTitle(difference)), ...notes)
  const was = el('del', {}, side(before))
  const is = el('ins', {}, side(after))
  return el('div.difference', {}, el('p.what', {}, `${what}: `, was, ' → ', is), ...notes)
}

/** Lines of one sign share an element: a page has thousands of lines. */
function unifiedView(lines: readonly string[]): Element {
  const parts: Child[] = []
  let from = 0
  for (let to = 1; to <= lines.length; to++) {
    if (to < lines.length && signOf(lines[to]) === signOf(lines[from])) continue
    parts.push(el(`span.${signOf(lines[from])}`, {}, `${lines.slice(from, to).join('\n')}\n`))
    from = to
  }
  return el('pre.unified', { tabindex: '0' }, ...parts)
}

function signOf(line = ''): 'added' | 'removed' | 'hunk' | 'same' {
  if (line.startsWith('+')) return 'added'
  if (line.startsWith('-')) return 'removed'
  return line.startsWith('@@') ? 'hunk' : 'same'
}

function failureView({ code, message, hint, command }: AuditFailure): Element {
  const streams = (['stdout', 'stderr'] as const).flatMap((name) => {
    const text = command?.[name] ?? ''
    return text.trim() === '' ? [] : [el('p.note', {}, name), el('pre', { tabindex: '0' }, text)]
  })
  return el(
    'div.failure',
    {},
    el('p', {}, el('b', {}, code), ` ${message}`),
    ...(command
      ? [el('p.note', {}, `command, exit code ${command.code}`), el('pre', { tabindex: '0' }, command.text)]
      : []),
    ...streams,
    ...(hint === undefined ? [] : [el('p.hint', {}, `hint: ${hint}`)]),
  )
}
