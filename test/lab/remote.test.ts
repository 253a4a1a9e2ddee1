import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Become, HostAddress } from '../../engine/remote/address.ts'
import { type Connection, connect, RemoteProblem, type StepResult } from '../../engine/remote/session.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { labExec } from '../../lab/exec.ts'
import { labCut, labFreeze, labHeal, labThaw } from '../../lab/faults.ts'
import { freshHosts, reloadSshd } from './play.ts'

const HOSTS = [
  { name: 'shell-bookworm', address: '10.76.0.1', suite: 'bookworm' as const },
  { name: 'shell-bullseye', address: '10.76.0.2', suite: 'bullseye' as const },
  { name: 'shell-trixie', address: '10.76.0.3', suite: 'trixie' as const },
]
const [BOOKWORM, BULLSEYE, TRIXIE] = HOSTS
const ROOT: Become = { user: 'root', method: 'sudo' }
const lab = freshHosts(HOSTS)

beforeAll(async () => {
  await Promise.all(HOSTS.map(({ name }) => onHost(name, PREPARE)))
})

/** Two more accounts that let the same key in: one that sudo asks for a password, one without a shell. */
const PREPARE = `set -e
for user in careful nologin; do
  useradd -m -s /bin/bash $user
  install -d -m 700 -o $user /home/$user/.ssh
  install -m 600 -o $user ~ops/.ssh/authorized_keys /home/$user/.ssh/authorized_keys
done
usermod -s /usr/sbin/nologin nologin
printf 'careful:s3cret\\nroot:r00t\\n' | chpasswd
printf 'careful ALL=(ALL) ALL\\nDefaults:careful timestamp_type=global\\n' >/etc/sudoers.d/careful
printf 'echo welcome; echo to a noisy host >&2; printf "no end"\\n%s\\n' "$(cat ~careful/.bashrc)" >~careful/.bashrc`

async function onHost(name: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await labExec(name, ['sh', '-c', script])
  expect(stderr.toString() + code).toBe('0')
  return stdout.toString()
}

async function to(
  host: { name: string; address: string } | undefined,
  more: Partial<HostAddress> = {},
): Promise<Connection> {
  if (host === undefined) throw new Error('no such host')
  const { access } = lab
  return connect({
    name: host.name,
    address: host.address,
    port: 22,
    user: access.user,
    connection: 'ssh2',
    privateKeyFiles: [access.privateKeyFile],
    knownHostsFiles: [access.knownHostsFile],
    hostKeyChecking: 'strict',
    connectTimeoutMs: 60_000,
    keepaliveMs: 15_000,
    ...(more.connection === 'openssh' ? { sshConfigFile: '/dev/null' } : {}),
    ...more,
  })
}

const step = (script: string, timeoutMs = 60_000) => ({ script, timeoutMs })
const said = (results: StepResult[]) => results.map(({ stdout, stderr }) => `${stdout}${stderr}`.trim())

async function problemOf(running: Promise<unknown>): Promise<RemoteProblem> {
  const reason: unknown = await running.catch((problem) => problem)
  if (reason instanceof RemoteProblem) return reason
  throw reason
}

