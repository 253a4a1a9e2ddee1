import { beforeAll, describe, expect, test } from 'vitest'
import { labExec } from '../../lab/exec.ts'
import { labFreeze, labThaw } from '../../lab/faults.ts'
import { GOSSIP_KEY, makeCertificates, TLS_FOLDER } from './consul-agent.ts'
import { files, freshHosts, inventoryText, type Outcome, out, playOn } from './play.ts'

const hosts = [1, 2, 3].map((number) => ({
  name: `cmod${number}`,
  address: `192.0.2.10${number}`,
  suite: 'bullseye' as const,
  packages: ['consul'],
}))
const names = hosts.map(({ name }) => name)
const lab = freshHosts(hosts)
const NEW_KEY = '4sCzFKWEpUYnGvzyUIrBoBB2SSkKWnVDBYwlSsTRHOQ='

/** Three servers with gossip encryption and without TLS, as they are before a roll. */
beforeAll(async () => {
  await Promise.all(hosts.map(start))
  await settled('well', { voters: 3, caught_up: true }, names)
})

async function start({ name, address }: { name: string; address: string }): Promise<void> {
  const config = {
    ...{ server: true, bootstrap_expect: 3, bind_addr: address, datacenter: 'nyc2', data_dir: '/var/lib/consul' },
    ...{ retry_join: hosts.map((host) => host.address), retry_interval: '1s', performance: { raft_multiplier: 1 } },
    ...{
      disable_update_check: true,
      encrypt: GOSSIP_KEY,
      autopilot: { server_stabilization_time: '1s', cleanup_dead_servers: false },
    },
    service: { name: 'shop', port: 80 },
  }
  await out(
    name,
    `mkdir -p /etc/consul.d; cat >/etc/consul.d/config.json <<'END'\n${JSON.stringify(config)}\nEND\nsystemctl start consul`,
  )
}

/** Keys come from variables, as they should: the source of a playbook is no secret. */
const vars = { new_key: NEW_KEY, old_key: GOSSIP_KEY }

async function play(mode: 'check' | 'run', on: readonly string[], ...tasks: object[]): Promise<Outcome> {
  using at = files({
    'play.yml': JSON.stringify([{ hosts: on.join(':'), become: true, tasks }]),
    'inventory.yml': inventoryText(Object.fromEntries(hosts.map(({ name, address }) => [name, { address }]))),
  })
  const { access } = lab
  return await playOn({ playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access, mode, vars })
}

/** Asks the gate until it says so. */
async function settled(verdict: string, gate: object, on: readonly string[]): Promise<void> {
  const until = verdict === 'well' ? 'gate.passed' : `gate.verdict == "${verdict}"`
  const task = {
    'consul-gate': { polls: 1, ...gate },
    register: 'gate',
    until,
    retries: 120,
    delay: 0.5,
    failed_when: '!gate.passed && size(gate.verdict) == 0',
  }
  expect((await play('run', on, task)).failed).toEqual([])
}

const sentence = ({ failed }: Outcome) => failed.map((line) => line.split('\n')[0]?.replace(/^[^:]+: [^:]+: /, ''))
const gate = { name: 'gate', 'consul-gate': { voters: 3, caught_up: true, polls: 1 } }
const canary = { name: 'canary', 'consul-canary': {} }

