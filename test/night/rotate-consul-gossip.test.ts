import { beforeAll, expect, test } from 'vitest'
import { freshCluster } from '../lab/consul/cluster.ts'
import { GOSSIP_PLAYBOOK } from '../lab/consul/rollouts.ts'
import { out } from '../lab/play.ts'

const KEYRING = '/var/lib/consul/serf/local.keyring'

const cluster = freshCluster()
const vars = { rotation: 'one' }
const [client = ''] = cluster.clients
/** The keyring of a member before its keys were changed. */
let before: string

beforeAll(async () => {
  await cluster.build()
  before = await out(client, `cat ${KEYRING}`)
  expect((await cluster.run(GOSSIP_PLAYBOOK, { vars })).failed).toEqual([])
})

test('keys that have come to no disk are written down, and check names that alone', async () => {
  await out(client, `cp -p ${KEYRING} /run/written; echo '${before}' | tee ${KEYRING}`)
  const check = await cluster.check(GOSSIP_PLAYBOOK, { vars })
  const run = await cluster.run(GOSSIP_PLAYBOOK, { vars })
  const changed = [`${cluster.servers[0]}: Members write down the keys that they have`]
  for (const outcome of [check, run]) expect(outcome).toMatchObject({ failed: [], changed, perhaps: [] })
  await out(client, `cmp ${KEYRING} /run/written`)
  expect(await cluster.run(GOSSIP_PLAYBOOK, { vars })).toMatchObject({ failed: [], changed: [] })
})

test('a member that starts again joins with the new key', async () => {
  await out(client, 'systemctl restart consul')
  await cluster.untilHealthy()
})

test('a member that starts with the old key alone does not join, and one that has lost its state does', async () => {
  await out(client, `systemctl stop consul; echo '${before}' >${KEYRING}; systemctl start consul`)
  await out(client, `until journalctl -u consul --no-pager -o cat | grep -q 'could decrypt'; do sleep 0.1; done`)
  await out(client, `systemctl stop consul; rm ${KEYRING}; systemctl start consul`)
  await cluster.untilHealthy()
})
