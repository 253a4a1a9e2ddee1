import { beforeAll, expect, test } from 'vitest'
import { freshCluster } from '../lab/consul/cluster.ts'
import { GOSSIP_PLAYBOOK } from '../lab/consul/rollouts.ts'
import { out } from '../lab/play.ts'

const KEYRING = '/var/lib/consul/serf/local.keyring'

const cluster = freshCluster()
const [client = ''] = cluster.clients
/** The keyring of a member before its keys were changed. */
let before: string

beforeAll(async () => {
  await cluster.build()
  before = await out(client, `cat ${KEYRING}`)
  expect((await cluster.run(GOSSIP_PLAYBOOK)).failed).toEqual([])
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
