import type { Colours } from './colours.ts'
import type { HostSummary, Mode, RunSummary, Status } from './event.ts'
import { printableLine } from './printable.ts'
import { isDrift, isMay, statuses, wordFor } from './status.ts'
import { bytes, columns, count, duration, fitted, listed } from './words.ts'

export interface RecapStyle {
  colours: Colours
  mode: Mode
  verbosity: number
  width: number
  /** Named by a check, which has not said before what it checks. */
  playbook: string
}

/** Rows that fit a screen together with what stands around them. */
const MOST_ROWS = 16

/**
 * The hosts at the end: those with something to say, hosts with the same counts in one row; the rest are counted. With -v
 * every host has its row, with rounds and bytes.
 */
export function recapLines(summary: RunSummary, style: RecapStyle): string[] {
  const hosts = Object.entries(summary.hosts)
  const what = style.mode === 'check' ? `checked ${printableLine(style.playbook)} on ` : ''
  const title = style.colours.strong(`${what}${count(hosts.length, 'host')} in ${duration(summary.elapsedMs)}`)
  const rows = style.verbosity > 0 ? hosts.map(([name, host]) => row([name], host, style)) : groupedRows(hosts, style)
  const widest = Math.max(NAME_COLUMNS, ...rows.map(({ what, who }) => (what === undefined ? 0 : columns(who))))
  const lines = rows.map(({ who, what }) =>
    what === undefined ? who : `${who}${' '.repeat(widest - columns(who))}  ${what}`,
  )
  return [title, ...lines.map((line) => `  ${line}`)]
}

/** A line of the recap: which hosts, and what became of them. */
interface Row {
  who: string
  what?: string
}

function groupedRows(hosts: readonly [string, HostSummary][], style: RecapStyle): Row[] {
  const groups = new Map<string, { host: HostSummary; names: string[] }>()
  const quiet: string[] = []
  for (const [name, host] of hosts) {
    if (!hasNews(host)) quiet.push(name)
    else {
      const key = `${host.lost} ${countWords(host, style)} ${host.owed.join()}`
      const group = groups.get(key) ?? { host, names: [] }
      group.names.push(name)
      groups.set(key, group)
    }
  }
  const ordered = [...groups.values()].sort(
    (a, b) => weight(b.host) - weight(a.host) || b.names.length - a.names.length,
  )
  const rows = ordered.slice(0, MOST_ROWS).map(({ host, names }) => row(names, host, style))
  const left = ordered.slice(MOST_ROWS).flatMap(({ names }) => names)
  if (left.length > 0)
    rows.push({ who: style.colours.dim(`${count(left.length, 'more host')} with other counts (-v shows each)`) })
  if (quiet.length > 0) rows.push({ who: whoWords(quiet, style), what: style.colours.good('nothing to change') })
  return rows
}

function row(names: readonly string[], host: HostSummary, style: RecapStyle): Row {
  const { colours, verbosity } = style
  const parts = [countWords(host, style)]
  // What counted as unreachable says so already.
  if (host.lost && host.lost !== 'unreachable') parts.push(colours.bad(lostWords[host.lost]))
  if (host.owed.length > 0) parts.push(colours.warned(`owes ${printableLine(listed(host.owed, 3))}`))
  if (verbosity > 0) parts.push(colours.dim(trafficWords(host)))
  return { who: whoWords(names, style), what: parts.filter((part) => part !== '').join(', ') }
}

const NAME_COLUMNS = 24

/** As many names as there is room for. */
function whoWords(names: readonly string[], { width }: RecapStyle): string {
  const room = Math.max(NAME_COLUMNS, Math.floor(width / 2))
  if (names.length === 1) return fitted(printableLine(names.join()), room)
  const texts = [3, 2, 1].map((most) => printableLine(`${count(names.length, 'host')}: ${listed(names, most)}`))
  return texts.find((text) => columns(text) <= room) ?? fitted(texts.at(-1) ?? '', room)
}

const lostWords = { failed: 'left the play', locked: 'locked by another run', refused: 'not as in the plan' }

function countWords({ counts }: HostSummary, { mode, colours }: RecapStyle): string {
  const sums = new Map<string, { sum: number; status: Status }>()
  for (const status of statuses) {
    const word = wordFor({ status }, mode)
    const before = sums.get(word)?.sum ?? 0
    sums.set(word, { sum: before + (counts[status] ?? 0), status })
  }
  return [...sums]
    .filter(([, { sum }]) => sum > 0)
    .map(([word, { sum, status }]) => paintCount(`${word} ${sum}`, status, colours))
    .join(', ')
}

function paintCount(text: string, status: Status, colours: Colours): string {
  if (status === 'failed' || status === 'unreachable' || status === 'not-visible') return colours.bad(text)
  return isDrift(status) || isMay(status) ? colours.changed(text) : text
}

function trafficWords({ rounds, bytesSent, bytesReceived }: HostSummary): string {
  return `${count(rounds, 'round')}, ${bytes(bytesSent)} sent, ${bytes(bytesReceived)} received`
}

function hasNews(host: HostSummary): boolean {
  const loud = statuses.filter((status) => status !== 'ok' && status !== 'skipped')
  return host.lost !== undefined || host.owed.length > 0 || loud.some((status) => host.counts[status] > 0)
}

/** Hosts that need a person come first. */
function weight(host: HostSummary): number {
  if (host.lost) return 3
  if (host.counts.failed > 0 || host.counts['not-visible'] > 0) return 2
  return host.owed.length > 0 ? 1 : 0
}
