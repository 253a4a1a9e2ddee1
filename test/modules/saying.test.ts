import { expect, test } from 'vitest'
import { assert } from '../../modules/assert.ts'
import { debug } from '../../modules/debug.ts'
import { fail } from '../../modules/fail.ts'

test.each([
  ['holds', [true], undefined],
  ['holds when nothing is asked', [], undefined],
  ['fails for what is false', [true, false], 'e1 is false'],
  [
    'fails for all that is not true',
    [false, 0, ''],
    'e0 is false; e1 is 0, neither true nor false; e2 is "", neither true nor false',
  ],
  [
    'fails for what is nearly true',
    [1, 'true'],
    'e0 is 1, neither true nor false; e1 is "true", neither true nor false',
  ],
  ['fails for null', [null], 'e0 is null, neither true nor false'],
])('assert %s', (_, values, failure) => {
  const that = values.map((value, index) => ({ expression: `e${index}`, value }))
  expect(assert.decide({ that }, {})).toEqual(
    failure === undefined ? { due: false, result: {} } : { due: false, failure },
  )
})

test('assert says its own message, and why', () => {
  expect(assert.decide({ that: [{ expression: 'a == b', value: false }], msg: 'they differ' }, {})).toEqual({
    due: false,
    failure: 'they differ',
    hint: 'a == b is false',
  })
})

test('fail fails', () => {
  expect(fail.decide({ msg: 'too old', hint: 'upgrade' }, {})).toEqual({
    due: false,
    failure: 'too old',
    hint: 'upgrade',
  })
  expect(fail.decide({}, {})).toMatchObject({ failure: 'the playbook asked to fail here' })
})

test.each([
  [{ msg: 'a\nb' }, 'a\nb'],
  [{ msg: 0 }, 0],
  [{ msg: ['a', null] }, ['a', null]],
  [{ var: [{ expression: 'x.y', value: 0 }] }, { 'x.y': 0 }],
  [{ var: [{ expression: 'x', value: null }] }, { x: null }],
  [{}, ''],
])('debug of %j shows %j', (args, msg) => {
  expect(debug.decide(args, {})).toEqual({ due: false, result: { msg } })
})
