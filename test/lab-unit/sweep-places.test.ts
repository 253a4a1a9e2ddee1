import { expect, test } from 'vitest'
import type { Mark } from '../lab/cut-rounds.ts'
import { cutsOf, killsOf, together } from '../lab/sweep-places.ts'

/** Both ends of a round. */
const round = (host: string, number: number, acts: boolean): Mark[] =>
  [false, true].map((isOver) => ({ host, round: number, acts, isOver }))

/** Both hosts are looked at, `one` is acted on, and `two` is looked at again. */
const TRACE: Mark[] = [
  'line',
  ...round('one', 1, false),
  ...round('two', 1, false),
  'line',
  ...round('one', 2, true),
  'line',
  ...round('two', 2, false),
  'line',
  ...round('two', 3, false),
]

test('a kill before and one after what acts on a host stand for all', () => {
  const { all, states } = killsOf(TRACE)
  expect(all.map((place) => place.kind === 'kill' && place.event)).toEqual([1, 2, 3, 4])
  expect(states).toEqual([
    { kind: 'kill', event: 2 },
    { kind: 'kill', event: 4 },
  ])
})

test('a host is cut off once in each state of all hosts, and after each round that acts', () => {
  const { all, states } = cutsOf(TRACE, ['one', 'two'], { hasPowerLoss: true })
  expect(all).toHaveLength(5 * 3)
  const at = (host: number, round: number, moment: string) => ({ kind: 'cut', host, round, moment })
  expect(states).toEqual([
    at(0, 1, 'before'),
    at(0, 2, 'after'),
    at(0, 1, 'without power'),
    at(1, 1, 'before'),
    at(1, 2, 'before'),
    at(1, 1, 'without power'),
    at(1, 2, 'without power'),
  ])
})

test('without losses of power there are none, and nothing is lost in adding up', () => {
  const cuts = cutsOf(TRACE, ['two'])
  expect(cuts.all).toHaveLength(3 * 2)
  expect(together(killsOf(TRACE), cuts).states).toHaveLength(2 + 2)
})