describe('the gate', () => {
  test('lets through what is well, with two looks and a canary on each member, and a check writes nothing', async () => {
    const look = { name: 'gate', 'consul-gate': { voters: 3, caught_up: true } }
    const check = await play('check', names, look, canary)
    expect(check.failed).toEqual([])
    expect(check.results.filter(({ task }) => task === 'canary').map(({ status }) => status)).toEqual(
      Array(3).fill('deferred'),
    )
    const run = await play('run', names, look, canary)
    expect([...run.failed, ...run.changed]).toEqual([])
    expect(await out('cmod1', 'curl -s http://127.0.0.1:8500/v1/kv/lockstep/?keys')).toBe('')
  })

  test('stops for too many voters asked for, for the wrong role and for a process that is the same', async () => {
    const asks = [{ voters: 5 }, { role: 'client' }, { voters: 3, restarted_since: '{{before.process}}' }]
    const tasks = asks.map((args, index) => ({
      name: `gate ${index}`,
      'consul-gate': { polls: 1, ...args },
      ignore_errors: true,
    }))
    const run = await play('run', ['cmod1'], { ...gate, register: 'before' }, ...tasks)
    expect(run.results.map(({ failure }) => failure?.message)).toEqual([
      undefined,
      'autopilot knows 3 servers, not 5',
      'the agent here is a server, not a client',
      'the agent here has not been restarted: it is the same process as before',
    ])
  })

  test('names the server that is stopped, and the agent that is', async () => {
    await out('cmod3', 'systemctl stop consul; :')
    await settled('cmod3 is failed in the gossip, not alive', { voters: 3 }, ['cmod1', 'cmod2'])
    const [sentenceHere = ''] = sentence(await play('run', ['cmod3'], gate))
    expect(sentenceHere).toMatch(/^the agent here does not tell how it is: curl: \(7\) /)
    await out('cmod3', 'systemctl start consul')
    await settled('well', { voters: 3, caught_up: true }, names)
  })

  test('names the server that hangs', async () => {
    const leader = await leaderName()
    const [frozen = '', asked = ''] = names.filter((name) => name !== leader)
    await labFreeze(frozen)
    try {
      await settled(`${frozen} is failed in the gossip, not alive`, { voters: 3 }, [asked])
    } finally {
      await labThaw(frozen)
    }
    await settled('well', { voters: 3, caught_up: true }, names)
  })
})

async function leaderName(): Promise<string> {
  const address = await out('cmod1', 'curl -s http://127.0.0.1:8500/v1/status/leader')
  return hosts.find((host) => address.includes(`${host.address}:`))?.name ?? ''
}

test('gossip keys are changed on all members, counted, and seen by nobody', async () => {
  const task = (others: string[]) => ({
    name: 'keys',
    run_once: true,
    'consul-keyring': { primary: '{{new_key}}', others, nodes: 3 },
  })
  // Patterns in a file: in the arguments of grep they would be what it finds.
  const parts = [NEW_KEY.slice(4, 20), GOSSIP_KEY.slice(4, 16)]
  await labExec('cmod1', ['tee', '/run/parts'], { input: `${parts.join('\n')}\n` })
  await labExec('cmod1', ['tee', '/run/watch'], {
    input: `while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -aoFf /run/parts >>/run/seen; echo >>/run/samples; done\n`,
  })
  await out('cmod1', 'systemd-run -q --unit=watch sh /run/watch')
  const watched = await play('run', ['cmod1'], {
    ...task([]),
    'consul-keyring': { primary: '{{new_key}}', nodes: 4 },
  })
  expect(sentence(watched)).toEqual(['3 members are in the gossip, not 4, so the keys are left alone'])
  for (const others of [['{{old_key}}'], []]) {
    const check = await play('check', names, task(others))
    const run = await play('run', names, task(others))
    expect(run.failed).toEqual([])
    expect(run.mispredicted).toEqual([])
    expect(run.changed).toEqual(check.changed)
    expect((await play('run', names, task(others))).changed).toEqual([])
    const said = JSON.stringify([check.events, run.events])
    expect(parts.filter((part) => said.includes(part))).toEqual([])
  }
  await out('cmod1', 'systemctl stop watch')
  expect(await out('cmod1', '[ "$(wc -l </run/samples)" -gt 20 ] && wc -c </run/seen')).toBe('0')
  const rings = JSON.parse(await out('cmod2', 'curl -s http://127.0.0.1:8500/v1/operator/keyring'))
  expect(rings.map((ring: { Keys: object; PrimaryKeys: object }) => [ring.Keys, ring.PrimaryKeys])).toEqual(
    Array(2).fill([{ [NEW_KEY]: 3 }, { [NEW_KEY]: 3 }]),
  )
})

test('a snapshot is whole and 0600, is kept while it is young, and leaves nothing beside it', async () => {
  const task = { name: 'snapshot', 'consul-snapshot': { path: '/root/consul.snap', max_age: 3600 }, register: 'R' }
  expect((await play('check', ['cmod1'], task)).changed).toEqual(['cmod1: snapshot'])
  expect((await play('run', ['cmod1'], task)).changed).toEqual(['cmod1: snapshot'])
  const index = await out('cmod1', 'consul snapshot inspect /root/consul.snap | awk \'$1 == "Index" { print $2 }\'')
  const again = await play('run', ['cmod1'], task, { name: 'same', assert: { that: `R.index == ${index}` } })
  expect([...again.changed, ...again.failed]).toEqual([])
  expect(await out('cmod1', 'ls -A /root | grep snap; stat -c %a /root/consul.snap')).toBe('consul.snap\n600')
  await out('cmod1', 'echo none >/root/consul.snap')
  expect((await play('run', ['cmod1'], task)).changed).toEqual(['cmod1: snapshot'])
})

