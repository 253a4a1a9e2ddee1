import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newIdentity, sealAge } from '../../engine/language/encrypted/age.ts'
import type { Event } from '../../engine/report/event.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { type Access, buildDenying } from './consul/access.ts'
import { freshCluster } from './consul/cluster.ts'
import { expectUnhurt } from './consul/unhurt.ts'
import { type Controller, controllers } from './controller.ts'
import { files, out } from './play.ts'
import { watchProcesses } from './watched-processes.ts'

const ROLL = 'playbooks/consul-rolling-restart.yml'
const TLS = 'playbooks/consul-tls.yml'
const https = { consul_http_addr: 'https://127.0.0.1:8501' }

const at = files({})
afterAll(() => at[Symbol.dispose]())
const authority = { consul_ca_dir: at.path('ca') }
const cluster = freshCluster()
let access: Access
let as: Controller

beforeAll(async () => {
  access = await buildDenying(cluster)
  as = controllers(at, cluster.lab.access)
})

test('without a token, and with one that may too little, a run ends at once, and names the right that it takes', async () => {
  const nobody = await cluster.check(ROLL)
  const lacking =
    'The cluster is well: the agent here does not tell how it is: it answered 403: that takes a valid token with agent:read'
  expect(nobody.failed.sort()).toEqual(cluster.members.map(({ name }) => `${name}: ${lacking}`).sort())
  const run = await cluster.run(TLS, { vars: { ...authority, consul_token: new Secret(access.rolling) } })
  const [first = ''] = run.failed
  expect(first).toMatch(
    /: no snapshot was to be had of http:\/\/127\.0\.0\.1:8500: it answered 403: that takes a valid token with acl:write$/,
  )
})

test('TLS is turned on with a token of the rules of docs/consul.md, which shows nowhere', async () => {
  const { identity, recipient } = await newIdentity()
  writeFileSync(at.path('identity.txt'), identity, { mode: 0o600 })
  const values = Buffer.from(`consul_token: ${access.turning}\n`)
  writeFileSync(at.path('token.yml.age'), await sealAge(values, { recipients: [recipient] }))
  mkdirSync(at.path('kept'))
  const given = ['-e', `@${at.path('token.yml.age')}`, '--identity', at.path('identity.txt'), '-i', cluster.inventory]
  const command = async (name: string, word: string, ...more: string[]) => {
    const reports = ['html', 'json', 'sarif', 'xml', 'md'].flatMap((kind) => [
      '--report',
      at.path(`kept/${name}.${kind}`),
    ])
    const words = [word, TLS, ...given, '-e', `consul_ca_dir=${at.path('ca')}`, '-vvv', '--output', 'jsonl']
    const { code, said } = await as('ann', [...words, ...reports, ...more]).ended
    return { code, said, changed: changedIn(said) }
  }

  const watches = await Promise.all(['server1', 'agent1'].map((name) => watchProcesses(name, 20)))
  const check = await command('check', 'check', '--save', at.path('kept/plan.json'))
  const run = await command('run', 'run')
  const again = await command('again', 'run', '-e', `consul_http_addr=${https.consul_http_addr}`)
  const watched = await Promise.all(watches.map((watch) => watch.end()))

  const ends = [check, run, again].map(({ code, said }) => ({ code, ...(code === 1 ? { said } : {}) }))
  expect(ends).toEqual([{ code: 2 }, { code: 0 }, { code: 0 }])
  expect(run.changed).toContain('server2: The server reads its configuration')
  expect(run.changed).toEqual(check.changed)
  expect(again.changed).toEqual([])

  const traces = tracesOf(access.turning)
  for (const { said } of [check, run, again]) expect(traces.filter((trace) => said.includes(trace))).toEqual([])
  for (const text of watched) {
    expect(text).toContain('curl\n-q\n-K\n-\n')
    expect(traces.filter((trace) => text.includes(trace))).toEqual([])
  }
  const patterns = traces.flatMap((trace) => ['-e', trace])
  const places = '/etc /root /home /tmp /run /var/tmp /var/log /var/lib/lockstep'
  for (const { name } of cluster.members) {
    // Consul itself keeps all tokens in its own state.
    const found = await out(name, `grep -rlaF ${patterns.join(' ')} ${places} 2>/dev/null || :`)
    expect([name, found]).toEqual([name, ''])
    expect(await out(name, `journalctl --no-pager -o export | grep -caF ${patterns.join(' ')} || :`)).toBe('0')
  }
  expect(filesWith(traces, at.path('.'))).toEqual([])
})

test('a rolling restart over https, with a token of the rules of docs/consul.md, loses no write', async () => {
  const vars = { ...https, consul_token: new Secret(access.rolling) }
  const check = await cluster.check(ROLL, { vars })
  expect(check.failed).toEqual([])
  const [leader, followers] = [await cluster.leader(), await cluster.followers()]
  await using watch = await cluster.watch({ token: access.observer })
  await cluster.untilWritten(watch, 20)
  const run = await cluster.run(ROLL, { vars })
  const recording = await watch.stop()
  expect(run.failed).toEqual([])
  expect(run.changed).toEqual(check.changed)
  expectUnhurt(recording, { restarted: [...followers, leader, 'agent1'], maxWithoutRetry: 200 })
})

/** `host: task` of all that changed, or would. */
function changedIn(lines: string): string[] {
  const events = lines.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Event] : []))
  const names = events.flatMap((event) =>
    event.type === 'task-result' && ['changed', 'known-after-apply', 'would-run'].includes(event.result.status)
      ? [`${event.host}: ${event.task.name}`]
      : [],
  )
  return [...new Set(names)].sort()
}

/** A token as it is, and as it would be in Base64 wherever it begins, and in hexadecimal digits. */
function tracesOf(token: string): string[] {
  const inBase64 = [0, 1, 2].map((before) =>
    Buffer.from(`${'x'.repeat(before)}${token}`)
      .toString('base64')
      .slice(4, 24),
  )
  return [token, ...inBase64, Buffer.from(token).toString('hex')]
}

function filesWith(traces: readonly string[], folder: string): string[] {
  const patterns = traces.flatMap((trace) => ['-e', trace])
  const found = execFileSync('sh', ['-c', 'grep -rlaF "$@" || :', 'grep', ...patterns, folder], { encoding: 'utf8' })
  return found.split('\n').filter((name) => name !== '')
}
