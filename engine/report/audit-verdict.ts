import type { AuditRun } from './audit-schema.ts'
import { toneOf, verdictLine } from './verdict.ts'

/** The one line that matters of all playbooks together; each has its own when there are several. */
export function auditVerdict(runs: readonly AuditRun[]): string {
  if (runs.length === 0) return 'nothing was run: it ended before the first host was contacted'
  if (runs.length === 1) return runs.map(runVerdict).join('')
  return runs.map((run) => `${run.playbook}: ${runVerdict(run)}`).join('; ')
}

export function runVerdict({ hosts, mode, outcome }: AuditRun): string {
  return verdictLine(hosts, mode, outcome)
}

/** The worst of the runs. */
export function auditTone(runs: readonly AuditRun[]): 'bad' | 'changed' | 'good' {
  const tones = runs.map(({ hosts, mode, outcome }) => toneOf(hosts, mode, outcome !== 'finished'))
  if (tones.length === 0 || tones.includes('bad')) return 'bad'
  return tones.includes('changed') ? 'changed' : 'good'
}
