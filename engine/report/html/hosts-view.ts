import { type Element, el } from './element.ts'
import { badge } from './finding-view.ts'
import { kinds, type PageData, type PageHost } from './page-data.ts'

const MOST_HOSTS = 400
const quiet = new Set(['o', 's'])

/** Each host with its counts, those that need a person first; very many hosts without news share a line. */
export function hostsView({ hosts }: PageData): Element {
  const ordered = [...hosts].sort((a, b) => rank(a) - rank(b))
  const shown = ordered.filter((host, index) => index < MOST_HOSTS || rank(host) < kinds.length)
  const left = hosts.length - shown.length
  const head = el(
    'tr',
    {},
    ...['Host', 'What it came to', 'As declared'].map((name) => el('th', { scope: 'col' }, name)),
  )
  return el(
    'section',
    { 'aria-labelledby': 'hosts-title' },
    el('h2', { id: 'hosts-title' }, 'Hosts'),
    el('div.wide', {}, el('table.hosts-table', {}, el('thead', {}, head), el('tbody', {}, ...shown.map(row)))),
    ...(left > 0 ? [el('p.more', {}, `${left} more hosts are as declared.`)] : []),
  )
}

function row(host: PageHost): Element {
  const news = kinds.filter(({ letter }) => !quiet.has(letter) && (host.counts[letter] ?? 0) > 0)
  const counts = news.map(({ letter }) => el('span.count', {}, badge(letter), ` ${host.counts[letter]}`))
  const lost = host.lost === undefined ? [] : [el('span.count', {}, lostWords[host.lost] ?? host.lost)]
  const owed = host.owed.map((handler) => el('span.count', {}, `owes ${handler}`))
  const all = [...counts, ...lost, ...owed]
  const what = all.length > 0 ? all : [el('span.calm', {}, 'nothing to change')]
  return el(
    'tr',
    {},
    el('th', { scope: 'row' }, host.name),
    el('td', {}, ...what),
    el('td.number', {}, `${host.counts.o ?? 0}`),
  )
}

const lostWords: Readonly<Record<string, string>> = {
  failed: 'left the play',
  unreachable: 'could not be reached',
  locked: 'locked by another run',
  refused: 'not as in the plan',
}

/** The place of its worst kind; beyond all of them when there is no news. */
function rank({ counts, lost, owed }: PageHost): number {
  if (lost !== undefined) return -1
  const worst = kinds.findIndex(({ letter }) => !quiet.has(letter) && (counts[letter] ?? 0) > 0)
  if (worst >= 0) return worst
  return owed.length > 0 ? kinds.length - 1 : kinds.length
}
