import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshCluster } from './consul/cluster.ts'
import { served } from './consul/served.ts'
import { expectUnhurt } from './consul/unhurt.ts'
import { expectForeseen, out } from './play.ts'

const TLS = 'playbooks/consul-tls.yml'
const ROTATE = 'playbooks/rotate-consul-tls.yml'
const folder = mkdtempSync(join(tmpdir(), 'rotate-consul-tls-'))
afterAll(() => rmSync(folder, { recursive: true }))
const own = { consul_ca_dir: join(folder, 'ca') }
const cluster = freshCluster()
const addresses = cluster.members.filter(({ role }) => role === 'server').map(({ address }) => address)

beforeAll(async () => {
  await cluster.build()
  expect((await cluster.run(TLS, { vars: own })).failed).toEqual([])
})

const ca = (name = 'ca') => readFileSync(join(folder, name, 'ca.pem'), 'utf8')
const inFile = (host: string, path: string) => out(host, `cat /etc/consul.d/ssl/${path}`)
const files = () => Promise.all(cluster.members.map(({ name }) => out(name, 'sha256sum /etc/consul.d/ssl/*')))
const keys = () => Promise.all(cluster.members.map(({ name }) => out(name, 'sha256sum </etc/consul.d/ssl/consul.key')))
const shown = () => Promise.all(addresses.map((address) => served(address)))
const serials = async () => (await shown()).map(({ serial }) => serial)

/** Rotates under writers: what check has named happens, no write fails, nobody restarts, the leader stays. */
async function rotate(vars: Record<string, unknown>): Promise<void> {
  const before = await files()
  const check = await cluster.check(ROTATE, { vars })
  expect({ failed: check.failed, perhaps: check.perhaps }).toEqual({ failed: [], perhaps: [] })
  expect(await files()).toEqual(before)
  await using watch = await cluster.watch()
  await cluster.untilWritten(watch, 20)
  const run = await cluster.run(ROTATE, { vars })
  await cluster.untilWritten(watch, (await cluster.written(watch)) + 20)
  const recording = await watch.stop()
  expect(run.failed).toEqual([])
  expect([...new Set(run.changed)]).toEqual([...new Set(check.changed)])
  expectForeseen(check, run)
  expectUnhurt(recording, { maxChanges: 0 })
}

/** Neither the same rotation nor the rollout of TLS has anything left to do. */
async function expectOver(vars: Record<string, unknown>): Promise<void> {
  for (const run of [await cluster.run(ROTATE, { vars }), await cluster.check(TLS, { vars: own })])
    expect({ failed: run.failed, changed: run.changed, perhaps: run.perhaps }).toEqual({
      failed: [],
      changed: [],
      perhaps: [],
    })
}

test('every member has a new key and a new certificate by the same CA', async () => {
  const [oldKeys, oldSerials] = [await keys(), await serials()]
  const vars = { ...own, rotation: 'one' }
  await rotate(vars)
  const [newKeys, now] = [await keys(), await shown()]
  expect(newKeys.filter((key) => oldKeys.includes(key))).toEqual([])
  expect(new Set(newKeys).size).toBe(cluster.members.length)
  expect(now.filter(({ serial }) => oldSerials.includes(serial))).toEqual([])
  expect(now.every(({ isSignedBy }) => isSignedBy(ca()))).toBe(true)
  await expectOver(vars)
})

test('the CA has a new certificate for its key, and all that it has signed stays', async () => {
  const [oldCa, oldSerials] = [ca(), await serials()]
  const vars = { ...own, rotation: 'one', consul_tls_rotate: 'ca-certificate', consul_ca_days: 3650 }
  await rotate(vars)
  expect(ca()).not.toBe(oldCa)
  expect(await serials()).toEqual(oldSerials)
  for (const { name } of cluster.members) expect(`${await inFile(name, 'ca.cert')}\n`).toBe(ca())
  await expectOver(vars)
})

describe('another CA', () => {
  const vars = { ...own, rotation: 'two', consul_tls_rotate: 'ca' }

  test('is trusted by nobody while a member is down', async () => {
    const before = await files()
    await out('agent1', 'systemctl stop consul')
    try {
      const run = await cluster.run(ROTATE, { vars })
      expect(run.failed.join('\n')).toContain('agent1: ')
    } finally {
      await out('agent1', 'systemctl start consul')
    }
    expect(await files()).toEqual(before)
    expect(existsSync(join(folder, 'ca.next'))).toBe(false)
    await cluster.untilHealthy()
  })

  test('is used by nobody when the run is stopped once all trust it, and nothing else goes on meanwhile', async () => {
    const oldSerials = await serials()
    const stop = new AbortController()
    await cluster.run(ROTATE, {
      vars,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'task-started' && event.task.name === 'The member has another key') stop.abort()
      },
    })
    const both = ca() + ca('ca.next')
    for (const { name } of cluster.members) expect(`${await inFile(name, 'ca.cert')}\n`).toBe(both)
    expect(await serials()).toEqual(oldSerials)
    const leaf = await cluster.run(ROTATE, { vars: { ...own, rotation: 'three' } })
    expect(leaf.failed.join('\n')).toContain('the change of the CA two is not over')
    const rollout = await cluster.run(TLS, { vars: own })
    expect(rollout.failed.join('\n')).toContain('the CA is being changed')
    expect([...leaf.changed, ...rollout.changed]).toEqual([])
  })

  test('takes over in the next run, also under the name of another month, and the old one is refused', async () => {
    const oldCa = ca()
    const [cert, key] = [await inFile('server1', 'consul.cert'), await inFile('server1', 'consul.key')]
    expect((await served(addresses[1] ?? '', { cert, key })).isAccepted).toBe(true)
    await rotate({ ...vars, rotation: 'three' })
    const now = await shown()
    expect(ca()).not.toBe(oldCa)
    expect(now.every(({ isSignedBy }) => isSignedBy(ca()))).toBe(true)
    expect(now.some(({ isSignedBy }) => isSignedBy(oldCa))).toBe(false)
    const tries = await Promise.all(addresses.map((address) => served(address, { cert, key })))
    expect(tries.map(({ isAccepted }) => isAccepted)).toEqual(addresses.map(() => false))
    for (const { name } of cluster.members) expect(`${await inFile(name, 'ca.cert')}\n`).toBe(ca())
    expect(ca('ca.before-two')).toBe(oldCa)
    await expectOver(vars)
  })
})
