import { expect, test } from 'vitest'
import { freshNodes, untilAllAlive } from './mattermost.ts'
import { expectForeseen, files, inventoryText, type Outcome, out, playOn } from './play.ts'

const nodes = [
  { name: 'rotate-mm1', address: '10.98.3.1', tunnel_id: 1 },
  { name: 'rotate-mm2', address: '10.98.3.2', tunnel_id: 2 },
]
const lab = freshNodes(nodes)
const KEY = '/var/lib/mm-tunnel/.ssh/id_ed25519'

async function play(mode: 'check' | 'run', playbook: string, rotation: string): Promise<Outcome> {
  const hosts = Object.fromEntries(nodes.map(({ name, address, tunnel_id }) => [name, { address, tunnel_id }]))
  using at = files({ 'inventory.yml': inventoryText(hosts, 'mattermost') })
  return await playOn({
    mode,
    playbook: `playbooks/${playbook}.yml`,
    inventory: at.path('inventory.yml'),
    access: lab.access,
    lockTimeoutMs: 120_000,
    vars: { rotation },
    tags: playbook === 'rotate-ssh-keys' ? ['service'] : [],
  })
}

const onEach = (script: string) => Promise.all(nodes.map(({ name }) => out(name, script)))
/** What each node trusts: options, and the key as its number among those of the nodes. */
const trusted = async (keys: readonly string[]) => {
  const texts = await onEach('cat /var/lib/mm-tunnel/.ssh/authorized_keys')
  return texts.map((text) => keys.reduce((rest, key, index) => rest.replaceAll(key, `key ${index}`), text))
}
const publicKeys = () => onEach(`cut -d ' ' -f 1,2 ${KEY}.pub`)

test('the keys of tunnels are replaced while the cluster stands, and its own playbook finds nothing to do', async () => {
  expect((await play('run', 'mattermost-tunnels', 'a')).failed).toEqual([])
  await untilAllAlive(nodes)
  const old = await publicKeys()
  const before = await trusted(old)

  const check = await play('check', 'rotate-ssh-keys', 'a')
  expect(check.failed).toEqual([])
  expect(await publicKeys()).toEqual(old)
  const run = await play('run', 'rotate-ssh-keys', 'a')
  expect(run.failed).toEqual([])
  expectForeseen(check, run)

  const next = await publicKeys()
  for (const key of old) expect(next).not.toContain(key)
  expect(await trusted(next)).toEqual(before)
  await untilAllAlive(nodes)
  const again = await play('run', 'rotate-ssh-keys', 'a')
  expect([...again.failed, ...again.changed]).toEqual([])
  const own = await play('check', 'mattermost-tunnels', 'a')
  expect([...own.failed, ...own.changed]).toEqual([])
})
