import type { HostSummary, Mode, RunSummary } from '../report/event.ts'
import { type Finding, isDrift, isMay, statuses } from '../report/status.ts'
import { exitCodes } from './failure.ts'

/** The exit code of a run or check; of several reasons the worst, which is the highest. A check fails on the findings named. */
export function exitCodeOf(summary: RunSummary, mode: Mode, failOn: readonly Finding[] = FAILING): number {
  const codes = Object.values(summary.hosts).map((host) => codeOf(host, mode, failOn))
  return Math.max(exitCodes.done, summary.interrupted ? exitCodes.interrupted : exitCodes.done, ...codes)
}

function codeOf(host: HostSummary, mode: Mode, failOn: readonly Finding[]): number {
  if (host.lost === 'locked') return exitCodes.locked
  if (host.lost === 'refused') return exitCodes.stale
  if (host.lost === 'unreachable') return exitCodes.unreachable
  if (host.lost === 'failed') return exitCodes.failed
  const found = mode === 'check' && failOn.some((finding) => isFound(finding, host))
  return found ? exitCodes.drift : exitCodes.done
}

function isFound(finding: Finding, { counts, owed }: HostSummary): boolean {
  if (finding === 'not-visible') return counts['not-visible'] > 0
  const counted = statuses.some((status) => (finding === 'drift' ? isDrift : isMay)(status) && counts[status] > 0)
  return counted || (finding === 'drift' && owed.length > 0)
}

/** What nobody may vouch for: what differs, and what could not be seen. */
const FAILING: readonly Finding[] = ['drift', 'not-visible']
