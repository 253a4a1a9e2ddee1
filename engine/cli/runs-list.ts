import type { RecordEntry } from '../history/record.ts'
import { printableLine } from '../report/printable.ts'
import { count } from '../report/words.ts'
import { type HistoryFilter, recordedRuns, timeWords } from './history.ts'

export interface ListFlags extends HistoryFilter {
  limit: number
  output: 'terminal' | 'json'
}

/** Prints a line for each recorded run, newest first. */
export function listRuns(flags: ListFlags): void {
  const runs = recordedRuns(flags).slice(0, flags.limit)
  if (flags.output === 'json') {
    const all = runs.map(({ start, end }) => ({
      ...start,
      type: undefined,
      exitCode: end?.exitCode,
      outcome: end?.outcome,
    }))
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`)
    return
  }
  for (const line of aligned(runs.map(cells))) process.stdout.write(`${line}\n`)
}

function cells({ id, start, end }: RecordEntry): string[] {
  const hosts = start.hosts.length === 1 ? start.hosts.join() : count(start.hosts.length, 'host')
  const outcome = end?.outcome ?? 'cut off, or still under way'
  return [id, timeWords(start.at), start.mode, start.playbooks.join(','), start.operator, hosts, outcome].map(
    printableLine,
  )
}

/** Columns as wide as their widest cell. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
