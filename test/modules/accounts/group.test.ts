import { describe, expect, test } from 'vitest'
import type { GroupState } from '../../../engine/resource/read.ts'
import { NO_GROUP } from '../../../engine/resource/read.ts'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { group } from '../../../modules/accounts/group.ts'

type Want = Omit<Parameters<typeof group.plan>[0], 'name'>

const THERE: GroupState = { present: true, gid: 4700, members: ['alice'] }

describe('group plans', () => {
  test.each<[string, Want, GroupState, string[]]>([
    ['nothing when it is there', {}, THERE, []],
    ['nothing when its number is', { gid: 4700 }, THERE, []],
    ['nothing when its number is zero', { gid: 0 }, { ...THERE, gid: 0 }, []],
    ['another number', { gid: 0 }, THERE, ['gid number of g: 4700 to 0']],
    ['to create it', {}, NO_GROUP, ['create g: undefined to present']],
    ['to create it with the number zero', { gid: 0 }, NO_GROUP, ['create g: undefined to present, number 0']],
    ['to remove it', { state: 'absent' }, THERE, ['remove g: present to undefined']],
    ['nothing when it is absent as asked', { state: 'absent' }, NO_GROUP, []],
  ])('%s', (_, want, have, changes) => {
    const plan = group.plan({ name: 'g', ...want }, { group: have })
    expect(plan.changes.map(({ kind, what, from, to }) => `${kind} ${what}: ${from} to ${to}`)).toEqual(changes)
  })
})

test('the number of a new group is known after apply, and that of one that is only foreseen too', () => {
  expect(group.plan({ name: 'g' }, { group: NO_GROUP }).result?.gid).toBeInstanceOf(Unknown)
  expect(group.plan({ name: 'g' }, { group: { ...THERE, gid: -1 } }).result?.gid).toBeInstanceOf(Unknown)
  expect(group.plan({ name: 'g', gid: 0 }, { group: NO_GROUP }).result?.gid).toBe(0)
})
