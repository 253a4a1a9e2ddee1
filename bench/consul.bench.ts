import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
})

test('TLS as playbooks/consul-tls.yml turns it on', async () => {
  await cluster.reset()
  const folder = mkdtempSync(join(tmpdir(), 'consul-bench-'))
  await using watch = await cluster.watch()
  await cluster.untilWritten(watch, 60)
  const run = await cluster.run('playbooks/consul-tls.yml', { vars: { consul_ca_dir: join(folder, 'ca') } })
  rmSync(folder, { recursive: true })
  expect(run.failed).toEqual([])
  const recording = await watch.stop()
  columns.push({ title: 'consul-tls.yml', recording })
  expect(lostWrites(recording)).toEqual([])
})

test('a rolling restart by playbooks/consul-rolling-restart.yml', async () => {
  await using watch = await cluster.watch()
  await cluster.untilWritten(watch, 60)
  const run = await cluster.run('playbooks/consul-rolling-restart.yml')
  expect(run.failed).toEqual([])
  const recording = await watch.stop()
  columns.push({ title: 'rolling restart', recording })
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
