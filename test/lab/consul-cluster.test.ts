import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import { labExec } from '../../lab/exec.ts'
import { CLUSTER_PLAYBOOK, freshCluster } from './consul/cluster.ts'
import { tally } from './consul/figures.ts'
import { packetsInClear } from './consul/invariants.ts'
import { expectUnhurt } from './consul/unhurt.ts'
import { out } from './play.ts'

const cluster = freshCluster()

describe('a cluster of fresh hosts', () => {
  test('check names every change, touches nothing, and one run makes just those', async () => {
    const digests = () => Promise.all(['server1', 'agent1'].map((name) => labDigest(name)))
    const before = await digests()
    const check = await cluster.check(CLUSTER_PLAYBOOK)
    expect(check.failed).toEqual([])
    expect(await digests()).toEqual(before)
    const tasks = [
      'It has the key of the gossip',
      'It runs',
      'It starts when the host boots',
      'Its configuration is as asked for',
    ]
    const named = cluster.members.flatMap(({ name }) => tasks.map((task) => `${name}: ${task}`))
    expect(check.changed).toEqual(named.sort())
    const run = await cluster.run(CLUSTER_PLAYBOOK)
    expect(run.failed).toEqual([])
    expect(run.changed).toEqual(check.changed)
  })

  test('a second run changes nothing', async () => {
    const [again, clean] = [await cluster.run(CLUSTER_PLAYBOOK), await cluster.check(CLUSTER_PLAYBOOK)]
    expect({ failed: again.failed, changed: again.changed }).toEqual({ failed: [], changed: [] })
    expect({ failed: clean.failed, changed: clean.changed }).toEqual({ failed: [], changed: [] })
  })
})

test('the timer of docs/consul.md is one that systemd takes, and is due', async () => {
  const units = [...readFileSync('docs/consul.md', 'utf8').matchAll(/^```ini\n# (\S+)\n([\s\S]*?)^```/gm)]
  expect(units).toHaveLength(2)
  for (const [, path = '', text = ''] of units)
    await labExec('agent1', ['sh', '-c', 'cat >"$0"', path], { input: text })
  await out(
    'agent1',
    'mkdir -p /opt/lockstep && printf "#!/bin/sh\\n" >/opt/lockstep/run && chmod 755 /opt/lockstep/run',
  )
  expect(await out('agent1', 'systemd-analyze verify consul-restart.timer consul-restart.service 2>&1')).toBe('')
  await out('agent1', 'systemctl daemon-reload; systemctl start consul-restart.timer')
  expect(await out('agent1', 'systemctl list-timers --no-legend consul-restart.timer')).toMatch(
    /^Sun .* 04:00:00 .*consul-restart\.service$/,
  )
  await out('agent1', 'systemctl start consul-restart.service')
})

describe('once it is built', () => {
  beforeAll(() => cluster.build())

  test('all servers vote, and nobody else can read the key of the gossip', async () => {
    await cluster.untilHealthy()
    for (const { name } of cluster.members) {
      expect(await out(name, 'stat -c "%a %U:%G" /etc/consul.d/config.json'), name).toBe('640 root:consul')
      expect(await out(name, 'consul info | grep "encrypted"'), name).toMatch(/^(\s*encrypted = true\s*)+$/)
    }
  })

  test('it serves writers without a failure, in clear, and nothing is lost', async () => {
    await using watch = await cluster.watch()
    const wire = await cluster.capture()
    await cluster.untilWritten(watch, 60)
    const packets = await wire.stop()
    const recording = await watch.stop()
    expectUnhurt(recording, { maxChanges: 0, maxWithoutRetry: 0 })
    for (const { writer, written } of tally(recording)) expect(written, writer).toBeGreaterThanOrEqual(60)
    expect(packetsInClear(packets, watch.prefix)).not.toEqual([])
  })

  test('a changed setting restarts each member, and check names that', async () => {
    const vars = { consul_settings: { log_level: 'warn' } }
    const named = cluster.members.flatMap(({ name, role }) => [
      `${name}: Its configuration is as asked for`,
      `${name}: The ${role} is restarted`,
    ])
    const check = await cluster.check(CLUSTER_PLAYBOOK, { vars })
    expect(check.failed).toEqual([])
    expect(check.changed).toEqual(named.sort())
    const run = await cluster.run(CLUSTER_PLAYBOOK, { vars })
    expect(run.failed).toEqual([])
    expect(run.changed).toEqual(check.changed)
    await cluster.untilHealthy()
  })

  test('a client that would leave when it is stopped is in the catalog all the time', async () => {
    const leaving = { consul_settings: { leave_on_terminate: true, skip_leave_on_interrupt: false } }
    const there = await cluster.run(CLUSTER_PLAYBOOK, { vars: leaving, limit: 'agent1' })
    expect(there.failed).toEqual([])
    await using watch = await cluster.watch()
    await cluster.untilWritten(watch, 20)
    const back = await cluster.run(CLUSTER_PLAYBOOK, { limit: 'agent1' })
    const recording = await watch.stop()
    expect(back.failed).toEqual([])
    expect(back.changed).toContain('agent1: The client is restarted without leaving')
    expectUnhurt(recording, { restarted: ['agent1'], maxChanges: 0, maxWithoutRetry: 100 })
  })
})
