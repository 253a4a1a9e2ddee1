import type { Audit, AuditResult, AuditRun, AuditTask } from './audit-schema.ts'
import { severity, wordFor } from './status.ts'

/** Something that a reader wants to see; hosts with the same news share one. */
export interface AuditFinding {
  run: AuditRun
  task: AuditTask
  hosts: readonly string[]
  /** The first of the results, which stands for all. */
  result: AuditResult
  /** The word for its status, as the terminal has it. */
  word: string
  severity: number
}

/** What needs a person, worst first, then by the number of hosts, then as the playbook has it. */
export function auditFindings({ runs }: Pick<Audit, 'runs'>): AuditFinding[] {
  return runs.flatMap(findingsOf).sort((a, b) => b.severity - a.severity || b.hosts.length - a.hosts.length)
}

function findingsOf(run: AuditRun): AuditFinding[] {
  const groups = new Map<string, AuditFinding & { hosts: string[] }>()
  for (const result of run.results) {
    const task = run.tasks[result.task]
    const weight = weightOf(result)
    if (weight === 0 || !task) continue
    const { host, at, ...news } = result
    const key = JSON.stringify(news)
    const group = groups.get(key)
    if (group) group.hosts.push(host)
    else groups.set(key, { run, task, hosts: [host], result, word: wordFor(result, run.mode), severity: weight })
  }
  return [...groups.values()]
}

/** A warning, or something said, is the least of news. */
function weightOf(result: AuditResult): number {
  const isSaid = result.warnings.length > 0 || result.message !== undefined
  return Math.max(severity(result), isSaid ? 1 : 0)
}
