import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freshCluster } from '../lab/consul/cluster.ts'
import { CA_ON_SERVER, expectOver, ROTATE_PLAYBOOK, rotate, startTls, TLS_PLAYBOOK } from '../lab/consul/rotation.ts'
import { served } from '../lab/consul/served.ts'
import { expectUnhurt } from '../lab/consul/unhurt.ts'
import { files, out } from '../lab/play.ts'

vi.setConfig({ testTimeout: 24 * 3600_000 })
const cluster = freshCluster()
beforeAll(() => cluster.build())
const addresses = cluster.members.filter(({ role }) => role === 'server').map(({ address }) => address)
const shown = () => Promise.all(addresses.map((address) => served(address)))
const serials = async () => (await shown()).map(({ serial }) => serial)
const ofMembers = (name: string) =>
  Promise.all(cluster.members.map((member) => out(member.name, `cat /etc/consul.d/ssl/${name}`)))

describe('a CA on a server', () => {
  const own = CA_ON_SERVER
  beforeAll(() => startTls(cluster))
  const ca = () => out('server1', `cat ${own.consul_ca_dir}/ca.pem`)

  test('gives every member a key and a certificate of its own anew', async () => {
    const [oldKeys, oldSerials] = [await ofMembers('consul.key'), await serials()]
    const vars = { ...own, rotation: 'one' }
    expectUnhurt(await rotate(cluster, vars), { maxChanges: 0 })
    expect(new Set([...oldKeys, ...(await ofMembers('consul.key'))]).size).toBe(2 * cluster.members.length)
    const [now, signer] = [await shown(), await ca()]
    expect(now.filter(({ serial }) => oldSerials.includes(serial))).toEqual([])
    expect(now.every(({ isSignedBy }) => isSignedBy(signer))).toBe(true)
    await expectOver(cluster, vars, own)
  })

  test('makes a pair whole that was switched by half, on a server that does not start with it', async () => {
    const vars = { ...own, rotation: 'half' }
    const stop = new AbortController()
    await cluster.run(ROTATE_PLAYBOOK, {
      vars,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'task-started' && /^The cluster is well before/.test(event.task.name)) stop.abort()
      },
    })
    const [follower = ''] = await cluster.followers()
    await out(
      follower,
      `cd /etc/consul.d/ssl && cp -p consul.key consul.key.old && cp -p consul.cert consul.cert.old
      echo 'switching leaf half' >consul.cert.rotation && mv consul.key.next consul.key
      systemctl restart consul; until systemctl is-failed consul; do sleep 0.1; done; systemctl reset-failed consul`,
    )
    expect((await cluster.run(ROTATE_PLAYBOOK, { vars })).failed).toEqual([])
    await expectOver(cluster, vars, own)
  })

  test('has a new certificate for its key, and all that it has signed stays', async () => {
    const [oldCa, oldSerials] = [await ca(), await serials()]
    const vars = { ...own, rotation: 'one', consul_tls_rotate: 'ca-certificate', consul_ca_days: 3650 }
    expectUnhurt(await rotate(cluster, vars), { maxChanges: 0 })
    expect(await ca()).not.toBe(oldCa)
    expect(await serials()).toEqual(oldSerials)
    expect([...new Set(await ofMembers('ca.cert'))]).toEqual([await ca()])
    await expectOver(cluster, vars, own)
  })

  test('that was renewed by hand is brought to all members by the rollout of TLS', async () => {
    const sign = { kind: 'root', dir: own.consul_ca_dir, cn: 'Consul CA', days: 7300 }
    const task = { 'openssl-sign': { ...sign, renew: 'same-key', renew_before: 7299 } }
    using at = files({ 'renew.yml': JSON.stringify([{ hosts: 'server1', become: true, tasks: [task] }]) })
    const oldCa = await ca()
    expect((await cluster.run(at.path('renew.yml'))).failed).toEqual([])
    expect(await ca()).not.toBe(oldCa)
    const check = await cluster.check(TLS_PLAYBOOK, { vars: own })
    const run = await cluster.run(TLS_PLAYBOOK, { vars: own })
    expect({ failed: run.failed, changed: run.changed }).toEqual({ failed: [], changed: check.changed })
    expect(run.changed).toContain('server2: The server reads its configuration')
    expect([...new Set(await ofMembers('ca.cert'))]).toEqual([await ca()])
  })

  test('that is being changed is left alone by the rollout of TLS', async () => {
    await out('server1', `mkdir ${own.consul_ca_dir}.next`)
    try {
      const { failed, changed } = await cluster.run(TLS_PLAYBOOK, { vars: own })
      expect(failed.join('\n')).toContain('the CA is being changed')
      expect(changed).toEqual([])
    } finally {
      await out('server1', `rmdir ${own.consul_ca_dir}.next`)
    }
  })
})

describe('a CA on the controller', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rotate-consul-tls-'))
  const own = { consul_ca_dir: join(folder, 'ca') }
  beforeAll(async () => {
    await cluster.reset()
    expect((await cluster.run(TLS_PLAYBOOK, { vars: own })).failed).toEqual([])
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('that is compromised is replaced, all members restart in the end, the leader last, and no write is lost', async () => {
    const [leader, followers] = [await cluster.leader(), await cluster.followers()]
    const how = { consul_tls_rotate: 'ca', consul_ca_compromised: true, consul_old_ca: 'remove' }
    const vars = { ...own, ...how, rotation: 'one' }
    const recording = await rotate(cluster, vars)
    expectUnhurt(recording, { restarted: [...followers, leader, 'agent1'], maxWithoutRetry: 200 })
    expect(readdirSync(folder)).toEqual(['ca'])
    expect([...new Set(await ofMembers('ca.cert'))]).toEqual([
      readFileSync(join(folder, 'ca/ca.pem'), 'utf8').trimEnd(),
    ])
    await expectOver(cluster, vars, own)
  })
})
