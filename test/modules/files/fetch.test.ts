import { describe, expect, test } from 'vitest'
import { ABSENT, fileOf } from '../../../engine/resource/read.ts'
import { fetch } from '../../../modules/files/fetch.ts'

const file = fileOf('x', { mode: 0o640 })

describe('where a file is kept', () => {
  test.each([
    [{ src: '/etc/hosts', dest: 'kept' }, 'kept/mm1/etc/hosts'],
    [{ src: '/etc/hosts', dest: 'kept/' }, 'kept/mm1/etc/hosts'],
    [{ src: '/etc/hosts', dest: 'kept/mm1-hosts', flat: true }, 'kept/mm1-hosts'],
    [{ src: '/etc/hosts', dest: 'kept/', flat: true }, 'kept/hosts'],
  ])('%j', (args, path) => {
    expect(fetch.keep?.(args, { file }, 'mm1').path).toBe(path)
  })

  test('is open to others only when the file is on its host', () => {
    const args = { src: '/etc/x', dest: 'kept' }
    expect(fetch.keep?.(args, { file }, 'mm1').mode).toBe(0o600)
    expect(fetch.keep?.(args, { file: fileOf('', { mode: 0o644 }) }, 'mm1')).toMatchObject({
      content: Buffer.alloc(0),
      mode: 0o644,
    })
  })
})

test.each([
  ['a file', '/etc/x', file, { due: true, what: 'brings /etc/x' }],
  ['nothing', '/etc/x', ABSENT, { due: false, failure: '/etc/x does not exist' }],
  ['a link', '/etc/x', { ...ABSENT, type: 'link' as const }, { due: false, failure: '/etc/x is a link, not a file' }],
  ['a way out of the folder', '/etc/../../x', file, { due: false, failure: '/etc/../../x leads upwards' }],
])('decides about %s', (_, src, have, decision) => {
  expect(fetch.decide({ src, dest: 'kept' }, { file: have })).toMatchObject(decision)
})

test('a file that is absent is no failure when that is said', () => {
  const decision = fetch.decide({ src: '/etc/x', dest: 'kept', fail_on_missing: false }, { file: ABSENT })
  expect(decision).toEqual({ due: false, result: { src: '/etc/x' } })
})
