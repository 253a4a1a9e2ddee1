import { listRecords } from '../history/read-records.ts'
import type { RecordEntry } from '../history/record.ts'
import { Problem } from '../problem.ts'
import { printableLine } from '../report/printable.ts'
import { historyFolder } from './history-folder.ts'

export interface HistoryFilter {
  playbook?: readonly string[]
  host?: readonly string[]
}

/** The recorded runs that a filter leaves, newest first; says on stderr what was passed over. */
export function recordedRuns({ playbook, host }: HistoryFilter = {}): RecordEntry[] {
  const folder = historyFolder()
  if (folder === undefined) {
    const hint = 'let it name a folder, or unset it for ~/.local/state/lockstep/runs'
    throw new Problem({ code: 'NO_RECORD', message: 'LOCKSTEP_HISTORY is off, so nothing is recorded', hint })
  }
  const { records, skipped } = listRecords(folder)
  for (const sentence of skipped) process.stderr.write(`${printableLine(sentence)}\n`)
  return records.filter(
    ({ start }) =>
      (playbook === undefined || start.playbooks.some((path) => playbook.some((wanted) => endsWith(path, wanted)))) &&
      (host === undefined || host.some((wanted) => start.hosts.includes(wanted))),
  )
}

/** `2026-11-25 10:00:00Z`: the time of a record, as its id has it. */
export function timeWords(at: string): string {
  return printableLine(at.replace('T', ' ').replace(/\.\d+/, ''))
}

/** `check of site.yml on 2026-11-25 10:00:00Z by ann@laptop`. */
export function recordWords({ start }: RecordEntry): string {
  return printableLine(`${start.mode} of ${start.playbooks.join(', ')} on ${timeWords(start.at)} by ${start.operator}`)
}

/** Says what was passed over in a record. */
export function tellUnreadable({ id }: RecordEntry, lines: number): void {
  if (lines > 0) process.stderr.write(`${id}: ${lines === 1 ? 'a line' : `${lines} lines`} cannot be read\n`)
}

function endsWith(path: string, wanted: string): boolean {
  return path === wanted || path.endsWith(`/${wanted}`)
}
