import { type Comparison, compareRecords, type Move, type MoveKind } from '../history/compare-records.ts'
import { type Observation, observationsOf } from '../history/observations.ts'
import { findRecord, readRecord } from '../history/read-records.ts'
import type { RecordEntry } from '../history/record.ts'
import { type Colours, coloursFor } from '../report/colours.ts'
import { differenceLines } from '../report/difference-lines.ts'
import { printableLine } from '../report/printable.ts'
import { count, listed } from '../report/words.ts'
import { coloured } from './failure.ts'
import { recordedRuns, recordWords, tellUnreadable } from './history.ts'

const MOST_HOSTS = 5
const MOST_LINES = 20
const INDENT = ' '.repeat(18)
const kinds: readonly MoveKind[] = ['failing', 'drifted', 'drifts otherwise', 'mended', 'appeared', 'vanished']

/** Prints what has become of each (host, task, item) from one recorded run to another. */
export async function compareRuns(before: string, after: string, output: 'terminal' | 'json'): Promise<void> {
  const runs = recordedRuns()
  const [then, now] = [findRecord(runs, before), findRecord(runs, after)]
  const comparison = compareRecords(await observationsIn(then), await observationsIn(now))
  const text = output === 'json' ? asJson(then, now, comparison) : asText(then, now, comparison)
  process.stdout.write(text)
}

async function observationsIn(entry: RecordEntry): Promise<Map<string, Observation>> {
  const { events, unreadable } = await readRecord(entry)
  tellUnreadable(entry, unreadable)
  return observationsOf(events)
}

function asJson(before: RecordEntry, after: RecordEntry, comparison: Comparison): string {
  const moves = comparison.moves.map(({ kind, before: then, after: now }) => {
    const { host, play, task, module, item } = subject({ kind, before: then, after: now })
    const side = (one: Observation | undefined) => one && { state: one.state, ...one.result, value: undefined }
    return { kind, host, play, task, module, item, before: side(then), after: side(now) }
  })
  return `${JSON.stringify({ before: before.id, after: after.id, ...comparison, moves }, undefined, 2)}\n`
}

function asText(before: RecordEntry, after: RecordEntry, { moves, same, onlyBefore, onlyAfter }: Comparison): string {
  const colours = coloursFor(coloured(process.stdout))
  const sums = kinds.flatMap((kind) => {
    const sum = moves.filter((move) => move.kind === kind).length
    return sum > 0 ? [`${sum} ${kind}`] : []
  })
  const only = [...onlyBefore, ...onlyAfter].length
  const lines = [
    `from ${recordWords(before)}`,
    `to   ${recordWords(after)}`,
    ...(before.start.sources === after.start.sources
      ? []
      : [colours.warned('playbook, inventory or files beside them are not the same in both')]),
    '',
    ...kinds.flatMap((kind) =>
      grouped(moves.filter((move) => move.kind === kind)).flatMap((group) => groupLines(group, colours)),
    ),
    ...hostsLine('only in the earlier', onlyBefore),
    ...hostsLine('only in the later', onlyAfter),
    ...(moves.length + only > 0 ? [''] : []),
    [...sums, `${same} as before`].join(', '),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function hostsLine(words: string, hosts: readonly string[]): string[] {
  return hosts.length === 0 ? [] : [printableLine(`${words}: ${listed(hosts, MOST_HOSTS)}`)]
}

/** Hosts with the same news share a line. */
function grouped(moves: readonly Move[]): Move[][] {
  const groups = new Map<string, Move[]>()
  for (const move of moves) {
    const { play, task, module, item } = subject(move)
    const key = JSON.stringify([
      play,
      task,
      module,
      item,
      move.after?.state,
      told(move).differences,
      told(move).failure,
    ])
    const group = groups.get(key)
    if (group) group.push(move)
    else groups.set(key, [move])
  }
  return [...groups.values()]
}

function groupLines(group: readonly Move[], colours: Colours): string[] {
  const [first] = group
  if (!first) return []
  const { task, item } = subject(first)
  const hosts = group.map((move) => subject(move).host)
  const who = hosts.length > MOST_HOSTS + 1 ? count(hosts.length, 'host') : hosts.join(', ')
  const name = printableLine(item === undefined ? task : `${task} (${item})`)
  const paint = { mended: colours.good, failing: colours.bad, vanished: colours.dim, appeared: colours.place }
  const word = (paint as Partial<Record<MoveKind, Colours['good']>>)[first.kind] ?? colours.changed
  const { differences, failure } = told(first)
  const details = [
    ...differences.flatMap((difference) => differenceLines(difference, { colours, most: MOST_LINES })),
    ...(failure ? [printableLine(failure.message)] : []),
  ]
  return [
    `${word(first.kind.padEnd(INDENT.length))}${name} ${colours.dim(`[${printableLine(who)}]`)}`,
    ...details.map((line) => INDENT + line),
  ]
}

/** What is shown of a move: how it is now; of what was mended or has gone, how it was. */
function told(move: Move): Pick<Observation['result'], 'differences' | 'failure'> {
  const one = move.kind === 'mended' || move.kind === 'vanished' ? move.before : move.after
  return one?.result ?? { differences: [] }
}

function subject({ before, after }: Move): Observation {
  const one = after ?? before
  if (!one) throw new Error('a move is of something')
  return one
}
