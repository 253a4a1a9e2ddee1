import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf, type RawState } from '../../engine/resource/read.ts'
import { guarded, guardReads } from '../../modules/guards.ts'

const there = fileOf('', { mode: 0o644 })
const broken: FileState = { ...ABSENT, type: 'link', target: '/nowhere' }
const ended = (code: number): RawState => ({ code, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) })

describe('a command', () => {
  test.each([
    ['without a guard is due', {}, {}, true],
    ['that creates what is there is not', { creates: '/a' }, { creates: there }, false],
    ['that creates what is there as a broken link is not', { creates: '/a' }, { creates: broken }, false],
    ['that creates what is absent is due', { creates: '/a' }, { creates: ABSENT }, true],
    ['that removes what is there is due', { removes: '/a' }, { removes: there }, true],
    ['that removes what is absent is not', { removes: '/a' }, { removes: ABSENT }, false],
    ['is not due when `unless` holds', { unless: 'x' }, { unless: ended(0) }, false],
    ['is due when `unless` does not hold', { unless: 'x' }, { unless: ended(1) }, true],
    ['is due when the program of `unless` is missing', { unless: 'x' }, { unless: ended(127) }, true],
    ['is due when `only_if` holds', { only_if: 'x' }, { onlyIf: ended(0) }, true],
    ['is not due when `only_if` does not hold', { only_if: 'x' }, { onlyIf: ended(1) }, false],
    ['needs all of its guards', { creates: '/a', only_if: 'x' }, { creates: ABSENT, onlyIf: ended(1) }, false],
  ])('%s', (_, args, have, due) => {
    expect(guarded('runs it', args, have).due).toBe(due)
  })

  test('says which guard asks for it', () => {
    expect(guarded('runs it', { creates: '/a', unless: 'test x' }, { creates: ABSENT, unless: ended(1) })).toEqual({
      due: true,
      what: 'runs it, since /a does not exist and `test x` does not hold',
    })
  })

  test('that is not due has the result of one that had nothing to say', () => {
    expect(guarded('runs it', { creates: '/a' }, { creates: there })).toEqual({
      due: false,
      result: { rc: 0, stdout: '', stderr: '', stdout_lines: [] },
    })
  })
})

test('only guards that are given are looked at', () => {
  expect(Object.keys(guardReads({}))).toEqual([])
  expect(Object.keys(guardReads({ chdir: '/tmp' }))).toEqual([])
  expect(Object.keys(guardReads({ creates: '/a', only_if: 'x' }))).toEqual(['creates', 'onlyIf'])
})

test('a guard in another folder is another look', () => {
  const key = (chdir?: string) => guardReads({ unless: 'x', ...(chdir ? { chdir } : {}) }).unless?.key
  expect(key('/a')).not.toBe(key('/b'))
  expect(key('/a')).toBe(key('/a'))
})
