import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../lab/command.ts'
import { labCut, labHeal } from '../../lab/faults.ts'
import { files, freshHosts, inventoryText, type Outcome, out, type PlayOptions, playOn, reloadSshd } from './play.ts'

const HOSTS = [
  { name: 'signed1', address: '10.98.41.1' },
  { name: 'signed2', address: '10.98.41.2' },
]
const [ONE, TWO] = HOSTS as [(typeof HOSTS)[number], (typeof HOSTS)[number]]
const lab = freshHosts(HOSTS)
const at = files({ 'made.txt': '' })
const CA = at.path('ca')
const ANNA = at.path('anna')
/** Anna's certificate as the playbook leaves it, and a copy that she has taken home. */
const ISSUED = `${CA}/users/anna-cert.pub`
const HOME = at.path('anna-old-cert.pub')

async function play(name: string, more: Partial<PlayOptions> = {}): Promise<Outcome> {
  const text = inventoryText(
    Object.fromEntries(HOSTS.map(({ name, address }) => [name, { address, connect_timeout: 5 }])),
  )
  using inventory = files({ 'inventory.yml': text })
  return await playOn({
    mode: 'run',
    playbook: `playbooks/${name}.yml`,
    inventory: inventory.path('inventory.yml'),
    access: lab.access,
    lockTimeoutMs: 120_000,
    ...more,
    vars: {
      ssh_ca_folder: CA,
      ssh_ca_passphrase: 'correct horse battery',
      ssh_ca_principals: { ops: ['admin'] },
      ssh_ca_users: [{ name: 'anna', key: readFileSync(`${ANNA}.pub`, 'utf8').trim(), principals: ['admin'] }],
      ...more.vars,
    },
  })
}

const rotate = (rotation: string, vars: object = {}, more: Partial<PlayOptions> = {}) =>
  play('rotate-ssh-ca', { ...more, vars: { rotation, ...vars } })

/** Runs the rotation until a task begins, and stops there as Ctrl-C does. */
async function rotateUntil(task: string, rotation: string, vars: object = {}): Promise<Outcome> {
  const stop = new AbortController()
  return await rotate(rotation, vars, {
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === 'task-started' && event.task.name === task) stop.abort()
    },
  })
}

const publicKey = (name: string) => readFileSync(`${CA}/${name}.pub`, 'utf8')

/** What a login says with this certificate of Anna's, to a host that is known by these CAs alone: the account, or why not. */
async function annaLogsIn(certificate: string, knownHosts?: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(annasLogin(certificate, 'id -un', knownHosts))
  if (code === 0) return stdout.toString().trim()
  return /Permission denied|Host key verification failed/.exec(stderr.toString())?.[0] ?? stderr.toString()
}

function annasLogin(certificate: string, command: string, knownHosts = `${CA}/known_hosts`): string[] {
  const options = [
    ...['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes', 'GlobalKnownHostsFile=/dev/null'],
    ...[`UserKnownHostsFile=${knownHosts}`, `CertificateFile=${certificate}`],
  ].flatMap((option) => ['-o', option])
  return ['ssh', '-F', '/dev/null', '-i', ANNA, ...options, `ops@${TWO.address}`, command]
}

/** A list as a client has it that knows hosts by the CAs of this moment, whatever comes after. */
function knownByCopy(name: string): string {
  copyFileSync(`${CA}/known_hosts`, at.path(name))
  return at.path(name)
}

beforeAll(async () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'anna', '-f', ANNA])
  const run = await play('ssh-ca')
  expect(run.failed).toEqual([])
})
afterAll(() => at[Symbol.dispose]())

test('the CAs are replaced: check names all that the run does, a second run does nothing, and neither does ssh-ca.yml', async () => {
  copyFileSync(ISSUED, HOME)
  const oldKnown = knownByCopy('known-a')
  const [user, host] = [publicKey('user_ca'), publicKey('host_ca')]
  const check = await rotate('a', {}, { mode: 'check' })
  expect(check.failed).toEqual([])
  expect(publicKey('user_ca')).toBe(user)
  expect(existsSync(`${CA}/next`)).toBe(false)
  expect(await annaLogsIn(HOME, oldKnown)).toBe('ops')

  const run = await rotate('a')
  expect(run.failed).toEqual([])
  expect(run.changed).toEqual(check.changed)
  expect(check.perhaps).toEqual([])
  expect(await annaLogsIn(HOME)).toBe('Permission denied')
  expect(await annaLogsIn(ISSUED)).toBe('ops')
  expect(await annaLogsIn(ISSUED, oldKnown)).toBe('Host key verification failed')
  expect(publicKey('retired/a/user_ca')).toBe(user)
  expect(publicKey('retired/a/host_ca')).toBe(host)
  expect(existsSync(`${CA}/retired/a/user_ca`)).toBe(true)
  for (const { name } of HOSTS)
    expect(await out(name, 'cat /etc/ssh/user_ca.pub; cut -d " " -f 3- /etc/ssh/ssh_known_hosts')).toBe(
      `${publicKey('user_ca')}${publicKey('host_ca').split(' ').slice(0, 2).join(' ')}`,
    )

  expect((await rotate('a')).changed).toEqual([])
  expect((await play('ssh-ca')).changed).toEqual([])
})

