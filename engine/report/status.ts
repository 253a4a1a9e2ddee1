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

/** Check mode: a run on the same state would, or for `may-run` and `deferred` might, change the host. */
export function isDrift(status: Status): boolean {
  return driftStatuses.includes(status)
}

const driftStatuses: readonly Status[] = ['changed', 'known-after-apply', 'would-run', 'may-run', 'deferred']

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
