import { expect, test } from 'vitest'
import { progressTeller } from '../../engine/execution/progress.ts'
import type { Event, TaskRef } from '../../engine/report/event.ts'

const task: TaskRef = {
  ...{ id: 't', name: 't', module: 'copy', play: 'p', handler: false },
  place: { file: 'f', line: 1, column: 1 },
}

test('a file that takes its time is told of once a second, and a hundred times at most', () => {
  const events: Event[] = []
  let time = 0
  const tell = progressTeller({ emit: (event) => events.push(event), now: () => new Date(time) }, task)
  const job = { host: { name: 'web1' }, item: undefined } as never
  for (let sent = 0; sent <= 5000; sent++, time += 100) tell?.(job, sent, 5000)
  const told = events.flatMap((event) => (event.type === 'task-progress' ? [event] : []))
  expect(told).toHaveLength(100)
  expect(told[0]).toEqual({
    ...{ type: 'task-progress', at: new Date(5000).toISOString(), task, host: 'web1', sent: 50, size: 5000 },
  })
  const gaps = told.slice(1).map(({ at }, index) => Date.parse(at) - Date.parse(told[index]?.at ?? ''))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000)
})

test('a file that has come within a second is not told of', () => {
  const events: Event[] = []
  const tell = progressTeller({ emit: (event) => events.push(event), now: () => new Date(0) }, task)
  for (const sent of [0, 1, 2]) tell?.({ host: { name: 'web1' }, item: undefined } as never, sent, 2)
  expect(events).toEqual([])
})
