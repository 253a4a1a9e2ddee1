import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freshCluster } from '../lab/consul/cluster.ts'
import { CA_ON_SERVER, startTls } from '../lab/consul/rotation.ts'
import { served } from '../lab/consul/served.ts'
import { expectUnhurt } from '../lab/consul/unhurt.ts'
import { files, out } from '../lab/play.ts'

vi.setConfig({ testTimeout: 3600_000 })
const cluster = freshCluster()
const at = files({ 'made.txt': '' })
afterAll(() => at[Symbol.dispose]())

beforeAll(async () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'anna', '-f', at.path('anna')])
  await cluster.build()
  await startTls(cluster)
})

const gossip = () => out('server1', 'sha256sum </var/lib/consul/serf/local.keyring')
const fingerprints = async () =>
  (
    await Promise.all(cluster.members.filter(({ role }) => role === 'server').map(({ address }) => served(address)))
  ).map(({ serial }) => serial)

test('whoever leaves and could read the secrets of Consul leaves it with others, and no write is lost', async () => {
  const before = [await gossip(), ...(await fingerprints())]
  const { privateKeyFile } = cluster.lab.access
  const vars = {
    ...CA_ON_SERVER,
    ...{ person: 'anna', login_user: 'ops', login_key: privateKeyFile, break_glass_key: '' },
    offboard_folder: at.path('folder'),
    people: {
      anna: { keys: [readFileSync(at.path('anna.pub'), 'utf8').trim()], secrets: ['consul-gossip', 'consul-tls'] },
    },
  }
  const order = [...(await cluster.followers()), await cluster.leader(), ...cluster.clients]
  await using watch = await cluster.watch()
  await cluster.untilWritten(watch, 20)
  const { failed } = await cluster.run('playbooks/offboard.yml', { vars })
  expect(failed).toEqual([])
  await cluster.untilWritten(watch, (await cluster.written(watch)) + 40)
  expectUnhurt(await watch.stop(), { restarted: order, maxChanges: 1, maxWithoutRetry: 400 })
  const now = [await gossip(), ...(await fingerprints())]
  expect(now.filter((one) => before.includes(one))).toEqual([])
  const again = await cluster.run('playbooks/offboard.yml', { vars })
  expect({ failed: again.failed, changed: again.changed }).toEqual({ failed: [], changed: [] })
})
