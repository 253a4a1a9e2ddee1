import { describe, expect, test } from 'vitest'
import { TaskFailure } from '../../engine/resource/module.ts'
import { ABSENT, fileOf, type PackageState } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { packages } from '../../modules/package.ts'

type Want = Parameters<typeof packages.plan>[0]

const NONE: PackageState = { installed: false, version: '', held: false, candidate: '' }
const ONE: PackageState = { installed: true, version: '1.0-1', held: false, candidate: '' }
const OLD: PackageState = { ...ONE, candidate: '2.0-1' }
const NEW: PackageState = { ...ONE, candidate: '1.0-1' }
const OFFERED: PackageState = { ...NONE, candidate: '2.0-1' }

function plan(want: Want, have: PackageState[], lists?: 'fresh' | 'stale', deb = fileOf('', { mode: 0o644 })) {
  const stdout = Buffer.from(`${lists}\n`)
  return packages.plan(want, {
    packages: have,
    deb: want.deb === undefined ? [] : [deb],
    lists: lists === undefined ? [] : [{ code: 0, stdout, stderr: Buffer.alloc(0) }],
  })
}

describe('package plans', () => {
  test.each<[string, Want, PackageState[], 'fresh' | 'stale' | undefined, string[]]>([
    ['nothing when it is there', { name: 'p' }, [ONE], undefined, []],
    ['to install what is not', { name: 'p' }, [NONE], undefined, ['install p: undefined to ‹known after apply›']],
    [
      'only what is missing',
      { name: ['p', 'q'] },
      [ONE, NONE],
      undefined,
      ['install q: undefined to ‹known after apply›'],
    ],
    [
      'all in one go',
      { name: ['p', 'q'] },
      [NONE, NONE],
      undefined,
      ['install p, q: undefined to ‹known after apply›, ‹known after apply›'],
    ],
    ['nothing when the version is there', { name: 'p=1.0-1' }, [ONE], undefined, []],
    ['another version', { name: 'p=1.1-1' }, [ONE], undefined, ['install p: 1.0-1 to 1.1-1']],
    ['nothing when a version of the pattern is there', { name: 'p=1.*' }, [ONE], undefined, []],
    ['a version of another pattern', { name: 'p=2.*' }, [ONE], undefined, ['install p: 1.0-1 to ‹known after apply›']],
    ['the newest', { name: 'p', state: 'latest' }, [OLD], undefined, ['install p: 1.0-1 to 2.0-1']],
    ['nothing when the newest is there', { name: 'p', state: 'latest' }, [NEW], undefined, []],
    ['nothing newer than what apt does not know', { name: 'p', state: 'latest' }, [ONE], undefined, []],
    [
      'nothing for a held one that could be newer',
      { name: 'p', state: 'latest' },
      [{ ...OLD, held: true }],
      undefined,
      [],
    ],
    ['to install the newest', { name: 'p', state: 'latest' }, [OFFERED], undefined, ['install p: undefined to 2.0-1']],
    ['to remove', { name: ['p', 'q'], state: 'absent' }, [ONE, NONE], undefined, ['remove p: 1.0-1 to undefined']],
    ['nothing when it is absent as asked', { name: 'p', state: 'absent' }, [NONE], undefined, []],
    ['no fresh lists when it is there', { name: 'p', update_cache: true }, [ONE], 'stale', []],
    [
      'fresh lists before installing',
      { name: 'p', update_cache: true },
      [NONE],
      'stale',
      ['refresh package lists: old to fetched', 'install p: undefined to ‹known after apply›'],
    ],
    [
      'no fresh lists when they are',
      { name: 'p', update_cache: true },
      [NONE],
      'fresh',
      ['install p: undefined to ‹known after apply›'],
    ],
    [
      'fresh lists to know the newest',
      { name: 'p', state: 'latest', update_cache: true },
      [NEW],
      'stale',
      ['refresh package lists: old to fetched', 'install p: 1.0-1 to ‹known after apply›'],
    ],
    ['nothing when lists and package are new', { name: 'p', state: 'latest', update_cache: true }, [NEW], 'fresh', []],
  ])('%s', (_, want, have, lists, changes) => {
    expect(
      plan(want, have, lists).changes.map(({ kind, what, from, to }) => `${kind} ${what}: ${from} to ${to}`),
    ).toEqual(changes)
  })

  test('that an installation may bring things along, and an upgrade or nothing does not', () => {
    expect(plan({ name: ['p', 'q'] }, [ONE, NONE]).brings).toBe('the package q')
    expect(plan({ name: 'p', state: 'latest' }, [OLD]).brings).toBeUndefined()
    expect(plan({ name: 'p' }, [ONE]).brings).toBeUndefined()
  })

  test('a file in place of the name', () => {
    const { changes } = plan({ name: 'p=1.0-1', deb: '/x.deb' }, [NONE])
    expect(changes.map((change) => 'words' in change && change.words)).toEqual([['/x.deb']])
    expect(plan({ name: 'p=1.0-1', deb: '/x.deb' }, [ONE], undefined, ABSENT).changes).toEqual([])
  })
})

