import type { HostSummary, Mode, RunSummary } from '../report/event.ts'
import { isDrift, statuses } from '../report/status.ts'
import { exitCodes } from './failure.ts'

/** The exit code of a run or check; of several reasons the worst, which is the highest. */
export function exitCodeOf(summary: RunSummary, mode: Mode): number {
  const codes = Object.values(summary.hosts).map((host) => codeOf(host, mode))
  return Math.max(exitCodes.done, summary.interrupted ? exitCodes.interrupted : exitCodes.done, ...codes)
}

function codeOf(host: HostSummary, mode: Mode): number {
  if (host.lost === 'locked') return exitCodes.locked
  if (host.lost === 'refused') return exitCodes.stale
  if (host.lost === 'unreachable') return exitCodes.unreachable
  // What check was not allowed to see, it cannot vouch for.
  if (host.lost === 'failed' || host.counts['not-visible'] > 0) return exitCodes.failed
  if (mode === 'run') return exitCodes.done
  const drift = statuses.some((status) => isDrift(status) && host.counts[status] > 0)
  return drift || host.owed.length > 0 ? exitCodes.drift : exitCodes.done
}
