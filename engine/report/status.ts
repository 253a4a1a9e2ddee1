import type { Colours } from './colours.ts'
import type { Mode, Status, TaskResult } from './event.ts'

/** In the order in which a reader wants them: what needs a person last, next to the prompt. */
export const statuses: readonly Status[] = [
  'ok',
  'skipped',
  'changed',
  'known-after-apply',
  'would-run',
  'may-run',
  'deferred',
  'not-visible',
  'failed',
  'unreachable',
]

/** Check mode: a run on the same state would change the host. */
export function isDrift(status: Status): boolean {
  return driftStatuses.includes(status)
}

/** Check mode: whether a run would change the host cannot be known; counted apart from drift. */
export function isMay(status: Status): boolean {
  return mayStatuses.includes(status)
}

/** What a check may find, as `--fail-on` names it. */
export const findings = ['drift', 'may', 'not-visible'] as const
export type Finding = (typeof findings)[number]

/** How much a result needs a person: the worst first, 0 for what needs nobody. */
export function severity({ status, tolerated }: Pick<TaskResult, 'status' | 'tolerated'>): number {
  return tolerated !== undefined ? 1 : severities[status]
}

const driftStatuses: readonly Status[] = ['changed', 'known-after-apply']
const mayStatuses: readonly Status[] = ['would-run', 'may-run', 'deferred']

const severities: Readonly<Record<Status, number>> = {
  failed: 9,
  unreachable: 8,
  changed: 7,
  'known-after-apply': 6,
  'not-visible': 5,
  'would-run': 4,
  'may-run': 3,
  deferred: 2,
  ok: 0,
  skipped: 0,
}

/** The word before a task's name, at most eleven letters. */
export function wordFor({ status, tolerated }: Pick<TaskResult, 'status' | 'tolerated'>, mode: Mode): string {
  if (tolerated !== undefined) return tolerated
  if (status === 'changed') return mode === 'check' ? 'drift' : 'changed'
  if (status === 'known-after-apply') return 'drift'
  return status.replace('-', ' ')
}

export function paintFor({ status, tolerated }: Pick<TaskResult, 'status' | 'tolerated'>, colours: Colours) {
  if (tolerated !== undefined) return colours.warned
  if (status === 'ok') return colours.good
  if (status === 'skipped') return colours.dim
  if (status === 'failed' || status === 'unreachable' || status === 'not-visible') return colours.bad
  return colours.changed
}
