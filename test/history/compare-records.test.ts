import { describe, expect, test } from 'vitest'
import { compareRecords } from '../../engine/history/compare-records.ts'
import { observationsOf } from '../../engine/history/observations.ts'
import type { Mode, Status } from '../../engine/report/event.ts'
import { checkOf } from './records.ts'

type Results = Record<string, Record<string, Status>>

function compare(before: Results, after: Results, modes: [Mode, Mode] = ['check', 'check']) {
  const seen = (results: Results, mode: Mode) => observationsOf(checkOf(results, mode))
  return compareRecords(seen(before, modes[0]), seen(after, modes[1]))
}

function moves(...args: Parameters<typeof compare>): string[] {
  return compare(...args).moves.map(({ kind, before, after }) => {
    const { host, task, item } = after ?? before ?? {}
    return `${kind}: ${host} ${task}${item === undefined ? '' : ` [${item}]`}`
  })
}

describe('comparing two records', () => {
  test.each<[string, Status, Status, string[]]>([
    ['nothing when both are clean', 'ok', 'ok', []],
    ['nothing when both are drifted alike', 'changed', 'changed', []],
    ['drift', 'ok', 'changed', ['drifted: web1 t']],
    ['drift that is known after apply', 'ok', 'known-after-apply', ['drifted: web1 t']],
    ['drift of what was skipped', 'skipped', 'changed', ['drifted: web1 t']],
    ['what was mended', 'changed', 'ok', ['mended: web1 t']],
    ['what failed and is well', 'failed', 'ok', ['mended: web1 t']],
    ['what fails', 'ok', 'failed', ['failing: web1 t']],
    ['nothing new in what failed and fails', 'failed', 'failed', []],
    ['drift in another way', 'changed', 'known-after-apply', ['drifts otherwise: web1 t']],
    ['nothing in what would run anyway', 'would-run', 'would-run', []],
    ['nothing in what is no longer asked for', 'changed', 'skipped', []],
  ])('tells %s', (_title, before, after, expected) => {
    expect(moves({ web1: { t: before, other: 'ok' } }, { web1: { t: after, other: 'ok' } })).toEqual(expected)
  })

  test('takes what a run has changed as clean from then on', () => {
    expect(moves({ web1: { t: 'changed' } }, { web1: { t: 'changed' } }, ['check', 'run'])).toEqual(['mended: web1 t'])
    expect(moves({ web1: { t: 'changed' } }, { web1: { t: 'changed' } }, ['run', 'check'])).toEqual(['drifted: web1 t'])
  })

  test('tells what appears and vanishes, items of a loop one by one', () => {
    const before: Results = { web1: { 't [a]': 'ok', 't [b]': 'ok' } }
    const after: Results = { web1: { 't [b]': 'ok', 't [c]': 'changed' } }
    expect(moves(before, after)).toEqual(['appeared: web1 t [c]', 'vanished: web1 t [a]'])
  })

  test('takes a handler that is not due as one without a state', () => {
    const [due, idle]: Results[] = [{ web1: { t: 'changed', handler: 'changed' } }, { web1: { t: 'ok' } }]
    expect(moves(due ?? {}, idle ?? {})).toEqual(['mended: web1 t'])
    expect(moves(idle ?? {}, due ?? {})).toEqual(['drifted: web1 t', 'drifted: web1 handler'])
  })

  test('tells of hosts that only one has looked at, and not of all their tasks', () => {
    const comparison = compare({ web1: { t: 'ok' }, web2: { t: 'ok' } }, { web1: { t: 'ok' }, web3: { t: 'ok' } })
    expect(comparison).toEqual({ moves: [], same: 1, onlyBefore: ['web2'], onlyAfter: ['web3'] })
  })

  test('takes a host that is no longer reached as failing, once', () => {
    const { moves: found, onlyBefore } = compare({ web1: { t: 'ok', u: 'ok' } }, { web1: { connect: 'unreachable' } })
    expect(found.map(({ kind, after }) => [kind, after?.task])).toEqual([['failing', 'connect']])
    expect(onlyBefore).toEqual(['web1'])
  })

  test('knows a task again after its lines have moved, and two that look alike by their order', () => {
    const twice = (first: Status, second: Status) =>
      observationsOf([
        ...checkOf({ web1: { t: first } }).slice(0, -1),
        ...checkOf({ web1: { t: second } }).map((event) =>
          event.type === 'task-result'
            ? { ...event, task: { ...event.task, id: 'moved', place: { file: 'site.yml', line: 99, column: 1 } } }
            : event,
        ),
      ])
    const found = compareRecords(twice('ok', 'changed'), twice('changed', 'changed')).moves
    expect(found.map(({ kind, after }) => [kind, after?.task])).toEqual([['drifted', 't']])
  })
})
