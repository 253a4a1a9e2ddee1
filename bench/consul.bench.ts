import { beforeAll, expect, test } from 'vitest'
import { freshCluster } from '../test/lab/consul/cluster.ts'
import { leaderlessMs, tally } from '../test/lab/consul/figures.ts'
import { lostWrites } from '../test/lab/consul/invariants.ts'
import type { Recording } from '../test/lab/consul/recording.ts'
import { followTheGuide, makeGuidesCertificates } from './consul-guide.ts'

const cluster = freshCluster()
const columns: { title: string; recording: Recording }[] = []

beforeAll(() => cluster.build())

test('TLS as the guide turns it on', async () => {
  await makeGuidesCertificates(cluster)
  await using watch = await cluster.watch()
  await cluster.untilWritten(watch, 60)
  await followTheGuide(cluster)
  // For those that began to wait while the last member was away.
  await cluster.untilHealthy()
  const recording = await watch.stop()
  columns.push({ title: 'the guide', recording })
  expect(lostWrites(recording)).toEqual([])
  process.stdout.write(`${table()}\n`)
})

/** Side by side: failed of all writes, by how the client writes, and the longest time without a leader. */
function table(): string {
  const writers = columns[0]?.recording.writers.map(({ name }) => name) ?? []
  const rows = [
    ['failed writes', ...columns.map(({ title }) => title)],
    ...writers.map((name) => [name, ...columns.map(({ recording }) => cell(recording, name))]),
    ['longest without a leader', ...columns.map(({ recording }) => `${leaderlessMs(recording)} ms`)],
  ]
  return rows
    .map((row) =>
      row
        .map((text) => text.padEnd(28))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}

function cell(recording: Recording, name: string): string {
  const { failed = 0, written = 0 } = tally(recording).find(({ writer }) => writer === name) ?? {}
  return `${failed} of ${written}`
}
