import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshCluster } from './consul/cluster.ts'
import * as judge from './consul/invariants.ts'
import { outages, outagesOfLeader } from './consul/spans.ts'
import { expectUnhurt } from './consul/unhurt.ts'
import { out } from './play.ts'

const TLS = 'playbooks/consul-tls.yml'
const folder = mkdtempSync(join(tmpdir(), 'consul-ca-'))
afterAll(() => rmSync(folder, { recursive: true }))
const vars = { consul_ca_dir: join(folder, 'ca') }
const cluster = freshCluster()
beforeAll(() => cluster.build())

const processes = () =>
  Promise.all(cluster.members.map(({ name }) => out(name, 'systemctl show -p MainPID,ExecMainStartTimestamp consul')))

/** Rolls out under writers, until long after; nothing is in clear on the wire once it is done. */
async function rollOut(given: Record<string, unknown>) {
  await using watch = await cluster.watch()
  await cluster.untilWritten(watch, 20)
  const { failed, changed } = await cluster.run(TLS, { vars: given })
  expect(failed).toEqual([])
  const wire = await cluster.capture()
  await cluster.untilWritten(watch, (await cluster.written(watch)) + 40)
  const packets = await wire.stop()
  const recording = await watch.stop()
  expect(judge.packetsInClear(packets, watch.prefix)).toEqual([])
  return { changed, recording }
}

describe('TLS for a cluster at work, by reload', () => {
  let named: string[]

  test('is named by check, which touches nothing', async () => {
    const before = await processes()
    const { failed, changed } = await cluster.check(TLS, { vars })
    expect(failed).toEqual([])
    expect(await processes()).toEqual(before)
    expect(changed).toContain('server2: The server reads its configuration')
    expect(changed.filter((line) => / is (to be )?restarted$/.test(line))).toEqual([])
    named = changed
  })

  test('loses no write, keeps the leader, and leaves nothing in clear on the wire', async () => {
    const { changed, recording } = await rollOut(vars)
    // Each of the two that do not try again may be hit by a cut.
    expectUnhurt(recording, { maxChanges: 0, maxOutside: 6 })
    expect([...new Set(changed)].sort()).toEqual([...new Set(named)].sort())
  })

  test('a second run changes nothing and restarts nothing', async () => {
    const before = await processes()
    const [again, clean] = [await cluster.run(TLS, { vars }), await cluster.check(TLS, { vars })]
    expect({ failed: again.failed, changed: again.changed }).toEqual({ failed: [], changed: [] })
    expect({ failed: clean.failed, changed: clean.changed, perhaps: clean.perhaps }).toEqual({
      failed: [],
      changed: [],
      perhaps: [],
    })
    expect(await processes()).toEqual(before)
  })
})

test('a controller that has another CA changes nothing', async () => {
  const before = await out('server1', 'sha256sum /etc/consul.d/ssl/*')
  const run = await cluster.run(TLS, { vars: { consul_ca_dir: join(folder, 'other') } })
  expect(run.failed.join('\n')).toContain('the member trusts another CA than the one in')
  expect(await out('server1', 'sha256sum /etc/consul.d/ssl/*')).toBe(before)
})

describe('TLS by restart', () => {
  beforeAll(() => cluster.reset())

  test('takes the leader last in both of its passes, and loses no write', async () => {
    const { recording } = await rollOut({ ...vars, consul_tls_method: 'restart' })
    const restarted = judge.restarted(recording)
    expectUnhurt(recording, { restarted, maxChanges: 2, maxWithoutRetry: 400 })
    expect(restarted.toSorted()).toEqual(cluster.members.flatMap(({ name }) => [name, name]).sort())
    const ofServers = outages(recording).filter(({ member }) => cluster.servers.includes(member))
    const lastOfEach = [ofServers[cluster.servers.length - 1], ofServers.at(-1)]
    expect(outagesOfLeader(recording)).toEqual(lastOfEach)
  })
})