// What is waited for most is what hosts do on purpose: they take their time over wrong passwords and late steps.
describe.concurrent.each(HOSTS)('on $suite', (host) => {
  test.sequential.each(['ssh2', 'openssh'] as const)(
    'a shell by %s is there for the user and for root',
    async (connection) => {
      const way = await to(host, { connection })
      expect(said(await way.shell().run([step('id -un; pwd'), step('echo $LC_ALL; umask')]))).toEqual([
        'ops\n/',
        'C\n0022',
      ])
      expect(said(await way.shell(ROOT).run([step('id -un; command -v ufw')]))).toEqual(['root\n/usr/sbin/ufw'])
      expect(way.way.endpoints?.server).toEqual({ address: host.address, port: 22 })
      expect(way.traffic.rounds).toBe(2)
      await way.close()
    },
  )

  test.sequential.each(['ssh2', 'openssh'] as const)(
    'a late step of root by %s is gone, with its children',
    async (connection) => {
      const way = await to(host, { connection })
      const late = await problemOf(
        way.shell(ROOT).run([step('echo early'), step('trap "" TERM; sleep 4711 & sleep 4712', 500)]),
      )
      expect([late.code, said([...late.completed])]).toEqual(['STEP_TIMEOUT', ['early']])
      expect(said(await way.shell(ROOT).run([step('pgrep -f "sleep 471[12]" | grep -vx $$; echo none')]))).toEqual([
        'none',
      ])
      await way.close()
    },
  )

  test.sequential('sudo is given its password, and none when it has it cached', async () => {
    await onHost(host.name, 'rm -rf /run/sudo/ts')
    let asked = 0
    const password = async () => {
      asked++
      return new Secret('s3cret')
    }
    const way = await to(host, { user: 'careful' })
    const refused = await problemOf(way.shell(ROOT).run([step('id -un')]))
    expect(refused.message).toBe(`sudo to root failed on ${host.name}: to a noisy host / sudo: a password is required`)
    await way.close()
    for (const times of [1, 1]) {
      const again = await to(host, { user: 'careful' })
      expect(said(await again.shell({ ...ROOT, password }).run([step('id -un; cat')]))).toEqual(['root'])
      expect(asked).toBe(times)
      await again.close()
    }
  })

  test.sequential('sudo refuses a wrong password', async () => {
    await onHost(host.name, 'rm -rf /run/sudo/ts')
    const way = await to(host, { user: 'careful' })
    const wrong = await problemOf(
      way.shell({ ...ROOT, password: async () => new Secret('wr0ng') }).run([step('id -un')]),
    )
    expect(wrong.message).toBe(`sudo to root failed on ${host.name}: the password was not accepted`)
    await way.close()
  })

  test.sequential('su is given its password', async () => {
    const way = await to(host, { user: 'careful' })
    const su = (text: string): Become => ({ user: 'root', method: 'su', password: async () => new Secret(text) })
    expect(said(await way.shell(su('r00t')).run([step('id -un; cat')]))).toEqual(['root'])
    await way.close()
    const other = await to(host, { user: 'careful' })
    expect((await problemOf(other.shell(su('wr0ng')).run([step('id -un')]))).message).toContain(
      'Authentication failure',
    )
    await other.close()
  })

  test.sequential('an account without a shell is told as such', async () => {
    const way = await to(host, { user: 'nologin' })
    const problem = await problemOf(way.shell().run([step('true')]))
    expect(problem.toString()).toContain(
      `error[SHELL_MISSING]: ${host.name} gives no shell: This account is currently not available.`,
    )
    await way.close()
  })

  test.sequential('root may go on as another user', async () => {
    const way = await to(host)
    expect(said(await way.shell({ user: 'nobody', method: 'sudo' }).run([step('id -un; echo $HOME')]))).toEqual([
      'nobody\n/nonexistent',
    ])
    await way.close()
  })
})

