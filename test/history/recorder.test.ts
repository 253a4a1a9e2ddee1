import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findRecord, listRecords, readRecord } from '../../engine/history/read-records.ts'
import { type RecordStart, recordId } from '../../engine/history/record.ts'
import { Recorder } from '../../engine/history/recorder.ts'

import type { Event } from '../../engine/report/event.ts'
import { replay } from '../../engine/report/replay.ts'
import { createTerminalReporter } from '../../engine/report/terminal.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { checkOf, startOf } from './records.ts'

const folder = mkdtempSync(join(tmpdir(), 'history-'))
afterAll(() => rmSync(folder, { recursive: true }))

function record(name: string, start: RecordStart, events: readonly Event[], end?: number): string {
  const at = join(folder, name)
  const recorder = new Recorder(at, start, (error) => expect.unreachable(error.message))
  for (const event of events) recorder.emit(event)
  if (end === undefined) recorder.close()
  else recorder.end({ type: 'record-finished', at: start.at, exitCode: end, outcome: 'no drift on 1 host' })
  return at
}

describe('a record', () => {
  test('is a file of its own that only its user may read, and gives back what was told', async () => {
    const events = checkOf({ web1: { 'the kernel forwards': 'changed' } })
    const at = record('one', startOf(1), events, 2)
    expect(statSync(at).mode & 0o777).toBe(0o700)
    const [entry] = listRecords(at).records
    if (!entry) throw new Error('there is a record')
    expect(statSync(entry.path).mode & 0o777).toBe(0o600)
    expect(entry).toMatchObject({ id: startOf(1).id, start: startOf(1), end: { exitCode: 2 } })
    expect(await readRecord(entry)).toEqual({ start: startOf(1), events, end: entry.end, unreadable: 0 })
  })

  test('told again reads as it did the first time', async () => {
    const events = checkOf({ web1: { 'the kernel forwards': 'changed' }, web2: { 'the kernel forwards': 'ok' } })
    const [entry] = listRecords(record('again', startOf(1), events, 2)).records
    const text = (all: readonly Event[]) => {
      let written = ''
      const output = { write: (part: string) => (written += part) }
      const style = {
        width: () => 80,
        height: () => 24,
        colour: false,
        live: false,
        verbosity: 1,
        wholeDifferences: false,
      }
      replay(all, createTerminalReporter({ output, ...style }))
      return written
    }
    expect(entry && text((await readRecord(entry)).events)).toBe(text(events))
    expect(text(events)).toContain('the kernel forwards')
  })

  test('is on the disk as soon as the turn is over, whatever becomes of the controller', async () => {
    const at = join(folder, 'soon')
    const recorder = new Recorder(at, startOf(1), (error) => expect.unreachable(error.message))
    for (const event of checkOf({ web1: { task: 'ok' } })) recorder.emit(event)
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    const [entry] = listRecords(at).records
    expect(entry?.end).toBeUndefined()
    expect(entry && (await readRecord(entry)).events.length).toBe(7)
    recorder.close()
  })

  test('that was cut off in the middle of a line gives what is whole', async () => {
    const events = checkOf({ web1: { task: 'ok' } })
    const at = record('torn', startOf(1), events)
    const path = join(at, `${startOf(1).id}.jsonl`)
    appendFileSync(path, '{"type":"task-result","at":"20')
    const [entry] = listRecords(at).records
    expect(entry?.end).toBeUndefined()
    expect(entry && (await readRecord(entry))).toMatchObject({ events, unreadable: 1 })
  })

  test('passes over events of later versions, and counts lines that are none', async () => {
    const at = record('odd', startOf(1), checkOf({}))
    const path = join(at, `${startOf(1).id}.jsonl`)
    const odd = ['{"type":"of-later","at":""}', '[]', 'null', '\u2028', '{"type":"task-result","at":"","host":7}', '']
    appendFileSync(path, odd.join('\n'))
    const [entry] = listRecords(at).records
    // The last is an event that lost its shape: no report could take it.
    expect(entry && (await readRecord(entry)).unreadable).toBe(3)
  })

  test('holds no secret', () => {
    const [event] = checkOf({ web1: { task: 'ok' } }).filter(({ type }) => type === 'task-result')
    if (event?.type !== 'task-result') throw new Error('there is a result')
    const value = { password: new Secret('hunter2') }
    const at = record('secret', startOf(1), [{ ...event, result: { ...event.result, value } }])
    expect(readFileSync(join(at, `${startOf(1).id}.jsonl`), 'utf8')).not.toContain('hunter2')
  })

  test('never replaces another', () => {
    const at = record('twice', startOf(1), [], 0)
    const before = readFileSync(join(at, `${startOf(1).id}.jsonl`), 'utf8')
    const errors: string[] = []
    new Recorder(at, startOf(1), (error) => errors.push(error.message)).close()
    expect(errors).toEqual([expect.stringMatching(/^EEXIST/)])
    expect(readFileSync(join(at, `${startOf(1).id}.jsonl`), 'utf8')).toBe(before)
  })

  test('that cannot be written is one complaint, and no more', () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    const errors: string[] = []
    const recorder = new Recorder(join(file, 'runs'), startOf(1), (error) => errors.push(error.message))
    for (const event of checkOf({ web1: { task: 'ok' } })) recorder.emit(event)
    recorder.end({ type: 'record-finished', at: '', exitCode: 0, outcome: '' })
    expect(errors).toEqual([expect.stringMatching(/^ENOTDIR/)])
  })
})

