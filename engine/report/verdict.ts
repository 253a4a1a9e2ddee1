import type { Colours } from './colours.ts'
import type { HostSummary, Mode, RunSummary, Status } from './event.ts'
import { isDrift, isMay, statuses } from './status.ts'
import { count } from './words.ts'

/** The one line that matters: what a run came to, or what a check found. */
export function verdict(summary: RunSummary, mode: Mode, colours: Colours): string {
  const hosts = Object.values(summary.hosts)
  const tone = toneOf(hosts, mode, summary.interrupted)
  const paint = { bad: colours.bad, changed: colours.changed, good: colours.good }[tone]
  return paint(verdictLine(hosts, mode, summary.interrupted ? 'interrupted' : 'finished'))
}

/** What the counts of a host say about it; a summary has more. */
export type Counted = Pick<HostSummary, 'lost' | 'owed'> & { counts: Readonly<Record<string, number>> }
export type Outcome = 'finished' | 'interrupted' | 'cut-short'

/** Of a check `12 hosts · 480 states checked · 3 drifted on 2 hosts · 1 not visible`; of a run `changed 3 tasks on 2 of 12 hosts`. */
export function verdictLine(hosts: readonly Counted[], mode: Mode, outcome: Outcome): string {
  const ending = { finished: '', interrupted: 'interrupted', 'cut-short': 'cut short' }[outcome]
  const lost = lostWords(hosts)
  if (mode === 'run') return filled([ending, ...lost, runWords(hosts)]).join('; ')
  return filled([ending, count(hosts.length, 'host'), ...checkWords(hosts), ...lost]).join(' · ')
}

/** Whether somebody has to look at it, it differs, or all is well. */
export function toneOf(hosts: readonly Counted[], mode: Mode, isCut: boolean): 'bad' | 'changed' | 'good' {
  if (isCut || hosts.some(({ lost }) => lost !== undefined)) return 'bad'
  if (mode === 'check' && sum(hosts, ['not-visible']) > 0) return 'bad'
  const news = mode === 'check' ? statuses.filter((status) => isDrift(status) || isMay(status)) : (['changed'] as const)
  return sum(hosts, news) > 0 || owed(hosts) > 0 ? 'changed' : 'good'
}

function checkWords(hosts: readonly Counted[]): string[] {
  const drift = statuses.filter(isDrift)
  const drifted = hosts.filter((host) => sum([host], drift) > 0)
  const looked = sum(hosts, ['ok', ...drift])
  return [
    `${count(looked, 'state')} checked`,
    drifted.length === 0 ? 'no drift' : `${sum(hosts, drift)} drifted on ${count(drifted.length, 'host')}`,
    owed(hosts) > 0 ? `${count(owed(hosts), 'handler')} owed` : '',
    phrase(sum(hosts, ['would-run']), 'would run'),
    phrase(sum(hosts, ['may-run', 'deferred']), 'may run'),
    phrase(sum(hosts, ['not-visible']), 'not visible'),
  ]
}

function runWords(hosts: readonly Counted[]): string {
  const changed = hosts.filter((host) => sum([host], ['changed']) > 0)
  if (changed.length === 0) return `nothing changed on ${count(hosts.length, 'host')}`
  return `changed ${count(sum(hosts, ['changed']), 'task')} on ${changed.length} of ${count(hosts.length, 'host')}`
}

function lostWords(hosts: readonly Counted[]): string[] {
  const lost = (why: HostSummary['lost']) => hosts.filter((host) => host.lost === why).length
  return [
    hostPhrase(lost('unreachable'), 'unreachable'),
    hostPhrase(lost('locked'), 'locked by another run'),
    hostPhrase(lost('refused'), 'not as in the plan'),
    hostPhrase(lost('failed'), 'failed'),
  ]
}

function filled(words: readonly string[]): string[] {
  return words.filter((word) => word !== '')
}

function owed(hosts: readonly Counted[]): number {
  return hosts.reduce((total, host) => total + host.owed.length, 0)
}

function hostPhrase(number: number, words: string): string {
  return number > 0 ? `${count(number, 'host')} ${words}` : ''
}

function phrase(number: number, words: string): string {
  return number > 0 ? `${number} ${words}` : ''
}

function sum(hosts: readonly Counted[], wanted: readonly Status[]): number {
  return hosts.reduce(
    (total, { counts }) => total + wanted.reduce((part, status) => part + (counts[status] ?? 0), 0),
    0,
  )
}