describe('certificates', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lockstep-'))
    const keygen = (...args: string[]) => execFileSync('ssh-keygen', ['-q', ...args], { cwd: folder })
    for (const name of ['ca', 'key']) keygen('-t', 'ed25519', '-N', '', '-f', name)
    const hostKey = (await labExec('shell-trixie', ['cat', '/etc/ssh/ssh_host_ed25519_key.pub'])).stdout
    await writeFile(join(folder, 'host.pub'), hostKey)
    keygen('-s', 'ca', '-I', 'me', '-n', 'ops', 'key.pub')
    keygen('-s', 'ca', '-I', 'host', '-h', '-n', '10.76.0.3', 'host.pub')
    const ca = await readFile(join(folder, 'ca.pub'), 'utf8')
    await writeFile(join(folder, 'known_hosts'), `@cert-authority 10.76.* ${ca}`)
    const drop = `TrustedUserCAKeys /etc/ssh/ca.pub\nHostCertificate /etc/ssh/host-cert.pub\n`
    const files = {
      'ca.pub': ca,
      'host-cert.pub': await readFile(join(folder, 'host-cert.pub'), 'utf8'),
      'sshd_config.d/ca.conf': drop,
    }
    for (const [name, text] of Object.entries(files))
      await onHost('shell-trixie', `printf %s '${text}' >/etc/ssh/${name}`)
    await onHost('shell-trixie', reloadSshd)
  })
  afterAll(async () => {
    await onHost(
      'shell-trixie',
      `rm /etc/ssh/ca.pub /etc/ssh/host-cert.pub /etc/ssh/sshd_config.d/ca.conf; ${reloadSshd}`,
    )
    await rm(folder, { recursive: true })
  })

  test('of host and user are for the system’s ssh', async () => {
    const mine = { privateKeyFiles: [join(folder, 'key')], knownHostsFiles: [join(folder, 'known_hosts')] }
    const way = await to(TRIXIE, { ...mine, connection: 'openssh' })
    expect(said(await way.shell(ROOT).run([step('id -un')]))).toEqual(['root'])
    await way.close()
    const host = await problemOf(to(TRIXIE, mine))
    expect([host.code, host.hint]).toEqual(['SSH_UNSUPPORTED', 'set connection: openssh for this host'])
    const user = await problemOf(to(TRIXIE, { ...mine, knownHostsFiles: [lab.access.knownHostsFile] }))
    expect([user.code, user.hint]).toEqual([
      'AUTH_FAILED',
      expect.stringContaining('certificates and security keys need connection: openssh'),
    ])
  })
})

describe('a host that goes away', () => {
  test.concurrent.each([
    { how: 'is cut off', host: BOOKWORM, take: labCut, give: labHeal },
    { how: 'freezes', host: BULLSEYE, take: labFreeze, give: labThaw },
  ])('because it $how is noticed by the missing signs of life', async ({ host, take, give }) => {
    const way = await to(host, { keepaliveMs: 2000 })
    await way.shell(ROOT).run([step('true')])
    const problem = await without(host, { take, give }, () => problemOf(way.shell(ROOT).run([step('echo never')])))
    expect(problem.message).toBe(
      `The connection to ${host?.name} (ops@${host?.address}:22) was lost: Keepalive timeout.`,
    )
    expect([problem.unreachable, problem.lost]).toEqual([true, true])
  })

  test.concurrent('is noticed by a late step that cannot be stopped', async () => {
    const way = await to(TRIXIE, { keepaliveMs: 0 })
    await way.shell(ROOT).run([step('true')])
    const late = () => problemOf(way.shell(ROOT).run([step('sleep 60', 500)]))
    const problem = await without(TRIXIE, { take: labCut, give: labHeal }, late)
    expect(problem.message).toBe('shell-trixie does not answer any more: no new shell within 10 s.')
    expect([problem.unreachable, problem.lost]).toEqual([true, true])
  })

  test('by ending the connection is noticed at once', async () => {
    const way = await to(BOOKWORM)
    await way.shell(ROOT).run([step('true')])
    const running = problemOf(way.shell(ROOT).run([step('echo $SUDO_USER; pkill -f "sshd: ops"; sleep 60')]))
    const problem = await running
    expect([problem.code, problem.lost]).toEqual(['UNREACHABLE', true])
    await way.close()
  })

  test('cannot be reached', async () => {
    const cut = { take: labCut, give: labHeal }
    const problem = await without(BOOKWORM, cut, () => problemOf(to(BOOKWORM, { connectTimeoutMs: 500 })))
    expect(problem.message).toMatch(
      /^shell-bookworm \(ops@10.76.0.1:22\) cannot be reached: (no answer within 0.5 s|there is no route to it)\.$/,
    )
    expect([problem.unreachable, problem.lost]).toEqual([true, false])
  })
})

type Fault = (host: string) => Promise<void>

/** Does the work while the host is away. */
async function without<T>(
  host: { name: string } | undefined,
  { take, give }: { take: Fault; give: Fault },
  work: () => Promise<T>,
): Promise<T> {
  if (host === undefined) throw new Error('no such host')
  await take(host.name)
  try {
    return await work()
  } finally {
    await give(host.name)
  }
}
