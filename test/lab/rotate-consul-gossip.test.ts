import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { labExec } from '../../lab/exec.ts'
import { until } from '../../lab/wait.ts'
import { CLUSTER_PLAYBOOK, freshCluster } from './consul/cluster.ts'
import { GOSSIP_PLAYBOOK as GOSSIP } from './consul/rollouts.ts'
import { expectUnhurt } from './consul/unhurt.ts'
import type { Watch } from './consul/watch.ts'
import { meanwhile } from './meanwhile.ts'
import { type Outcome, out } from './play.ts'

const INSTALLED = 'Every member has the next key beside the old one'
const USED = 'Every member seals with the next key'
const WRITTEN = 'Its configuration names the next key'
const REMOVED = 'No member has another key'
const FILE = '/etc/consul.d/config.json'

const cluster = freshCluster()
let watch: Watch
/** The key that the cluster has begun with. */
let begun: string
beforeAll(async () => {
  await cluster.build()
  begun = Object.keys((await rings())[0]?.Keys ?? {})[0] ?? ''
  watch = await cluster.watch()
  await cluster.untilWritten(watch, 20)
})
afterAll(() => watch?.[Symbol.asyncDispose]())

interface Ring {
  Keys: Record<string, number>
  PrimaryKeys: Record<string, number>
  NumNodes: number
}

const names = cluster.members.map(({ name }) => name)
const [first = ''] = cluster.servers
const [client = ''] = cluster.clients
const quiet = { failed: [], changed: [], perhaps: [] }
const rings = async () => (await cluster.ask<Ring[]>(first, '/v1/operator/keyring')) ?? []
const madeKey = (rotation: string) => out(first, `cat /var/lib/consul-gossip/${rotation}.key`)
const onEach = (script: string) => Promise.all(names.map((name) => out(name, script)))
const filesOfKeys = () => onEach(`sha256sum ${FILE} /var/lib/consul/serf/*.keyring; ls -A /var/lib`)
const outcome = ({ failed, changed, perhaps }: Outcome) => ({ failed, changed, perhaps })
/** What a rotation changes: each of these on each host that is named. */
const steps = (...tasks: string[]) =>
  tasks
    .flatMap((task) => (task === WRITTEN ? names.map((name) => `${name}: ${task} [${FILE}]`) : [`${first}: ${task}`]))
    .sort()

/** The key is the only one in every pool, in the running members and on their disks. */
async function expectOnly(key: string) {
  const counts = [cluster.servers.length, names.length]
  const have = (await rings()).map(({ Keys, PrimaryKeys, NumNodes }) => [Keys, PrimaryKeys, NumNodes])
  have.sort(([, , one], [, , other]) => Number(one) - Number(other))
  expect(have).toEqual(counts.map((count) => [{ [key]: count }, { [key]: count }, count]))
  const disk = await onEach(`for ring in /var/lib/consul/serf/*.keyring; do tr -d '\\n ' <"$ring"; done; cat ${FILE}`)
  for (const [index, text] of disk.entries()) {
    const expected = cluster.servers.includes(names[index] ?? '') ? [key, key] : [key]
    expect(text.slice(0, text.indexOf('{'))).toBe(expected.map((one) => `["${one}"]`).join(''))
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({ encrypt: key, datacenter: 'nyc2' })
  }
}

/** Neither a key nor a good part of it is in what a run has said, or in what Consul has. */
async function expectUnseen(keys: readonly string[], ...runs: readonly Outcome[]) {
  const parts = keys.map((key) => key.slice(4, 24))
  const said = JSON.stringify(runs.map(({ events, results, mispredicted }) => [events, results, mispredicted]))
  expect(parts.filter((part) => said.includes(part))).toEqual([])
  const journals = await onEach('journalctl --no-pager -o cat')
  expect(parts.filter((part) => journals.some((text) => text.includes(part)))).toEqual([])
}

test('a new key is made, installed, used and written, and the old one goes; check names just that', async () => {
  const vars = { rotation: 'one' }
  const before = await filesOfKeys()
  const check = await cluster.check(GOSSIP, { vars })
  expect(outcome(check)).toEqual({
    ...quiet,
    changed: steps('Keys have a folder', 'The next key is there', INSTALLED, USED, WRITTEN, REMOVED),
  })
  expect(await filesOfKeys()).toEqual(before)
  const run = await cluster.run(GOSSIP, { vars })
  expect(outcome(run)).toEqual({ ...quiet, changed: check.changed })
  expect(run.mispredicted).toEqual([])
  const key = await madeKey('one')
  expect(key).not.toBe(begun)
  await expectOnly(key)
  await expectUnseen([key, begun], check, run)
  expect(await out(first, 'stat -c "%a %U" /var/lib/consul-gossip /var/lib/consul-gossip/one.key')).toBe(
    '700 root\n600 root',
  )
  expect(await onEach(`stat -c "%a %U:%G" ${FILE}`)).toEqual(names.map(() => '640 root:consul'))
})

