import { expect, test } from 'vitest'
import { observationsOf } from '../../engine/history/observations.ts'
import { SinceBook } from '../../engine/history/since.ts'
import type { Mode, Status } from '../../engine/report/event.ts'
import { checkOf, entryOf, startOf } from './records.ts'

/** `c` is a check and `r` a run, one an hour. */
function since(...records: ['c' | 'r', Status][]) {
  const book = new SinceBook()
  for (const [number, [kind, status]] of records.entries()) {
    const mode: Mode = kind === 'c' ? 'check' : 'run'
    book.take(entryOf(number, mode), observationsOf(checkOf({ web1: { t: status } }, mode)))
  }
  return book.all().map(({ isDrifted, isMended, first, before, times }) => {
    const hour = (id: string | undefined) => records.findIndex((_, number) => startOf(number).id === id)
    return `${isDrifted ? 'drifted' : 'clean'} since ${hour(first.id)}${isMended ? ' (mended)' : ''}, before ${hour(before?.id)}, ${times} times`
  })
}

test.each<[string, ['c' | 'r', Status][], string[]]>([
  ['nothing of what was never seen', [['c', 'failed']], []],
  [
    'clean from the first record on',
    [
      ['c', 'ok'],
      ['c', 'ok'],
    ],
    ['clean since 0, before -1, 2 times'],
  ],
  [
    'drifted from the first record on',
    [
      ['c', 'changed'],
      ['c', 'known-after-apply'],
    ],
    ['drifted since 0, before -1, 2 times'],
  ],
  [
    'drifted since the first record after the last clean one',
    [
      ['c', 'ok'],
      ['c', 'changed'],
      ['c', 'ok'],
      ['c', 'changed'],
      ['c', 'changed'],
    ],
    ['drifted since 3, before 2, 2 times'],
  ],
  [
    'drifted on, through records that could not see it',
    [
      ['c', 'ok'],
      ['c', 'changed'],
      ['c', 'unreachable'],
      ['c', 'skipped'],
      ['c', 'changed'],
    ],
    ['drifted since 1, before 0, 2 times'],
  ],
  [
    'clean since a run mended it',
    [
      ['c', 'changed'],
      ['r', 'changed'],
      ['c', 'ok'],
    ],
    ['clean since 1 (mended), before 0, 2 times'],
  ],
  [
    'clean since the later run, when no check saw what it mended',
    [
      ['r', 'changed'],
      ['c', 'ok'],
      ['r', 'changed'],
    ],
    ['clean since 2 (mended), before 1, 1 times'],
  ],
  [
    'drifted after a run has mended it',
    [
      ['r', 'changed'],
      ['c', 'changed'],
    ],
    ['drifted since 1, before 0, 1 times'],
  ],
  ['nothing of an action that would run', [['c', 'would-run']], []],
])('tells %s', (_title, records, expected) => expect(since(...records)).toEqual(expected))
