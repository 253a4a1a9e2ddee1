import { expect, test } from 'vitest'
import { toldOnce } from '../../../modules/systemd/unit-links.ts'

const LINKING: ReadonlySet<string> = new Set(['enable', 'disable', 'unmask'])

test.each([
  [
    ['write', 'reload', 'enable', 'start'],
    ['write', 'enable later', 'reload', 'start'],
  ],
  [
    ['enable', 'start'],
    ['enable', 'start'],
  ],
  [
    ['unmask', 'enable'],
    ['unmask later', 'enable'],
  ],
  [
    ['disable', 'stop'],
    ['disable', 'stop'],
  ],
  [
    ['write', 'reload', 'enable', 'restart', 'enable', 'start'],
    ['write', 'enable later', 'enable later', 'reload', 'restart', 'start'],
  ],
  [
    ['reload', 'restart'],
    ['reload', 'restart'],
  ],
  [[], []],
])('of %j systemd is told once, before anything starts or stops', (kinds, expected) => {
  const changes = kinds.map((kind) => ({ kind, what: 'x.service', from: '', to: '' }))
  const told = toldOnce<(typeof changes)[number] & { isToldLater?: boolean }>(changes, LINKING)
  expect(told.map(({ kind, isToldLater }) => (isToldLater ? `${kind} later` : kind))).toEqual(expected)
})