test('afterwards nothing is left to do, by the playbook of the cluster neither', async () => {
  const before = await filesOfKeys()
  expect(outcome(await cluster.run(GOSSIP, { vars: { rotation: 'one' } }))).toEqual(quiet)
  const own = await cluster.run(CLUSTER_PLAYBOOK)
  expect(outcome(own)).toEqual(quiet)
  await expectUnseen([await madeKey('one')], own)
  expect(await filesOfKeys()).toEqual(before)
})

test('a value that was put back by hand is seen, and only that', async () => {
  const vars = { rotation: 'one' }
  const key = await madeKey('one')
  await out(client, `cp -p ${FILE} /run/x && sed "s,${key},${'A'.repeat(43)}=," /run/x >${FILE}`)
  const [check, run] = [await cluster.check(GOSSIP, { vars }), await cluster.run(GOSSIP, { vars })]
  const changed = [`${client}: ${WRITTEN} [${FILE}]`]
  expect([check, run].map(outcome)).toEqual(Array(2).fill({ ...quiet, changed }))
  await expectOnly(key)
})

test('a key of the operator is used as it is, and no process is given it in the open', async () => {
  const key = randomBytes(32).toString('base64')
  const old = await madeKey('one')
  const looked = [first, client]
  await Promise.all(looked.map((name) => startLooking(name, [key, old])))
  const vars = { gossip_key: key }
  const check = await cluster.check(GOSSIP, { vars })
  expect(outcome(check)).toEqual({
    ...quiet,
    changed: steps(INSTALLED, USED, WRITTEN, REMOVED, 'Earlier keys are forgotten [one.key]'),
  })
  const run = await cluster.run(GOSSIP, { vars })
  expect(outcome(run)).toEqual({ ...quiet, changed: check.changed })
  const ended = 'systemctl stop look; [ "$(wc -l </run/looks)" -gt 5 ] && wc -c </run/seen'
  expect(await Promise.all(looked.map((name) => out(name, ended)))).toEqual(['0', '0'])
  await expectOnly(key)
  await expectUnseen([key, old], check, run)
  expect(await out(first, 'ls -A /var/lib/consul-gossip')).toBe('')
})

/** Looks at every process of a host until it is told to stop. Patterns in a file: in its arguments it would find them. */
async function startLooking(host: string, keys: readonly string[]) {
  await labExec(host, ['tee', '/run/parts'], { input: keys.map((key) => `${key.slice(4, 24)}\n`).join('') })
  await labExec(host, ['tee', '/run/look'], {
    input: `: >/run/seen; while :; do
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -aoFf /run/parts >>/run/seen; echo >>/run/looks; done\n`,
  })
  await out(host, 'systemd-run -q --unit=look sh /run/look')
}

test('stopped in each phase, the next run goes on from what the cluster says', async () => {
  const vars = { rotation: 'two' }
  const runs: Outcome[] = []
  for (const task of [INSTALLED, USED, WRITTEN]) {
    const stop = new AbortController()
    const run = await cluster.run(GOSSIP, {
      vars,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'task-result' && event.task.name === task) stop.abort()
      },
    })
    runs.push(run)
    expect(run.changed.filter((line) => line.endsWith(REMOVED))).toEqual([])
    expect(Object.keys((await rings())[0]?.Keys ?? {}), task).toHaveLength(2)
  }
  const last = await cluster.run(GOSSIP, { vars })
  expect(outcome(last)).toEqual({ ...quiet, changed: steps(REMOVED) })
  const done = runs.flatMap(({ changed }) => changed).sort()
  expect(done).toEqual(steps('The next key is there', INSTALLED, USED, WRITTEN))
  const key = await madeKey('two')
  await expectOnly(key)
  await expectUnseen([key], ...runs, last)
})

test('all the while no write has failed, nobody but the leader has led, and the service was there', async () => {
  expectUnhurt(await watch.stop(), { maxChanges: 0, maxWithoutRetry: 0 })
})

test('a member that goes down when the key is installed keeps the old one there, until it is back', async () => {
  const [vars, old] = [{ rotation: 'three' }, await madeKey('two')]
  const run = await cluster.run(GOSSIP, { vars, ...meanwhile(INSTALLED, 'task-result', takeDown) })
  expect(run.failed.join('\n')).toMatch(new RegExp(`: ${USED}: .*\\b${client}\\b`))
  for (const { Keys, NumNodes } of await rings()) expect(Keys[old]).toBe(NumNodes)
  await out(client, 'systemctl start consul')
  await cluster.untilHealthy()
  expect((await cluster.run(GOSSIP, { vars })).failed).toEqual([])
  await expectOnly(await madeKey(vars.rotation))
})

/** A member dies, and the others know it: 4 is for failed in the gossip. */
async function takeDown() {
  await out(client, 'systemctl kill --signal=KILL consul; systemctl stop consul')
  await until(`the gossip tells that ${client} has failed`, async () => {
    const members = await cluster.ask<{ Name: string; Status: number }[]>(first, '/v1/agent/members')
    return members?.find(({ Name }) => Name === client)?.Status === 4
  })
}
