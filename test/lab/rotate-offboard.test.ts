import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodeOf } from '../../engine/cli/exit-code.ts'
import { runCommand } from '../../lab/command.ts'
import { labCut, labHeal } from '../../lab/faults.ts'
import { expectForeseen, files, freshHosts, inventoryText, type Outcome, out, playOn, reloadSshd } from './play.ts'

const HOSTS = [
  { name: 'offboard1', address: '10.98.47.1' },
  { name: 'offboard2', address: '10.98.47.2' },
]
const [ONE, TWO] = HOSTS as [(typeof HOSTS)[number], (typeof HOSTS)[number]]
const lab = freshHosts(HOSTS)
const at = files({ 'made.txt': '' })
const NAMES = ['anna', 'bert', 'glass', 'automation', 'ca'] as const
type Name = (typeof NAMES)[number]

const publicKey = (name: Name) => readFileSync(at.path(`${name}.pub`), 'utf8').trim()

beforeAll(async () => {
  for (const name of NAMES)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at.path(name)])
  for (const name of ['anna', 'bert'] as const) {
    const words = ['-q', '-s', at.path('ca'), '-I', `${name}@example`, '-n', 'deploy', '-V', '-5m:+1d', '-z', '7']
    execFileSync('ssh-keygen', [...words, at.path(`${name}.pub`)])
  }
  for (const { name } of HOSTS)
    await out(
      name,
      `for user in anna deploy breakglass; do useradd -m -s /bin/bash $user && install -d -m 700 -o $user /home/$user/.ssh; done
      echo 'restrict,pty ${publicKey('anna')}' >/home/anna/.ssh/authorized_keys
      printf '%s\\n' 'no-pty ${publicKey('anna')}' '${publicKey('bert')}' >/home/deploy/.ssh/authorized_keys2
      echo '${publicKey('glass')}' >/home/breakglass/.ssh/authorized_keys
      echo 'from="10.98.0.0/16" ${publicKey('automation')}' >>/home/ops/.ssh/authorized_keys
      for user in anna deploy breakglass; do chown -R $user: /home/$user/.ssh; done
      echo '${publicKey('ca')}' >/etc/ssh/user_ca.pub
      echo 'TrustedUserCAKeys /etc/ssh/user_ca.pub' >/etc/ssh/sshd_config.d/40-ca.conf
      ${reloadSshd}`,
    )
})
afterAll(() => at[Symbol.dispose]())

/** Who has left, and what they have and know. */
const people = (secrets: string[] = [], rotated: string[] = []) => ({
  anna: {
    keys: [publicKey('anna')],
    certificates: [{ ca: publicKey('ca'), ids: ['anna@example'] }],
    accounts: ['anna'],
    ...{ secrets, rotated },
  },
  robot: { keys: [publicKey('automation')] },
  glass: { keys: [publicKey('glass')] },
})

async function offboard(mode: 'check' | 'run', vars: object = {}): Promise<Outcome> {
  const hosts = Object.fromEntries(HOSTS.map(({ name, address }) => [name, { address }]))
  const text = JSON.parse(inventoryText(hosts)) as { all: { vars: object } }
  Object.assign(text.all.vars, {
    ...{ remote_user: 'ops', private_key_file: at.path('automation'), connect_timeout: 5 },
    ...{ people: people(), offboard_folder: at.path('folder'), break_glass_key: at.path('glass') },
    offboard_witnesses: [
      { name: 'bert', user: 'deploy', key: at.path('bert') },
      { name: 'bert, certified', user: 'deploy', key: at.path('bert'), certificate: at.path('bert-cert.pub') },
    ],
  })
  using inventory = files({ 'inventory.yml': JSON.stringify(text) })
  return await playOn({
    mode,
    playbook: 'playbooks/offboard.yml',
    inventory: inventory.path('inventory.yml'),
    access: lab.access,
    lockTimeoutMs: 120_000,
    vars: { person: 'anna', ...vars },
  })
}

/** Words of ssh for a key, or for its certificate. */
function sshWords(name: Name, by: 'key' | 'certificate'): string[] {
  const options = [
    ...['BatchMode=yes', 'IdentitiesOnly=yes', `UserKnownHostsFile=${lab.access.knownHostsFile}`, 'ConnectTimeout=10'],
    // The certificate is shown first; ssh signs with its key only when that may be shown too.
    ...(by === 'key'
      ? ['PubkeyAcceptedAlgorithms=ssh-ed25519']
      : [
          'PubkeyAcceptedAlgorithms=ssh-ed25519-cert-v01@openssh.com,ssh-ed25519',
          `CertificateFile=${at.path(`${name}-cert.pub`)}`,
        ]),
  ]
  return ['-F', '/dev/null', '-i', at.path(name), ...options.flatMap((option) => ['-o', option])]
}

/** What becomes of a login: the account's name, or what ssh says. */
async function login(name: Name, user: string, { address }: { address: string }, by: 'key' | 'certificate' = 'key') {
  const { code, stdout, stderr } = await runCommand(['ssh', ...sshWords(name, by), `${user}@${address}`, 'id -un'])
  return (code === 0 ? stdout : stderr).toString().trim()
}