describe('TLS', () => {
  const own = { cert: `${TLS_FOLDER}/cert.pem`, key: `${TLS_FOLDER}/key.pem` }
  const probe = (expect_: object, shown: object = own) => ({
    name: 'probe',
    'consul-tls-probe': {
      server_name: 'server.nyc2.consul',
      ...shown,
      expect: expect_,
    },
  })
  const reload = {
    name: 'reload',
    'consul-reload': {
      cert: `${TLS_FOLDER}/cert.pem`,
      key: `${TLS_FOLDER}/key.pem`,
      restore: ['cert.pem', 'key.pem'].map((file) => ({
        path: `${TLS_FOLDER}/${file}`,
        from: `${TLS_FOLDER}/old/${file}`,
      })),
    },
  }
  const service = () => out('cmod1', 'curl -s http://127.0.0.1:8500/v1/agent/services | grep -c shop; :')

  test('is seen when it is not there, and when it is', async () => {
    const before = await play(
      'run',
      ['cmod1'],
      probe({ plaintext: 'closed', identity: { ca: '/etc/ssl/certs/ca-certificates.crt' } }, {}),
    )
    expect(sentence(before)).toEqual(['a connection in clear stays open; the port speaks no TLS'])
    await out(
      'cmod1',
      `${makeCertificates}
cp -a ${TLS_FOLDER}/ca.pem ${TLS_FOLDER}/old-ca.pem; mkdir old; cp -a cert.pem key.pem old; chown -R consul: .
printf '{"ca_file": "${TLS_FOLDER}/ca.pem", "cert_file": "${TLS_FOLDER}/cert.pem", "key_file": "${TLS_FOLDER}/key.pem", "verify_incoming_rpc": true}' >/etc/consul.d/tls.json`,
    )
    const after = await play(
      'run',
      ['cmod1'],
      reload,
      probe({
        plaintext: 'closed',
        identity: { ca: `${TLS_FOLDER}/ca.pem`, serial: '10:01', issuer: 'example ca' },
        without_certificate: 'refused',
        foreign_certificate: 'refused',
      }),
    )
    expect(after.failed).toEqual([])
    expect(await out('cmod1', 'pgrep -c -x "openssl|perl"; :')).toBe('0')
  })

  test('of a key that does not match is not even tried, and the earlier files come back', async () => {
    await out('cmod1', `cd ${TLS_FOLDER}; cp -a ca.key key.pem`)
    const run = await play('run', ['cmod1'], reload)
    expect(sentence(run)).toEqual([
      `the key ${TLS_FOLDER}/key.pem does not belong to the certificate ${TLS_FOLDER}/cert.pem`,
    ])
    expect(await out('cmod1', `cd ${TLS_FOLDER}; cmp key.pem old/key.pem && ls -A`)).not.toContain('lockstep')
    expect(await service()).toBe('1')
  })

  test('that Consul refuses is gone back from, with the services registered', async () => {
    await out('cmod1', `cd ${TLS_FOLDER}; chown root: key.pem; chmod 600 key.pem`)
    const run = await play('run', ['cmod1'], reload)
    expect(sentence(run)[0]).toMatch(/^the agent refuses its configuration: .*permission denied/)
    expect(run.results[0]?.failure?.hint).toBe('the earlier files are back and in use')
    expect(await service()).toBe('1')
    const still = await play('run', ['cmod1'], probe({ identity: { ca: `${TLS_FOLDER}/ca.pem`, serial: '1001' } }))
    expect(still.failed).toEqual([])
  })
})

test('nothing of all that is left on the hosts', async () => {
  const { stdout } = await labExec('cmod1', [
    'sh',
    '-c',
    'find / -xdev -name "*lockstep*" -not -path "/proc/*" 2>/dev/null',
  ])
  expect(stdout.toString()).toBe('')
})
