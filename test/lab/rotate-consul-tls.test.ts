import { beforeAll, describe, expect, test } from 'vitest'
import { freshCluster } from './consul/cluster.ts'
import { expectOver, CA_ON_SERVER as own, ROTATE_PLAYBOOK, rotate, startTls, tlsFiles } from './consul/rotation.ts'
import { served } from './consul/served.ts'
import { expectUnhurt } from './consul/unhurt.ts'
import { out } from './play.ts'

const cluster = freshCluster()
const addresses = cluster.members.filter(({ role }) => role === 'server').map(({ address }) => address)

beforeAll(async () => {
  await cluster.build()
  await startTls(cluster)
})

const ca = async (rest = '') => `${await out('server1', `cat ${own.consul_ca_dir}${rest}/ca.pem`)}\n`
const trusted = async () => {
  const texts = await Promise.all(cluster.members.map(({ name }) => out(name, 'cat /etc/consul.d/ssl/ca.cert')))
  return [...new Set(texts.map((text) => `${text}\n`))]
}
const shown = () => Promise.all(addresses.map((address) => served(address)))
const serials = async () => (await shown()).map(({ serial }) => serial)

describe('another CA', () => {
  const vars = { ...own, rotation: 'two', consul_tls_rotate: 'ca' }

  test('is trusted by nobody while a member is down', async () => {
    const before = await tlsFiles(cluster)
    await out('agent1', 'systemctl stop consul')
    try {
      const run = await cluster.run(ROTATE_PLAYBOOK, { vars })
      expect(run.failed.join('\n')).toContain('agent1: ')
    } finally {
      await out('agent1', 'systemctl start consul')
      await cluster.untilHealthy()
    }
    expect(await tlsFiles(cluster)).toEqual(before)
  })

  test('is used by nobody when the run is stopped once all trust it, and nothing else goes on meanwhile', async () => {
    const oldSerials = await serials()
    const stop = new AbortController()
    const stopped = await cluster.run(ROTATE_PLAYBOOK, {
      vars,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'task-started' && event.task.name === 'The member has another key') stop.abort()
      },
    })
    expect(stopped.failed).toEqual([])
    expect(await trusted()).toEqual([(await ca()) + (await ca('.next'))])
    expect(await serials()).toEqual(oldSerials)
    const leaf = await cluster.run(ROTATE_PLAYBOOK, { vars: { ...own, rotation: 'three' } })
    expect(leaf.failed.join('\n')).toContain('the change of the CA two is not over')
    expect(leaf.changed).toEqual([])
  })

  test('takes over in the next run, in another month too, and the old one is refused', async () => {
    const [oldCa, cert, key] = [
      await ca(),
      await out('server1', 'cat /etc/consul.d/ssl/consul.cert'),
      await out('server1', 'cat /etc/consul.d/ssl/consul.key'),
    ]
    const accepted = async () =>
      (await Promise.all(addresses.map((address) => served(address, { cert, key })))).map(
        ({ isAccepted }) => isAccepted,
      )
    expect(await accepted()).toEqual(addresses.map(() => true))
    expectUnhurt(await rotate(cluster, { ...vars, rotation: 'three' }), { maxChanges: 0 })
    expect(await accepted()).toEqual(addresses.map(() => false))
    const [now, newCa] = [await shown(), await ca()]
    expect(now.map(({ isSignedBy }) => [isSignedBy(newCa), isSignedBy(oldCa)])).toEqual(
      addresses.map(() => [true, false]),
    )
    expect(await trusted()).toEqual([newCa])
    expect(await ca('.before-two')).toBe(oldCa)
    await expectOver(cluster, vars, own)
  })
})