/** A session that stands until somebody ends it. */
async function session(name: Name, user: string, { address }: { address: string }, by: 'key' | 'certificate' = 'key') {
  const child = spawn('ssh', [...sshWords(name, by), `${user}@${address}`, 'echo in; exec sleep 1000'])
  const ended = once(child, 'exit')
  const [first] = await Promise.race([once(child.stdout, 'data'), ended])
  expect(String(first)).toBe('in\n')
  return { ended, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

/** Programs that run as an account, but for sshd. */
const programsOf = (user: string, host: string) =>
  out(
    host,
    `for process in /proc/[0-9]*; do echo "$(stat -c %U $process 2>/dev/null) $(cat $process/comm 2>/dev/null)"; done |
    grep '^${user} ' | grep -v ' sshd' | grep -v -e systemd -e sd-pam || :`,
  )

async function expectShutOut(host: { name: string; address: string }): Promise<void> {
  expect(await login('anna', 'anna', host)).toMatch(/Permission denied/)
  expect(await login('anna', 'deploy', host)).toMatch(/Permission denied/)
  expect(await login('anna', 'deploy', host, 'certificate')).toMatch(/Permission denied/)
  expect(await login('bert', 'deploy', host)).toBe('deploy')
  expect(await login('bert', 'deploy', host, 'certificate')).toBe('deploy')
  expect(await login('glass', 'breakglass', host)).toBe('breakglass')
  expect(await out(host.name, `grep -rlF '${publicKey('anna').split(' ')[1]}' /home /root || :`)).toBe('')
}

test('the keys that have to stay are not taken away, and nothing is changed for them', async () => {
  for (const [person, sentence] of [
    ['robot', 'the key that let this run in would be removed'],
    ['glass', 'the last key of the account breakglass would be removed'],
  ]) {
    const refused = await offboard('check', { person })
    expect(refused.failed).toEqual([
      ...HOSTS.map(({ name }) => `${name}: No file lets their keys in: ${sentence}`),
      expect.stringMatching(/localhost: Every host has proven that they are shut out: open on offboard1, offboard2/),
    ])
    expect(refused.changed.filter((name) => !name.includes('The controller'))).toEqual([])
  }
})

describe('somebody who leaves', () => {
  test('is shut out of every host that answers, and of the others by the next run', async () => {
    for (const host of HOSTS) {
      expect(await login('anna', 'anna', host)).toBe('anna')
      expect(await login('anna', 'deploy', host, 'certificate')).toBe('deploy')
      expect(await login('bert', 'deploy', host)).toBe('deploy')
    }
    using own = await session('anna', 'anna', ONE)
    using shared = await session('anna', 'deploy', ONE)
    using certified = await session('anna', 'deploy', ONE, 'certificate')
    using others = await session('bert', 'deploy', ONE)
    const check = await offboard('check')
    expect(check.failed).toEqual([])

    await labCut(TWO.name)
    let first: Outcome
    try {
      first = await offboard('run')
    } finally {
      await labHeal(TWO.name)
    }
    expect(exitCodeOf(first.summary, 'run')).toBe(4)
    expect(first.summary.hosts[TWO.name]).toMatchObject({ lost: 'unreachable' })
    expect(first.failed.filter((name) => !name.startsWith(TWO.name))).toEqual([
      expect.stringMatching(/localhost: Every host has proven that they are shut out: open on offboard2: run/),
    ])
    await Promise.all([own.ended, shared.ended, certified.ended])
    await expectShutOut(ONE)
    expect(await login('anna', 'deploy', TWO)).toBe('deploy')

    const second = await offboard('run')
    expect(second.failed).toEqual([])
    expect(exitCodeOf(second.summary, 'run')).toBe(0)
    expectForeseen(check, { ...second, changed: [...first.changed, ...second.changed].sort() })
    await expectShutOut(TWO)
    const proofs = second.results.filter(({ task }) => task.startsWith('Proof: '))
    expect(proofs.every(({ status }) => status === 'ok')).toBe(true)
    expect(new Set(proofs.map(({ host }) => host)).size).toBe(HOSTS.length)

    const again = await offboard('run')
    expect(again.failed).toEqual([])
    expect(again.changed).toEqual([])
    // Of the three programs that theirs and the other session had begun as this account, the other's.
    expect(await programsOf('deploy', ONE.name)).toBe('deploy sleep')
    expect(await programsOf('anna', ONE.name)).toBe('')
    expect(others).toBeDefined()
  })

  test('leaves secrets behind, which are changed or called open', async () => {
    const before = publicKey('automation')
    const open = await offboard('run', { people: people(['login-key', 'database']) })
    expect(open.failed).toEqual([
      expect.stringMatching(/^localhost: .* \[database\]: database is what they know: change it/),
    ])
    expect(publicKey('automation')).not.toBe(before)
    const done = await offboard('run', { people: people(['login-key', 'database'], ['database']) })
    expect(done.failed).toEqual([])
    expect(done.changed).toEqual([])
  })
})
