import type { Colours } from './colours.ts'
import type { HostSummary, Mode, RunSummary, Status } from './event.ts'
import { isDrift, statuses } from './status.ts'
import { count } from './words.ts'

/** The one line that matters: what a run came to, or what a check found. */
export function verdict(summary: RunSummary, mode: Mode, colours: Colours): string {
  const hosts = Object.values(summary.hosts)
  const trouble = troubleWords(hosts, summary.interrupted)
  const words = mode === 'check' ? checkWords(hosts) : runWords(hosts)
  const paint = trouble.length > 0 ? colours.bad : words.drift ? colours.changed : colours.good
  return paint([...trouble, words.text].join('; '))
}

/** Tasks and items that a run would, or might, change, over all hosts. */
export function driftCount(hosts: readonly HostSummary[]): number {
  return sum(hosts, statuses.filter(isDrift))
}

function checkWords(hosts: readonly HostSummary[]): { text: string; drift: boolean } {
  const drifted = hosts.filter((host) => driftCount([host]) > 0 || host.owed.length > 0)
  if (drifted.length === 0) return { text: `no drift on ${count(hosts.length, 'host')}`, drift: false }
  const known = sum(hosts, ['changed'])
  const parts = [
    known > 0 ? `${known} known now` : '',
    phrase(sum(hosts, ['known-after-apply']), 'known after apply'),
    phrase(sum(hosts, ['would-run']), 'would run'),
    phrase(sum(hosts, ['may-run', 'deferred']), 'may follow'),
  ].filter((part) => part !== '')
  const owed = hosts.reduce((total, host) => total + host.owed.length, 0)
  const tasks = count(driftCount(hosts), 'task')
  const detail = parts.length > 1 ? ` (${parts.join(', ')})` : ''
  const debts = owed > 0 ? `, ${count(owed, 'handler')} owed` : ''
  return {
    text: `drift on ${drifted.length} of ${count(hosts.length, 'host')}: ${tasks}${detail}${debts}`,
    drift: true,
  }
}

function runWords(hosts: readonly HostSummary[]): { text: string; drift: boolean } {
  const changed = hosts.filter(({ counts }) => counts.changed > 0)
  if (changed.length === 0) return { text: `nothing changed on ${count(hosts.length, 'host')}`, drift: false }
  const tasks = count(sum(hosts, ['changed']), 'task')
  return { text: `changed ${tasks} on ${changed.length} of ${count(hosts.length, 'host')}`, drift: true }
}

function troubleWords(hosts: readonly HostSummary[], interrupted: boolean): string[] {
  const lost = (why: HostSummary['lost']) => hosts.filter((host) => host.lost === why).length
  const words = [
    interrupted ? 'interrupted' : '',
    hostPhrase(lost('unreachable'), 'unreachable'),
    hostPhrase(lost('locked'), 'locked by another run'),
    hostPhrase(lost('refused'), 'not as in the plan'),
    hostPhrase(lost('failed'), 'failed'),
    phrase(sum(hosts, ['not-visible']), 'not visible to the login user'),
  ]
  return words.filter((word) => word !== '')
}

function hostPhrase(number: number, words: string): string {
  return number > 0 ? `${count(number, 'host')} ${words}` : ''
}

function phrase(number: number, words: string): string {
  return number > 0 ? `${number} ${words}` : ''
}

function sum(hosts: readonly HostSummary[], wanted: readonly Status[]): number {
  return hosts.reduce((total, { counts }) => total + wanted.reduce((part, status) => part + counts[status], 0), 0)
}
