import { observationsOf } from '../history/observations.ts'
import { readRecord } from '../history/read-records.ts'
import type { RecordEntry } from '../history/record.ts'
import { type Since, SinceBook } from '../history/since.ts'
import { Problem } from '../problem.ts'
import { coloursFor } from '../report/colours.ts'
import { differenceLines } from '../report/difference-lines.ts'
import { printableLine } from '../report/printable.ts'
import { count } from '../report/words.ts'
import { coloured } from './failure.ts'
import { recordedRuns, recordWords, tellUnreadable, timeWords } from './history.ts'

export interface SinceFlags {
  playbook?: string[]
  output: 'terminal' | 'json'
}

const INDENT = ' '.repeat(9)
const MOST_LINES = 20

/** Prints since when tasks of a host are as they are: those that have drifted, or those whose name has a text in it. */
export async function showSince(host: string, task: string | undefined, flags: SinceFlags): Promise<void> {
  const runs = recordedRuns({ ...flags, host: [host] })
  if (runs.length === 0) {
    const hint = '`lockstep runs` lists what is recorded'
    throw new Problem({ code: 'NO_RECORD', message: `no recorded run had to do with ${host}`, hint })
  }
  const book = new SinceBook()
  for (const entry of runs.toReversed()) {
    const { events, unreadable } = await readRecord(entry)
    tellUnreadable(entry, unreadable)
    book.take(
      entry,
      observationsOf(events, (name) => name === host),
    )
  }
  const wanted = book
    .all()
    .filter(({ latest, isDrifted }) =>
      task === undefined ? isDrifted : latest.task.toLowerCase().includes(task.toLowerCase()),
    )
  process.stdout.write(flags.output === 'json' ? asJson(wanted) : asText(wanted, host, task, runs.length))
}

function asJson(wanted: readonly Since[]): string {
  const all = wanted.map(({ latest, isDrifted, isMended, first, before, seen, times }) => {
    const { host, play, task, module, item, result } = latest
    const subject = { host, play, task, module, item }
    return {
      ...subject,
      isDrifted,
      since: first.start.at,
      run: first.id,
      isMended,
      before: before?.id,
      times,
      seen: seen.id,
      differences: result.differences,
    }
  })
  return `${JSON.stringify(all, undefined, 2)}\n`
}

function asText(wanted: readonly Since[], host: string, task: string | undefined, records: number): string {
  if (wanted.length === 0) {
    const what = task === undefined ? 'nothing is drifted' : `no task has '${task}' in its name`
    return `${printableLine(`${what} on ${host}, as far as ${count(records, 'recorded run')} can tell`)}\n`
  }
  return wanted.flatMap(lines).join('')
}

function lines({ latest, isDrifted, isMended, first, before, seen: last, times }: Since): string[] {
  const colours = coloursFor(coloured(process.stdout))
  const word = (isDrifted ? 'drifted' : 'clean').padEnd(INDENT.length)
  const name = printableLine(latest.item === undefined ? latest.task : `${latest.task} (${latest.item})`)
  const since = isMended ? `since the ${recordWords(first)} mended it` : `since the ${recordWords(first)}`
  const earlier = before ? `before that seen ${timeWords(before.start.at)} (${before.id})` : 'not seen before'
  const seen = `${since} (${first.id}), seen so ${timesWords(times, last)}; ${earlier}`
  const differences = isDrifted ? latest.result.differences : []
  return [
    `${isDrifted ? colours.changed(word) : colours.good(word)}${name}`,
    INDENT + seen,
    ...differences
      .flatMap((difference) => differenceLines(difference, { colours, most: MOST_LINES }))
      .map((line) => INDENT + line),
  ].map((line) => `${line}\n`)
}

function timesWords(times: number, last: RecordEntry): string {
  return times === 1 ? 'once' : `${times} times until ${timeWords(last.start.at)}`
}
