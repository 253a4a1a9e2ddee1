import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { labCut, labHeal } from '../../lab/faults.ts'
import { type Outcome, out, reloadSshd } from './play.ts'
import { signedHosts } from './signed-hosts.ts'

const HOSTS = [
  { name: 'signed1', address: '10.98.41.1' },
  { name: 'signed2', address: '10.98.41.2' },
]
const [ONE, TWO] = HOSTS as [(typeof HOSTS)[number], (typeof HOSTS)[number]]
const signed = signedHosts(HOSTS)
const { ca: CA, issued: ISSUED, rotate, publicKey, takeHome } = signed
const annaLogsIn = (certificate: string, knownHosts?: string) => signed.logsIn(TWO.address, certificate, knownHosts)

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

test('the CAs are replaced: check names all that the run does, a second run does nothing, and neither does ssh-ca.yml', async () => {
  const taken = takeHome('users/anna-cert.pub', 'cert-a')
  const oldKnown = takeHome('known_hosts', 'known-a')
  const [user, host] = [publicKey('user_ca'), publicKey('host_ca')]
  const check = await rotate('a', {}, { mode: 'check' })
  expect(check.failed).toEqual([])
  expect(publicKey('user_ca')).toBe(user)
  expect(existsSync(`${CA}/next`)).toBe(false)
  expect(await annaLogsIn(taken, oldKnown)).toBe('ops')

  const run = await rotate('a')
  expect(run.failed).toEqual([])
  expect(run.changed).toEqual(check.changed)
  expect(check.perhaps).toEqual([])
  expect(await annaLogsIn(taken)).toBe('Permission denied')
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
  expect((await signed.play('ssh-ca')).changed).toEqual([])
})

describe('a rotation that cannot go on', () => {
  test('takes nothing away, and is finished by the next run that can', async () => {
    const taken = takeHome('users/anna-cert.pub', 'cert-b')
    const oldKnown = takeHome('known_hosts', 'known-b')
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
    expect(await annaLogsIn(taken, oldKnown)).toBe('ops')
    const bothKnown = takeHome('known_hosts', 'known-both')

    const switched = await rotate('b', { rotation_until: 'switched' })
    expect(switched.failed).toEqual([])
    expect(publicKey('old/user_ca')).toBe(user)
    expect(publicKey('user_ca')).not.toBe(user)
    expect(await annaLogsIn(taken, bothKnown)).toBe('ops')
    expect(await annaLogsIn(ISSUED, bothKnown)).toBe('ops')

    const [program = '', ...words] = signed.login(TWO.address, taken, 'echo in; exec sleep 1000', bothKnown)
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
    expect(await annaLogsIn(taken, bothKnown)).toBe('Permission denied')
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
