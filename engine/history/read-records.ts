import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import type { Event } from '../report/event.ts'
import { count } from '../report/words.ts'
import { isEvent, isRecordEnd, isRecordStart } from './line-shape.ts'
import { RECORD_NAME, type RecordEnd, type RecordEntry, type RecordStart, type RunRecord } from './record.ts'

/** The records of a folder, newest first, and a sentence about each file that is none. */
export function listRecords(folder: string): { records: RecordEntry[]; skipped: string[] } {
  const records: RecordEntry[] = []
  const skipped: string[] = []
  for (const name of namesIn(folder).sort().reverse()) {
    const id = RECORD_NAME.exec(name)?.[1]
    const path = join(folder, name)
    if (id === undefined) {
      skipped.push(`${path} is no record of a run and is passed over`)
      continue
    }
    const found = headAndTail(path)
    if (typeof found === 'string') skipped.push(`${path} is passed over: ${found}`)
    else records.push({ id, path, ...found })
  }
  return { records, skipped }
}

/** The record that an id names: the whole id, a beginning that no other has, `latest`, or `latest~2` for the third from the end. */
export function findRecord(records: readonly RecordEntry[], id: string): RecordEntry {
  const back = /^latest(?:~(\d{1,6}))?$/.exec(id)
  const found = back ? records.slice(Number(back[1] ?? 0)).slice(0, 1) : records.filter((one) => one.id.startsWith(id))
  const [first, ...others] = found
  if (first && (others.length === 0 || first.id === id)) return first
  throw new Problem({
    code: 'NO_RECORD',
    message: first
      ? `${count(found.length, 'run')} have an id that begins with '${id}'`
      : `no run is recorded as '${id}'`,
    hint: first ? 'write more of it' : '`lockstep runs` lists what is recorded',
  })
}

/** Reads all of a record. */
export async function readRecord({ path, start }: RecordEntry): Promise<RunRecord> {
  const events: Event[] = []
  let end: RecordEnd | undefined
  let unreadable = 0
  for await (const line of linesOf(path)) {
    const value = parsed(line)
    if (isEvent(value)) events.push(value)
    else if (isRecordEnd(value)) end = value
    else if (value === undefined || !isKnownOtherwise(value)) unreadable++
  }
  return { start, events, end, unreadable }
}

/** The lines of a file, without their ends; the last one may be half. Nothing but a line feed ends a line. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: MEBIBYTE })) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  if (rest !== '') yield rest
}

const MEBIBYTE = 1024 * 1024

/** A line that a later version may write. */
function isKnownOtherwise(value: unknown): boolean {
  return typeof (value as { type?: unknown } | null)?.type === 'string'
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'ENOENT') return []
    throw new Problem({ code: 'NO_RECORD', message: `the history cannot be read: ${error.message}` })
  }
}

/** The first line and, when there is one, the end; or why it is no record. */
function headAndTail(path: string): { start: RecordStart; end: RecordEnd | undefined } | string {
  try {
    const { size } = statSync(path)
    const [first = ''] = partOf(path, 0, Math.min(size, 8 * MEBIBYTE)).split('\n', 1)
    const start = parsed(first)
    if (!isRecordStart(start)) return 'its first line does not say what was run'
    const from = Math.max(0, size - MEBIBYTE / 16)
    const last = parsed(
      partOf(path, from, size - from)
        .trimEnd()
        .split('\n')
        .at(-1) ?? '',
    )
    return { start, end: isRecordEnd(last) ? last : undefined }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return error.message
  }
}

function partOf(path: string, from: number, length: number): string {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    const read = readSync(file, bytes, 0, length, from)
    return bytes.toString('utf8', 0, read)
  } finally {
    closeSync(file)
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
