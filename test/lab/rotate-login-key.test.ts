import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labCut, labHeal } from '../../lab/faults.ts'
import {
  expectForeseen,
  files,
  freshHosts,
  inventoryText,
  type Outcome,
  out,
  type PlayOptions,
  playOn,
  reloadSshd,
} from './play.ts'

const HOSTS = [
  { name: 'rotate1', address: '10.98.1.1' },
  { name: 'rotate2', address: '10.98.1.2' },
]
const [ONE, TWO] = HOSTS as [(typeof HOSTS)[number], (typeof HOSTS)[number]]
const lab = freshHosts(HOSTS)
const at = files({ 'made.txt': '' })
const KEY = at.path('id_automation')
const FOREIGN = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx foreign'
const OPTIONS = 'from="10.98.0.0/16",no-agent-forwarding'

const publicKey = (file = KEY) => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
/** Lines of every file of keys on a host that hold this key. */
const lines = (host: string, key: string) =>
  out(host, `cat /home/*/.ssh/authorized_keys* /root/.ssh/authorized_keys 2>/dev/null | grep -F '${key}' || :`)

beforeAll(async () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'first', '-f', KEY])
  for (const { name } of HOSTS) {
    await out(
      name,
      `cd /home/ops/.ssh && printf '%s\\n' '${OPTIONS} ${publicKey()} first' '${FOREIGN}' >authorized_keys
      useradd -m -s /bin/bash deploy && install -d -m 700 -o deploy /home/deploy/.ssh
      echo 'restrict ${publicKey()} other words' >/home/deploy/.ssh/authorized_keys2; chown deploy: /home/deploy/.ssh/*`,
    )
  }
})
afterAll(() => at[Symbol.dispose]())

async function rotate(mode: 'check' | 'run', rotation: string, more: Partial<PlayOptions> = {}): Promise<Outcome> {
  const hosts = Object.fromEntries(HOSTS.map(({ name, address }) => [name, { address }]))
  const common = { remote_user: 'ops', private_key_file: KEY, connect_timeout: 5 }
  const text = JSON.parse(inventoryText(hosts)) as { all: { vars: object } }
  Object.assign(text.all.vars, common)
  using inventory = files({ 'inventory.yml': JSON.stringify(text) })
  return await playOn({
    mode,
    playbook: 'playbooks/rotate-ssh-keys.yml',
    inventory: inventory.path('inventory.yml'),
    access: lab.access,
    lockTimeoutMs: 120_000,
    ...more,
    vars: { rotation, ...more.vars },
  })
}

/** Both hosts trust this key for both accounts, or neither for any. */
async function expectTrusted(key: string, isTrusted: boolean): Promise<void> {
  for (const { name } of HOSTS) {
    const found = (await lines(name, key)).split('\n').map((line) => line.replace(/ (ssh|ecdsa)-.*/, ''))
    expect(found).toEqual(isTrusted ? ['restrict', OPTIONS] : [''])
  }
}

test('a login key is replaced on every host, with its options, and its sessions end', async () => {
  const old = publicKey()
  const words = ['-F', '/dev/null', '-o', 'BatchMode=yes', '-o', `UserKnownHostsFile=${lab.access.knownHostsFile}`]
  const session = spawn('ssh', [...words, '-i', KEY, `ops@${ONE.address}`, 'echo in; exec sleep 1000'])
  const ended = once(session, 'exit')
  try {
    await Promise.race([once(session.stdout, 'data'), ended])
    const vars = { old_sessions: 'end' }
    const check = await rotate('check', 'a', { vars })
    expect(check.failed).toEqual([])
    expect(publicKey()).toBe(old)
    await expectTrusted(old, true)

    const run = await rotate('run', 'a', { vars })
    expect(run.failed).toEqual([])
    expectForeseen(check, run)
    await ended
  } finally {
    session.kill('SIGKILL')
  }
  await expectTrusted(publicKey(), true)
  await expectTrusted(old, false)
  expect(await lines(ONE.name, FOREIGN)).toBe(FOREIGN)
  expect(existsSync(`${KEY}.old`)).toBe(false)

  const again = await rotate('run', 'a')
  expect(again.failed).toEqual([])
  expect(again.changed).toEqual([])
})

describe('a rotation that cannot go on', () => {
  test('takes nothing away at any phase, and is finished by the next run that can', async () => {
    const old = publicKey()
    const vars = { rotation_key_type: 'ecdsa' }

    await labCut(TWO.name)
    try {
      const down = await rotate('run', 'b', { vars })
      expect(down.summary.hosts[TWO.name]).toMatchObject({ lost: 'unreachable' })
    } finally {
      await labHeal(TWO.name)
    }
    expect(publicKey()).toBe(old)
    await expectTrusted(old, true)

    // One host does not take the kind of the new key.
    const wrong = 'PubkeyAcceptedAlgorithms ssh-ed25519,rsa-sha2-512'
    await out(TWO.name, `echo '${wrong}' >/etc/ssh/sshd_config.d/10-wrong.conf; ${reloadSshd}`)
    const refused = await rotate('run', 'b', { vars })
    expect(refused.failed).toEqual([
      expect.stringMatching(/rotate2: Every host lets the next login key in: ops@10.98.1.2 refuses the key/),
    ])
    expect(publicKey()).toBe(old)
    await expectTrusted(old, true)
    await out(TWO.name, `rm /etc/ssh/sshd_config.d/10-wrong.conf; ${reloadSshd}`)

    // The controller is stopped when the key is switched already.
    const stop = new AbortController()
    await rotate('run', 'b', {
      vars,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'task-started' && event.task.name === 'Every host lets the login key in') stop.abort()
      },
    })
    expect(publicKey()).not.toBe(old)
    expect(publicKey(`${KEY}.old`)).toBe(old)
    await expectTrusted(old, true)
    await expectTrusted(publicKey(), true)

    const last = await rotate('run', 'b', { vars })
    expect(last.failed).toEqual([])
    await expectTrusted(publicKey(), true)
    await expectTrusted(old, false)
    expect(readFileSync(`${KEY}.rotation`, 'utf8')).toBe('b\n')
  })

  test('is not begun for some of the hosts', async () => {
    const part = await rotate('run', 'c', { limit: ONE.name })
    expect(part.changed).toEqual([])
    expect(part.failed).toEqual([expect.stringMatching(/the play is for all hosts of the inventory/)])
  })
})