describe('a rotation that cannot go on', () => {
  test('takes nothing away, and is finished by the next run that can', async () => {
    copyFileSync(ISSUED, HOME)
    const oldKnown = knownByCopy('known-b')
    const user = publicKey('user_ca')

    await labCut(TWO.name)
    try {
      const down = await rotate('b')
      expect(down.summary.hosts[TWO.name]).toMatchObject({ lost: 'unreachable' })
      expect(down.changed).toEqual([])
    } finally {
      await labHeal(TWO.name)
    }
    expect(existsSync(`${CA}/next`)).toBe(false)

    // One host trusts another file than ours, so it does not know the next CA.
    const wrong = '/etc/ssh/sshd_config.d/10-wrong.conf'
    await out(
      TWO.name,
      `cp /etc/ssh/user_ca.pub /etc/ssh/other.pub; echo 'TrustedUserCAKeys /etc/ssh/other.pub' >${wrong}; ${reloadSshd}`,
    )
    const refused = await rotate('b')
    expect(refused.failed).toEqual([
      expect.stringMatching(
        /signed2: Every host lets a certificate of the next CA in: ops@10.98.41.2 refuses the cert/,
      ),
    ])
    expect(publicKey('user_ca')).toBe(user)
    await out(TWO.name, `rm ${wrong}; ${reloadSshd}`)

    const published = await rotate('b', { rotation_until: 'published' })
    expect(published.failed).toEqual([])
    expect(publicKey('user_ca')).toBe(user)
    expect(await annaLogsIn(HOME, oldKnown)).toBe('ops')
    const bothKnown = knownByCopy('known-both')

    // Stopped when the CAs are exchanged, and nothing is signed by the next ones.
    await rotateUntil('What is there of the CAs now', 'b')
    expect(publicKey('old/user_ca')).toBe(user)
    expect(publicKey('user_ca')).not.toBe(user)
    expect(await annaLogsIn(HOME, oldKnown)).toBe('ops')

    const switched = await rotate('b', { rotation_until: 'switched' })
    expect(switched.failed).toEqual([])
    expect(await annaLogsIn(HOME, bothKnown)).toBe('ops')
    expect(await annaLogsIn(ISSUED, bothKnown)).toBe('ops')

    const [program = '', ...words] = annasLogin(HOME, 'echo in; exec sleep 1000', bothKnown)
    const session = spawn(program, words)
    const ended = once(session, 'exit')
    try {
      await Promise.race([once(session.stdout, 'data'), ended])
      // Stopped when the old CA, which had to be refused before, is trusted no more, and nothing is proven.
      const vars = { ssh_ca_revoked_keys: [user.trim()] }
      expect((await rotateUntil('Every host refuses a certificate of the old CA', 'b', vars)).failed).toEqual([])
      for (const { name } of HOSTS)
        expect(await out(name, 'cat /etc/ssh/user_ca.pub')).toBe(publicKey('user_ca').trim())
      const last = await rotate('b', { old_ca: 'remove', old_sessions: 'end' })
      expect(last.failed).toEqual([])
      await ended
    } finally {
      session.kill('SIGKILL')
    }
    expect(await annaLogsIn(HOME, bothKnown)).toBe('Permission denied')
    expect(await annaLogsIn(ISSUED, bothKnown)).toBe('ops')
    for (const past of ['a', 'b']) {
      expect(existsSync(`${CA}/retired/${past}/user_ca`)).toBe(false)
      expect(existsSync(`${CA}/retired/${past}/host_ca`)).toBe(false)
    }
  })

  test('is not begun for some of the hosts', async () => {
    const part = await rotate('c', {}, { limit: ONE.name })
    expect(part.changed).toEqual([])
    expect(part.failed).toEqual([expect.stringMatching(/the play is for all hosts of the inventory/)])
  })
})
