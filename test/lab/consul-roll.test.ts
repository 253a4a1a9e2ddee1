import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CLUSTER_PLAYBOOK, freshCluster } from './consul/cluster.ts'
import { hastySteps } from './consul/invariants.ts'
import { expectUnhurt } from './consul/unhurt.ts'
import { out } from './play.ts'

const ROLL = 'playbooks/consul-rolling-restart.yml'
const cluster = freshCluster()
beforeAll(() => cluster.build())

const processes = () =>
  Promise.all(cluster.members.map(({ name }) => out(name, 'systemctl show -p MainPID,ExecMainStartTimestamp consul')))
const restarts = (changed: readonly string[]) => changed.filter((line) => / is restarted$/.test(line))

describe('a rolling restart', () => {
  test('is named by check, which restarts nothing', async () => {
    const before = await processes()
    const { failed, changed } = await cluster.check(ROLL)
    expect(failed).toEqual([])
    const servers = cluster.servers.map((name) => `${name}: The server is restarted`)
    expect(restarts(changed)).toEqual(['agent1: The client is restarted', ...servers])
    expect(await processes()).toEqual(before)
  })

  test('loses no write, and takes the leader last', async () => {
    const [leader, followers] = [await cluster.leader(), await cluster.followers()]
    await using watch = await cluster.watch()
    await cluster.untilWritten(watch, 20)
    const run = await cluster.run(ROLL)
    const recording = await watch.stop()
    expect(run.failed).toEqual([])
    const gates = run.events.flatMap((event) =>
      event.type === 'task-result' && event.task.module === 'consul-gate' && event.result.status === 'ok'
        ? [Date.parse(event.at)]
        : [],
    )
    expect(hastySteps(recording, gates)).toEqual([])
    // Who does not try again fails as long as there is no leader: two writers, 20 times a second, for five seconds at most.
    expectUnhurt(recording, { restarted: [...followers, leader, 'agent1'], maxWithoutRetry: 200 })
  })
})

describe('a roll stops at the first bad sign', () => {
  // What was broken is mended, and another roll finishes the job.
  afterEach(async () => {
    for (const name of cluster.servers)
      await out(name, 'rm -rf /run/systemd/system/consul.service.d; systemctl daemon-reload; systemctl start consul')
    await cluster.untilHealthy()
  })

  test('before it, when a server is down', async () => {
    const [follower = ''] = await cluster.followers()
    await out(follower, 'systemctl stop consul || :')
    const before = await processes()
    const run = await cluster.run(ROLL)
    expect(run.failed.join('\n')).toMatch(/The cluster is well: /)
    expect(await processes()).toEqual(before)
  })

  test('when a server does not come back, and the next run goes on from there', async () => {
    const [first = '', second = ''] = await cluster.followers()
    await out(
      second,
      `mkdir -p /run/systemd/system/consul.service.d
      printf '[Unit]\\nAssertPathExists=/none\\n' >/run/systemd/system/consul.service.d/x.conf; systemctl daemon-reload`,
    )
    await using watch = await cluster.watch()
    await cluster.untilWritten(watch, 20)
    const run = await cluster.run(ROLL)
    const recording = await watch.stop()
    expect(run.failed.join('\n')).toContain(`${second}: The server is restarted: `)
    expect(restarts(run.changed)).toEqual([`${first}: The server is restarted`])
    expectUnhurt(recording, { restarted: [first, `${second} (not back)`], maxChanges: 0, silent: [second] })
    await out(second, 'rm -rf /run/systemd/system/consul.service.d; systemctl daemon-reload; systemctl start consul')
    await cluster.untilHealthy()
    const again = await cluster.run(CLUSTER_PLAYBOOK)
    expect(again.failed).toEqual([])
    const left = cluster.servers.filter((name) => name !== first)
    expect(restarts(again.changed)).toEqual([
      'agent1: The client is restarted',
      ...left.map((name) => `${name}: The server is restarted`),
    ])
  })
})