describe('package foresees', () => {
  test('a version only where it is known', () => {
    const after = (want: Want, have: PackageState) => plan(want, [have]).after?.[0]?.state
    expect(after({ name: 'p' }, NONE)).toEqual({ installed: true, held: false })
    expect(after({ name: 'p=1' }, NONE)).toEqual({ installed: true, held: false, version: '1', candidate: '' })
    expect(after({ name: 'p', state: 'latest' }, OFFERED)).toMatchObject({ version: '2.0-1', candidate: '2.0-1' })
    expect(after({ name: 'p', state: 'absent' }, ONE)).toEqual({ installed: false, version: '', held: false })
  })

  test('and so in the result', () => {
    expect(plan({ name: ['p', 'q'] }, [ONE, NONE]).result).toEqual({ versions: { p: '1.0-1', q: expect.any(Unknown) } })
    expect(plan({ name: 'p' }, [{ ...ONE, version: '' }]).result).toEqual({ versions: { p: expect.any(Unknown) } })
  })

  test('lists that are fresh for the tasks that follow', () => {
    const lists = plan({ name: 'p', update_cache: true }, [NONE], 'stale').after?.at(-1)
    expect(lists?.read.key).toBe('raw:apt-lists:60')
    expect(lists?.state).toMatchObject({ stdout: Buffer.from('fresh\n') })
  })
})

describe('package fails in check mode already', () => {
  test.each<[string, Want, PackageState[], string]>([
    ['a held package in another version', { name: 'p=2' }, [{ ...ONE, held: true }], 'p is held in version 1.0-1'],
    ['removing a held package', { name: 'p', state: 'absent' }, [{ ...ONE, held: true }], 'p is held in version 1.0-1'],
    ['the newest of what apt does not know', { name: 'p', state: 'latest' }, [NONE], 'apt knows no package p'],
    ['a file that is absent', { name: 'p', deb: '/x.deb' }, [NONE], 'the package file /x.deb does not exist'],
    ['one file for two packages', { name: ['p', 'q'], deb: '/x.deb' }, [NONE, NONE], '/x.deb holds one package, not 2'],
  ])('for %s', (_, want, have, message) => {
    expect(() => plan(want, have, undefined, ABSENT)).toThrow(message)
    expect(() => plan(want, have, undefined, ABSENT)).toThrow(TaskFailure)
  })
})

test('apt is asked what it offers only where that matters', () => {
  const candidates = (want: Want) => packages.reads(want).packages.map(({ candidate }) => candidate)
  expect(candidates({ name: ['p', 'q=1'] })).toEqual([false, false])
  expect(candidates({ name: 'p', state: 'latest' })).toEqual([true])
})

test.each([
  [undefined, 'raw:apt-lists:60'],
  [60, 'raw:apt-lists:1'],
  [90, 'raw:apt-lists:2'],
])('lists that are good for %s seconds are %s', (seconds, key) => {
  const want = { name: 'p', update_cache: true, ...(seconds === undefined ? {} : { cache_valid_time: seconds }) }
  expect(packages.reads(want).lists.map((read) => read.key)).toEqual([key])
})
