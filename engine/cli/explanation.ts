import { type Candidate, type Explained, explainVariable } from '../language/explain.ts'
import { printableLine } from '../report/printable.ts'
import { knownHost } from './known-host.ts'

/** Every definition of a variable for a host, lowest first, with its place and whether it is the one that holds. */
export function explanation(variable: string, host: string, where: Explained): string {
  knownHost(where.inventory, host)
  const candidates = explainVariable(variable, host, where)
  if (candidates.length === 0) return `nothing gives '${variable}' a value for ${host}\n`
  const rows = candidates.map((one) => [
    `${one.level} ${one.owner}`,
    placeWords(one),
    printableLine(one.text),
    winWords(one),
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${variable} for ${host}, from the lowest level to the highest\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function placeWords({ place }: Candidate): string {
  return place ? `${place.file}:${place.line}` : 'command line'
}

function winWords({ wins: { tasks, of } }: Candidate): string {
  if (tasks === 0) return ''
  return tasks === of ? 'wins' : `wins in ${tasks} of ${of} tasks`
}
