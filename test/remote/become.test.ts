import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Become } from '../../engine/remote/address.ts'
import { type Connection, connect, RemoteProblem } from '../../engine/remote/session.ts'
import { Secret } from '../../engine/resource/secret.ts'

/**
 * Stand-ins that behave on their streams as the real ones do: sudo asks on stderr and reads one line, each after the
 * refusal of the one before; su asks once. What they are told not to ask they do not read.
 */
const SUDO = `#!/bin/sh
asks=$FAKE_ASKS; prompt=; mode=
while [ $# -gt 0 ]; do case $1 in
-n) mode=n; shift;; -S) mode=S; shift;; -H) shift;; -p) prompt=$2; shift 2;; -u) user=$2; shift 2;; --) shift; break;; esac; done
[ "$user" != nobody ] || { echo "sudo: unknown user: nobody" >&2; exit 1; }
echo "We trust you have received the usual lecture." >&2
if [ -n "$asks" ]; then
  [ $mode = S ] || { echo "sudo: a password is required" >&2; exit 1; }
  for try in 1 2 3; do
    printf %s "$prompt" >&2; read -r word || { echo "sudo: no password was provided" >&2; exit 1; }
    [ "$word" != s3cret ] || break
    echo "Sorry, try again." >&2; [ $try != 3 ] || { echo "sudo: 3 incorrect password attempts" >&2; exit 1; }
  done
fi
exec "$@"
`
const SU = `#!/bin/sh
[ "$1 $2 $3" = "-s /bin/sh -c" ] || exit 9
if [ -n "$FAKE_ASKS" ]; then
  printf 'Password: ' >&2; read -r word
  [ "$word" = s3cret ] || { echo "su: Authentication failure" >&2; exit 1; }
fi
exec sh -c "$4"
`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-'))
  await writeFile(join(folder, 'sudo'), SUDO, { mode: 0o755 })
  await writeFile(join(folder, 'su'), SU, { mode: 0o755 })
})
afterAll(() => rm(folder, { recursive: true }))

function local(asks: boolean): Promise<Connection> {
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, FAKE_ASKS: asks ? 'yes' : '' }
  const host = { name: 'h1', address: '', port: 0, user: '', connection: 'local' as const, knownHostsFiles: [] }
  return connect({ ...host, hostKeyChecking: 'strict', connectTimeoutMs: 60_000, keepaliveMs: 0 }, { env })
}

async function tryOut(asks: boolean, become: Omit<Become, 'password'>, password?: string) {
  let asked = 0
  const answer = async () => {
    asked++
    return new Secret(password ?? '')
  }
  const connection = await local(asks)
  const shell = connection.shell(password === undefined ? become : { ...become, password: answer })
  const steps = ['echo first; cat', 'echo second >&2'].map((script) => ({ script, timeoutMs: 60_000 }))
  const outcome = await shell.run(steps).then(
    (results) => results.map(({ code, stdout, stderr }) => `${code} ${stdout}${stderr}`).join(''),
    (reason) => {
      expect(reason).toBeInstanceOf(RemoteProblem)
      return String(reason)
    },
  )
  await connection.close()
  return { outcome, asked, rounds: connection.traffic.rounds }
}

const GOOD = '0 first\n0 second\n'

describe.each(['sudo', 'su'] as const)('becoming another user by %s', (method) => {
  const become = { user: 'root', method }

  test('needs no password where none is asked', async () => {
    expect(await tryOut(false, become)).toEqual({ outcome: GOOD, asked: 0, rounds: 1 })
  })

  test('gives the password when it is asked for', async () => {
    expect(await tryOut(true, become, 's3cret')).toEqual({ outcome: GOOD, asked: 1, rounds: 1 })
  })

  test('feeds no password to the shell where none is asked', async () => {
    expect(await tryOut(false, become, 's3cret')).toEqual({ outcome: GOOD, asked: 0, rounds: 1 })
  })
})

describe('becoming another user', () => {
  test.each([
    [
      'sudo without the password',
      { user: 'root', method: 'sudo' as const },
      undefined,
      'error[BECOME_FAILED]: sudo to root failed on h1: We trust you have received the usual lecture. / sudo: a password is required\n' +
        'hint: give the password with -K, or allow sudo without one on the host',
    ],
    [
      'sudo with a wrong password',
      { user: 'root', method: 'sudo' as const },
      'wr0ng',
      'error[BECOME_FAILED]: sudo to root failed on h1: the password was not accepted\n' +
        'hint: check the password and what sudo allows this user',
    ],
    [
      'sudo to a user that is not there',
      { user: 'nobody', method: 'sudo' as const },
      's3cret',
      'error[BECOME_FAILED]: sudo to nobody failed on h1: sudo: unknown user: nobody\n' +
        'hint: check the password and what sudo allows this user',
    ],
    [
      'su without the password',
      { user: 'root', method: 'su' as const },
      undefined,
      'error[BECOME_FAILED]: su to root failed on h1: a password is wanted\n' +
        'hint: give the password with -K, or allow su without one on the host',
    ],
    [
      'su with a wrong password',
      { user: 'root', method: 'su' as const },
      'wr0ng',
      'error[BECOME_FAILED]: su to root failed on h1: Password: su: Authentication failure\n' +
        'hint: check the password and what su allows this user',
    ],
  ])('by %s fails with the words of the host', async (_what, become, password, text) => {
    expect((await tryOut(true, become, password)).outcome).toBe(text)
  })

  test('by a program that the host lacks says so', async () => {
    const { outcome } = await tryOut(true, { user: 'root', method: 'doas' })
    expect(outcome).toMatch(/^error\[BECOME_FAILED\]: doas to root failed on h1: .*doas: not found\nhint: install doas/)
  })

  test('is one shell a user, beside that of the login', async () => {
    const connection = await local(false)
    const root = { user: 'root', method: 'sudo' as const }
    expect(connection.shell(root)).toBe(connection.shell({ ...root }))
    expect(connection.shell(root)).not.toBe(connection.shell())
    await connection.close()
  })

  test('asks a person once, though a late step makes the shell start again', async () => {
    const connection = await local(true)
    let asked = 0
    const password = async () => {
      asked++
      return new Secret('s3cret')
    }
    const shell = connection.shell({ user: 'root', method: 'sudo', password })
    const late = await shell.run([{ script: 'sleep 300', timeoutMs: 200 }]).catch((reason) => reason)
    const [again] = await shell.run([{ script: 'echo again', timeoutMs: 60_000 }])
    expect([late.code, again?.stdout.toString(), asked]).toEqual(['STEP_TIMEOUT', 'again\n', 1])
    await connection.close()
  })

  test('gives up when nobody can tell the password', async () => {
    const connection = await local(true)
    const password = () => Promise.reject(new Error('no terminal to ask at'))
    const shell = connection.shell({ user: 'root', method: 'sudo', password })
    await expect(shell.run([{ script: 'true', timeoutMs: 60_000 }])).rejects.toThrow('no terminal to ask at')
    await connection.close()
  })
})
