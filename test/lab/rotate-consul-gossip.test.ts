import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RemoteHost } from '../../engine/remote/host.ts'
import { labExec } from '../../lab/exec.ts'
import { until } from '../../lab/wait.ts'
import { CLUSTER_PLAYBOOK, freshCluster } from './consul/cluster.ts'
import { expectUnhurt } from './consul/unhurt.ts'
import type { Watch } from './consul/watch.ts'
import { type Outcome, out } from './play.ts'

const GOSSIP = 'playbooks/rotate-consul-gossip.yml'
const INSTALLED = 'Every member has the next key beside the old one'
const USED = 'Every member seals with the next key'
const WRITTEN = 'Its configuration names the next key'
const REMOVED = 'No member has another key'
const FILE = '/etc/consul.d/config.json'
const KEYRING = '/var/lib/consul/serf/local.keyring'

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

describe('a member that goes down', () => {
  const vars = { rotation: 'three' }
  let old: string
  beforeAll(async () => {
    old = await madeKey('two')
  })

  test.each([
    { phase: 'before it', task: 'The rotation is for all members', lost: 'The cluster is well' },
    { phase: 'when the key is installed', task: INSTALLED, lost: USED },
    { phase: 'when the key is used', task: USED, lost: REMOVED },
  ])('$phase keeps the old key there', async ({ task, lost }) => {
    let down: Promise<unknown> | undefined
    const run = await cluster.run(GOSSIP, {
      vars,
      onEvent: (event) => {
        if (event.type === 'task-result' && event.task.name === task) down ??= takeDown()
      },
      around: (_, remote) => after(() => down, remote),
    })
    expect(run.failed.join('\n')).toMatch(new RegExp(`: ${lost}: .*\\b${client}\\b|^${client}: ${lost}: `, 'm'))
    for (const { Keys, NumNodes } of await rings()) expect(Keys[old]).toBe(NumNodes)
    await out(client, 'systemctl start consul')
    await cluster.untilHealthy()
  })

  test('does not keep the next run from finishing, once it is back', async () => {
    expect((await cluster.run(GOSSIP, { vars })).failed).toEqual([])
    await expectOnly(await madeKey(vars.rotation))
  })

  /** Rounds wait for what is under way. */
  const after = (underWay: () => Promise<unknown> | undefined, remote: RemoteHost): RemoteHost => ({
    ...remote,
    get way() {
      return remote.way
    },
    round: async (work) => {
      await underWay()
      return await remote.round(work)
    },
  })

  /** A member dies, and the others know it. */
  async function takeDown() {
    await out(client, 'systemctl kill --signal=KILL consul; systemctl stop consul')
    await untilStatus(4)
  }
})

test('a member that starts again joins with the new key, from its state or its configuration, and not with an old one', async () => {
  await out(client, 'systemctl restart consul')
  await cluster.untilHealthy()
  await out(client, `systemctl stop consul; printf '["${begun}"]' >${KEYRING}; systemctl start consul`)
  await out(client, `until journalctl -u consul --no-pager -o cat | grep -q 'could decrypt'; do sleep 0.1; done`)
  await out(client, `systemctl stop consul; rm ${KEYRING}; systemctl start consul`)
  await cluster.untilHealthy()
})

/** A server says so of the client in the gossip: 1 for alive, 4 for failed. */
const untilStatus = (status: number) =>
  until(`the gossip tells ${status} of ${client}`, async () => {
    const members = await cluster.ask<{ Name: string; Status: number }[]>(first, '/v1/agent/members')
    return members?.find(({ Name }) => Name === client)?.Status === status
  })
