import { auditFindings } from '../audit-findings.ts'
import type { Audit, AuditHost, AuditResult, AuditRun } from '../audit-schema.ts'
import type { Mode, Status } from '../event.ts'
import { severity } from '../status.ts'
import { clipped } from '../words.ts'
import type { PageData, PageFinding, PageHost, PageTask } from './page-data.ts'

/** Characters of findings that a page holds whole; browsers and mail have their limits. */
const MOST_CHARACTERS = 8_000_000

/** The audit as a page shows it: one matrix over all playbooks, and what was found with the worst first. */
export function pageDataOf(audit: Audit): PageData {
  const names = [...new Set(audit.runs.flatMap(({ hosts }) => hosts.map(({ name }) => name)))]
  const hostIndex = new Map(names.map((name, index) => [name, index]))
  const offsets = offsetsOf(audit.runs)
  const tasks = audit.runs.flatMap((run) => run.tasks.map((task) => pageTask(task, run)))
  let room = MOST_CHARACTERS
  const findings = auditFindings(audit).map(({ run, hosts, result }): PageFinding => {
    const { item, reason, message, warnings, differences, failure } = result
    const finding: PageFinding = {
      task: (offsets.get(run) ?? 0) + result.task,
      hosts: hosts.map((name) => hostIndex.get(name) ?? 0),
      kind: letterOf(result, run.mode),
      ...(item === undefined ? {} : { item }),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
      ...(failure ? { failure } : {}),
      warnings,
      differences,
    }
    room -= JSON.stringify(finding).length
    return room > 0 ? finding : shortened(finding)
  })
  const hosts = names.map((name) => pageHost(name, audit.runs))
  return { hosts, tasks, cells: cellsOf(audit.runs, hostIndex, { tasks: tasks.length, offsets }), findings }
}

/** Without what is long; the worst findings come first and are whole. */
function shortened({ message, failure, differences, ...finding }: PageFinding): PageFinding {
  const note = 'left out, since this page would be too large; the JSON report has it'
  return {
    ...finding,
    differences: differences.map(({ lines, ...rest }) => (lines === undefined ? rest : { ...rest, note })),
    ...(failure ? { failure: { code: failure.code, message: clipped(failure.message, 200) } } : {}),
  }
}

/** The letter of `kinds`. */
export function letterOf({ status, tolerated }: Pick<AuditResult, 'status' | 'tolerated'>, mode: Mode): string {
  if (tolerated !== undefined) return 't'
  return status === 'changed' && mode === 'check' ? 'd' : letters[status]
}

const letters: Readonly<Record<Status, string>> = {
  ok: 'o',
  changed: 'c',
  'known-after-apply': 'k',
  'would-run': 'w',
  'may-run': 'm',
  deferred: 'e',
  skipped: 's',
  failed: 'f',
  unreachable: 'u',
  'not-visible': 'n',
}

function offsetsOf(runs: readonly AuditRun[]): Map<AuditRun, number> {
  const offsets = new Map<AuditRun, number>()
  let sum = 0
  for (const run of runs) {
    offsets.set(run, sum)
    sum += run.tasks.length
  }
  return offsets
}

/** Of the items of a task the worst shows; any of them rather than one that was skipped. */
function cellsOf(
  runs: readonly AuditRun[],
  hosts: ReadonlyMap<string, number>,
  { tasks, offsets }: { tasks: number; offsets: ReadonlyMap<AuditRun, number> },
): string[] {
  const rows = [...hosts.keys()].map(() => Array.from<string>({ length: tasks }).fill(' '))
  const weights = rows.map(() => new Map<number, number>())
  for (const run of runs) {
    for (const result of run.results) {
      const host = hosts.get(result.host) ?? -1
      const column = (offsets.get(run) ?? 0) + result.task
      const weight = result.status === 'skipped' ? -1 : severity(result)
      const before = weights[host]?.get(column)
      const row = rows[host]
      if (!row || (before !== undefined && before >= weight)) continue
      weights[host]?.set(column, weight)
      row[column] = letterOf(result, run.mode)
    }
  }
  return rows.map((row) => row.join(''))
}

function pageTask({ place, name, module, play, handler }: AuditRun['tasks'][number], { playbook }: AuditRun): PageTask {
  const { file, line, column, source } = place
  return { name, module, play, playbook, handler, file, line, column, ...(source === undefined ? {} : { source }) }
}

function pageHost(name: string, runs: readonly AuditRun[]): PageHost {
  const own = runs.flatMap((run) => run.hosts.filter((host) => host.name === name).map((host) => ({ run, host })))
  const lost = own.find(({ host }) => host.lost !== undefined)?.host.lost
  const counts: Record<string, number> = {}
  for (const { run, host } of own) addCounts(counts, host, run.mode)
  return { name, counts, owed: own.flatMap(({ host }) => host.owed), ...(lost === undefined ? {} : { lost }) }
}

function addCounts(counts: Record<string, number>, host: AuditHost, mode: Mode): void {
  for (const [status, number] of Object.entries(host.counts) as [Status, number][]) {
    const letter = letterOf({ status }, mode)
    if (number > 0) counts[letter] = (counts[letter] ?? 0) + number
  }
}
