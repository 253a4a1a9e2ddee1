import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Event } from '../../engine/report/event.ts'
import { labCut, labHeal } from '../../lab/faults.ts'
import { type Cluster, freshCluster } from './consul/cluster.ts'
import { lostWrites } from './consul/invariants.ts'
import type { Watch } from './consul/watch.ts'
import { controllers } from './controller.ts'
import { files, out } from './play.ts'

const TLS = 'playbooks/consul-tls.yml'
const folder = mkdtempSync(join(tmpdir(), 'consul-faults-'))
afterAll(() => rmSync(folder, { recursive: true }))
const vars = { consul_ca_dir: join(folder, 'ca') }
const RELOADED = 'The server reads its configuration'

/** The rollout of TLS, hurt in each of its phases; each run goes on from where the one before was stopped. */
describe('a rollout that is hurt again and again', () => {
  const cluster: Cluster = freshCluster()
  let watch: Watch
  beforeAll(async () => {
    await cluster.build()
    watch = await cluster.watch()
    await cluster.untilWritten(watch, 20)
  })
  afterAll(() => watch?.[Symbol.asyncDispose]())

  const configuration = () =>
    Promise.all(cluster.servers.map((name) => out(name, 'sha256sum </etc/consul.d/config.json')))
  const reloaded = (changed: readonly string[]) => changed.filter((line) => line.endsWith(RELOADED))

  /** Does something once, when the task has ended on so many hosts. */
  function when(task: string, count: number, work: () => Promise<unknown>) {
    let left = count
    let done: Promise<unknown> | undefined
    return {
      onEvent: (event: Event) => {
        if (event.type === 'task-result' && event.task.name === task && --left === 0) done = work()
      },
      ended: async () => await done,
    }
  }

  test('does not begin while a server is down', async () => {
    const [follower = ''] = await cluster.followers()
    const before = await configuration()
    await out(follower, 'systemctl stop consul || :')
    const run = await cluster.run(TLS, { vars })
    expect(run.failed.join('\n')).toMatch(/The cluster is well: /)
    expect(await configuration()).toEqual(before)
    await out(follower, 'systemctl start consul')
    await cluster.untilHealthy()
  })

  test('has put no configuration anywhere when a certificate finds no room', async () => {
    const before = await configuration()
    await out(
      'server2',
      'mkdir -p /etc/consul.d/ssl; mount -t tmpfs -o size=4k,nr_inodes=2 none /etc/consul.d/ssl; chgrp consul /etc/consul.d/ssl; chmod 750 /etc/consul.d/ssl',
    )
    const run = await cluster.run(TLS, { vars })
    await out('server2', 'umount /etc/consul.d/ssl')
    expect(run.failed.map((line) => line.split(':')[0])).toEqual(['server2'])
    expect(run.failed.join('\n')).toMatch(/space|room|inode/i)
    expect(await configuration()).toEqual(before)
  })

  test('stops at a server whose certificate is not that of its key, and keeps its services', async () => {
    const spoil = when('The certificate will do', cluster.members.length, () =>
      out(
        'server2',
        'openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=other -out /etc/consul.d/ssl/consul.cert 2>/dev/null',
      ),
    )
    const run = await cluster.run(TLS, { vars, onEvent: spoil.onEvent })
    await spoil.ended()
    expect(run.failed.join('\n')).toContain(`server2: ${RELOADED}: `)
    expect(reloaded(run.changed)).toEqual([`server1: ${RELOADED}`])
  })

  test('goes on after a controller that was killed', async () => {
    using at = files({})
    const start = controllers(at, cluster.lab.access)
    const { child, ended } = start('ann', [
      'run',
      TLS,
      '-i',
      cluster.inventory,
      '-e',
      `consul_ca_dir=${vars.consul_ca_dir}`,
      '--output',
      'jsonl',
    ])
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if ((said.match(new RegExp(`"task-result".*${RELOADED}`, 'g')) ?? []).length >= 4) child.kill('SIGKILL')
    })
    expect(await ended).toMatchObject({ code: 'SIGKILL' })
  })

  test('stops when the leader is cut off', async () => {
    const leader = await cluster.leader()
    const cut = when(RELOADED, 1, () => labCut(leader))
    const run = await cluster.run(TLS, { vars, onEvent: cut.onEvent })
    await cut.ended()
    await labHeal(leader)
    expect(run.failed).not.toEqual([])
    await cluster.untilHealthy()
    // A host that was cut off may not miss the connection for hours, and with it the lock.
    using at = files({})
    const start = controllers(at, cluster.lab.access)
    expect(await start('ann', ['unlock', leader, '-i', cluster.inventory]).ended).toMatchObject({ code: 0 })
  })

  test('is finished by the next run, and nothing that was acknowledged is lost', async () => {
    const run = await cluster.run(TLS, { vars })
    expect(run.failed).toEqual([])
    const clean = await cluster.check(TLS, { vars })
    expect({ failed: clean.failed, changed: clean.changed }).toEqual({ failed: [], changed: [] })
    expect(lostWrites(await watch.stop())).toEqual([])
  })
})
