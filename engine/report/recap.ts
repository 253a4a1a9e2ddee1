import type { Colours } from './colours.ts'
import type { HostSummary, Mode, RunSummary, Status } from './event.ts'
import { printableLine } from './printable.ts'
import { isDrift, statuses, wordFor } from './status.ts'
import { bytes, columns, count, duration, fitted, listed } from './words.ts'

export interface RecapStyle {
  colours: Colours
  mode: Mode
  verbosity: number
  width: number
}

/** Rows that fit a screen together with what stands around them. */
const MOST_ROWS = 16

/**
 * The hosts at the end: those with something to say, hosts with the same counts in one row; the rest are counted. With -v
 * every host has its row, with rounds and bytes.
 */
export function recapLines(summary: RunSummary, style: RecapStyle): string[] {
  const hosts = Object.entries(summary.hosts)
  const title = style.colours.strong(`${count(hosts.length, 'host')} in ${duration(summary.elapsedMs)}`)
  const rows = style.verbosity > 0 ? hosts.map(([name, host]) => row([name], host, style)) : groupedRows(hosts, style)
  return [title, ...rows.map((line) => `  ${line}`)]
}

function groupedRows(hosts: readonly [string, HostSummary][], style: RecapStyle): string[] {
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
    rows.push(style.colours.dim(`${count(left.length, 'more host')} with other counts (-v shows each)`))
  if (quiet.length > 0) rows.push(`${whoWords(quiet, style)}  ${style.colours.good('nothing to change')}`)
  return rows
}

function row(names: readonly string[], host: HostSummary, style: RecapStyle): string {
  const { colours, verbosity } = style
  const parts = [countWords(host, style)]
  // What counted as unreachable says so already.
  if (host.lost && host.lost !== 'unreachable') parts.push(colours.bad(lostWords[host.lost]))
  if (host.owed.length > 0) parts.push(colours.warned(`owes ${printableLine(listed(host.owed, 3))}`))
  if (verbosity > 0) parts.push(colours.dim(trafficWords(host)))
  return `${whoWords(names, style)}  ${parts.filter((part) => part !== '').join(', ')}`
}

const NAME_COLUMNS = 24

function whoWords(names: readonly string[], { width }: RecapStyle): string {
  const room = Math.max(NAME_COLUMNS, Math.floor(width / 2))
  const text = printableLine(names.length === 1 ? names.join() : `${count(names.length, 'host')}: ${listed(names, 3)}`)
  const cut = fitted(text, room)
  return cut + ' '.repeat(Math.max(0, NAME_COLUMNS - columns(cut)))
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
  return isDrift(status) ? colours.changed(text) : text
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
