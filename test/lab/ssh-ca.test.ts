import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../lab/command.ts'
import { labCut, labHeal } from '../../lab/faults.ts'
import { expectForeseen, files, freshHosts, inventoryText, type Outcome, out, playOn } from './play.ts'

const HOSTS = [
  { name: 'ca1', address: '10.98.2.1' },
  { name: 'ca2', address: '10.98.2.2' },
]
const [ONE, TWO] = HOSTS as [(typeof HOSTS)[number], (typeof HOSTS)[number]]
const lab = freshHosts(HOSTS)
const at = files({ 'made.txt': '' })
const CA = at.path('ca')
const ANNA = at.path('anna')

beforeAll(() => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'anna', '-f', ANNA])
})
afterAll(() => at[Symbol.dispose]())

const annasKey = () => readFileSync(`${ANNA}.pub`, 'utf8').trim()

async function play(mode: 'check' | 'run', vars: object = {}, login: object = {}, name = 'ssh-ca'): Promise<Outcome> {
  const hosts = Object.fromEntries(HOSTS.map(({ name, address }) => [name, { address }]))
  const text = JSON.parse(inventoryText(hosts)) as { all: { vars: object } }
  Object.assign(text.all.vars, login)
  using inventory = files({ 'inventory.yml': JSON.stringify(text) })
  return await playOn({
    mode,
    playbook: `playbooks/${name}.yml`,
    inventory: inventory.path('inventory.yml'),
    access: lab.access,
    lockTimeoutMs: 120_000,
    vars: {
      ssh_ca_folder: CA,
      ssh_ca_principals: { ops: ['admin'] },
      ssh_ca_users: [{ name: 'anna@example', key: annasKey(), principals: ['admin'], options: ['permit-pty'] }],
      ...vars,
    },
  })
}

/** What becomes of Anna's login with her certificate, to a host that is known by its CA alone. */
async function annaLogsIn(): Promise<string> {
  const options = [
    ...['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${CA}/known_hosts`],
    ...['GlobalKnownHostsFile=/dev/null', `CertificateFile=${CA}/users/anna@example-cert.pub`],
  ]
  const words = options.flatMap((option) => ['-o', option])
  const { code, stdout, stderr } = await runCommand([
    'ssh',
    '-F',
    '/dev/null',
    '-i',
    ANNA,
    ...words,
    `ops@${ONE.address}`,
    'id -un',
  ])
  return code === 0 ? stdout.toString().trim() : stderr.toString().trim()
}

describe('certificates', () => {
  test('are brought to fresh hosts: check touches nothing, a run makes what it named, a second one nothing', async () => {
    const check = await play('check')
    expect(check.failed).toEqual([])
    const run = await play('run')
    expect(run.failed).toEqual([])
    expectForeseen(check, run)
    const again = await play('run')
    expect(again.failed).toEqual([])
    expect(again.changed).toEqual([])
    expect(await annaLogsIn()).toBe('ops')
    expect(readFileSync(`${CA}/user_ca.issued`, 'utf8').split('\n').filter(Boolean)).toHaveLength(3)
  })

  test('of a key that is revoked are refused at once, as ssh-keygen says too', async () => {
    const run = await play('run', { ssh_ca_revoked_keys: [annasKey()] })
    expect(run.failed).toEqual([])
    expect(run.changed).toEqual(HOSTS.map(({ name }) => `${name}: Nothing is refused yet, or what has been so far`))
    expect(await annaLogsIn()).toMatch(/Permission denied/)
    const asked = await out(
      ONE.name,
      `echo '${annasKey()}' >/run/key; ssh-keygen -Q -f /etc/ssh/revoked.krl /run/key || :`,
    )
    expect(asked).toMatch(/REVOKED/)
  })
})

describe('an audit', () => {
  const audit = (vars: object) => play('check', vars, { connect_timeout: 5 }, 'audit-keys')
  const make = `mkdir -p /root/.ssh /etc/ssl/private
    for name in open used; do ssh-keygen -q -t ed25519 -N '' -C $name -f /root/.ssh/id_$name; done
    chmod 0644 /root/.ssh/id_open; rm /root/.ssh/id_open.pub
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 5 -subj /CN=own \
      -keyout /etc/ssl/private/own.key -out /etc/ssl/private/own.pem 2>/dev/null`

  test('names every key that is open, unused or unknown, and what ends soon', async () => {
    await out(ONE.name, make)
    const used = await out(ONE.name, 'cat /root/.ssh/id_used.pub')
    await out(TWO.name, `mkdir -p /root/.ssh; echo '${used}' >>/root/.ssh/authorized_keys`)
    const found = await audit({})
    expect(found.failed).toEqual([expect.stringMatching(/^ca1: .*id_open is open to others: mode 0644, and 2 more$/)])
    const hintOf = ({ results }: Outcome) => results.find(({ status }) => status === 'failed')?.failure?.hint ?? ''
    expect(hintOf(found)).toMatch(/the private key SHA256:\S+ in \/root\/.ssh\/id_open is trusted by nobody/)
    expect(hintOf(found)).toMatch(/the TLS .* CN=own in \/etc\/ssl\/private\/own.pem expires in 4 days/)
    expect(hintOf(found)).not.toMatch(/id_used/)
    const said = found.results.find(({ task }) => task === 'When certificates end')
    expect(JSON.stringify(said)).toMatch(/on 2 hosts: 0 expired, 1 expire within 7 days, /)

    const unknown = await audit({ audit_known: [annasKey()], audit_tolerate: ['open', 'unused', 'expiry'] })
    expect(unknown.failed).toHaveLength(HOSTS.length)
    expect(hintOf(unknown)).toMatch(
      /the authorized key \S+ in \/home\/ops\/.ssh\/authorized_keys \(lockstep-lab\), which opens ops, is known to nobody/,
    )
    expect(hintOf(unknown)).toMatch(/the trusted CA \S+ in \/etc\/ssh\/user_ca.pub/)
  })

  test('does not call a key unused while a host that may trust it does not answer', async () => {
    await labCut(TWO.name)
    try {
      const { failed } = await audit({ audit_tolerate: ['open', 'expiry'] })
      expect(failed.filter((name) => name.startsWith(ONE.name))).toEqual([])
    } finally {
      await labHeal(TWO.name)
      await out(ONE.name, 'rm /root/.ssh/id_* /etc/ssl/private/own.*')
      await out(TWO.name, 'rm /root/.ssh/authorized_keys')
    }
  })
})

test('a host that has lost its list lets one account in, from where it is mended', async () => {
  await out(ONE.name, 'rm /etc/ssh/revoked.krl')
  const shut = await play('run')
  expect(shut.failed).toEqual([expect.stringMatching(/ca1: .* lets nobody in/)])
  const glass = { remote_user: 'breakglass', private_key_file: `${CA}/break-glass` }
  const mended = await play('run', { ssh_ca_revoked_keys: [annasKey()] }, glass)
  expect(mended.failed).toEqual([])
  const open = await play('run')
  expect(open.failed).toEqual([])
  expect(open.changed).toEqual([])
  expect(await annaLogsIn()).toMatch(/Permission denied/)
})