describe('a folder of records', () => {
  const at = record('many', startOf(1), [], 0)
  record('many', startOf(2), [])
  record('many', startOf(3), [], 2)
  writeFileSync(join(at, 'notes.txt'), 'mine')
  writeFileSync(join(at, `${startOf(4).id}.jsonl`), 'not json\n')
  mkdirSync(join(at, `${startOf(5).id}.jsonl`))

  test('lists them newest first, and says what it passes over', () => {
    const { records, skipped } = listRecords(at)
    expect(records.map(({ id, end }) => [id, end?.exitCode])).toEqual([
      [startOf(3).id, 2],
      [startOf(2).id, undefined],
      [startOf(1).id, 0],
    ])
    expect(skipped).toEqual([
      `${at}/notes.txt is no record of a run and is passed over`,
      `${at}/${startOf(5).id}.jsonl is passed over: EISDIR: illegal operation on a directory, read`,
      `${at}/${startOf(4).id}.jsonl is passed over: its first line does not say what was run`,
    ])
  })

  test('that is not there is empty', () => {
    expect(listRecords(join(folder, 'nowhere'))).toEqual({ records: [], skipped: [] })
  })

  test.each([
    ['latest', 3],
    ['latest~2', 1],
    [startOf(2).id, 2],
    [startOf(2).id.slice(0, -3), 2],
  ])('names one by %j', (id, number) => {
    expect(findRecord(listRecords(at).records, id).id).toBe(startOf(number).id)
  })

  test.each([
    ['2026', "3 runs have an id that begins with '2026'"],
    ['2025', "no run is recorded as '2025'"],
    ['latest~3', "no run is recorded as 'latest~3'"],
    ['', "3 runs have an id that begins with ''"],
  ])('does not name one by %j', (id, sentence) => {
    expect(() => findRecord(listRecords(at).records, id)).toThrow(sentence)
  })
})

test('ids sort as time does', () => {
  const ids = ['2026-01-02T03:04:05.006Z', '2026-01-02T03:04:05.060Z', '2026-11-02T00:00:00.000Z'].map((at) =>
    recordId(new Date(at), 'abcdef'),
  )
  expect(ids).toEqual(ids.toSorted())
  expect(ids[0]).toBe('20260102T030405.006Z-abcdef')
})
