import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { files, freshHosts, inventoryText, type Outcome, out, playOn } from './play.ts'

const hosts = [
  { name: 'pki1', address: '10.90.0.1' },
  { name: 'pki2', address: '10.90.0.2', suite: 'bullseye' as const },
]
const lab = freshHosts(hosts)
const inventory = inventoryText(Object.fromEntries(hosts.map(({ name, address }) => [name, { address }])))
/** As an operator writes it: the CA on the controller, each key on its host, nothing but requests and certificates between. */
const playbook = `- hosts: all
  become: true
  vars: { ca: ca, renew_before: 30 }
  tasks:
    - name: ca
      openssl-sign: { kind: root, dir: "{{playbook_dir}}/{{ca}}", cn: Lab CA }
      delegate_to: localhost
      become: false
      run_once: true
      register: authority
    - name: folder
      file: { path: /etc/tls, state: directory }
    - name: key
      openssl-key: { path: /etc/tls/own.key, group: daemon, mode: "0640" }
    - name: request
      openssl-csr: { key: /etc/tls/own.key, cn: "{{inventory_hostname}}" }
      register: request
    - name: certificate
      openssl-sign:
        dir: "{{playbook_dir}}/{{ca}}"
        csr: "{{request.csr}}"
        cn: "{{inventory_hostname}}"
        san: ["{{inventory_hostname}}.test", localhost, "{{address}}"]
        renew_before: "{{renew_before}}"
      delegate_to: localhost
      become: false
      register: signed
    - name: installed
      copy: { dest: /etc/tls/own.pem, content: "{{signed.chain}}" }
    - name: trusted
      copy: { dest: /etc/tls/ca.pem, content: "{{authority.ca}}" }
    - name: verified
      openssl-verify:
        cert: /etc/tls/own.pem
        ca: /etc/tls/ca.pem
        key: /etc/tls/own.key
        names: ["{{inventory_hostname}}.test", "{{address}}"]
        min_days: 20
`
const at = files({ 'play.yml': playbook, 'inventory.yml': inventory })
afterAll(() => at[Symbol.dispose]())

const said: string[] = []
async function play(mode: 'check' | 'run', vars: Record<string, unknown> = {}): Promise<Outcome> {
  const options = { playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access: lab.access }
  const outcome = await playOn({ ...options, mode, vars })
  said.push(JSON.stringify(outcome.events))
  expect([...outcome.failed, ...outcome.mispredicted]).toEqual([])
  return outcome
}

/** Check names what a run then does, and a second run has nothing left. */
async function settle(vars: Record<string, unknown> = {}): Promise<string[]> {
  const check = await play('check', vars)
  const run = await play('run', vars)
  expect(run.changed).toEqual(check.changed)
  expect((await play('run', vars)).changed).toEqual([])
  return run.changed
}

const each = (...tasks: string[]) => hosts.flatMap(({ name }) => tasks.map((task) => `${name}: ${task}`)).sort()
const serials = () =>
  Promise.all(hosts.map(({ name }) => out(name, 'openssl x509 -noout -serial -in /etc/tls/own.pem')))
const openssl = (...words: string[]) => {
  const { status, stdout, stderr } = spawnSync('openssl', words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

describe('a CA on the controller', () => {
  test('signs for two hosts whose keys stay where they are; check on fresh hosts says what a run does', async () => {
    expect(await settle()).toEqual(
      ['pki1: ca', ...each('folder', 'key', 'request', 'certificate', 'installed', 'trusted')].sort(),
    )
    for (const { name, address } of hosts) {
      expect(await out(name, 'stat -c "%a %U %G" /etc/tls/own.key')).toBe('640 root daemon')
      const names = `-verify_hostname ${name}.test -purpose sslserver`
      expect(await out(name, `openssl verify -x509_strict ${names} -CAfile /etc/tls/ca.pem /etc/tls/own.pem`)).toMatch(
        /OK$/,
      )
      expect(
        await out(
          name,
          `openssl verify -verify_ip ${address} -purpose sslclient -CAfile /etc/tls/ca.pem /etc/tls/own.pem`,
        ),
      ).toMatch(/OK$/)
    }
  })

  test('keeps its folder and key closed, and an index of what it has issued', async () => {
    expect(['ca', 'ca/ca.key', 'ca/issued.jsonl'].map((name) => statSync(at.path(name)).mode & 0o777)).toEqual([
      0o700, 0o600, 0o600,
    ])
    const lines = readFileSync(at.path('ca/issued.jsonl'), 'utf8').trim().split('\n')
    const entries = lines.map((line) => JSON.parse(line))
    expect(entries.map(({ name }) => name).sort()).toEqual(['Lab CA', 'pki1', 'pki2'])
    const issued = openssl('x509', '-noout', '-serial', '-in', at.path('ca/issued/pki1.pem')).trim().toLowerCase()
    expect(issued).toBe(`serial=${entries.find(({ name }) => name === 'pki1').serial}`)
  })

  test('leaves everything alone when only a request is lost', async () => {
    const before = await serials()
    await out('pki1', 'rm /etc/tls/own.csr')
    expect(await settle()).toEqual(['pki1: request'])
    expect(await serials()).toEqual(before)
  })

  test('signs anew what is near its end, and keeps the one before', async () => {
    const before = await serials()
    const old = readFileSync(at.path('ca/issued/pki1.pem'), 'utf8')
    expect(await settle({ renew_before: 89 })).toEqual([])
    const request = at.path('near.csr')
    const config = [
      '-out',
      at.path('near.pem'),
      '-days',
      '5',
      '-CA',
      at.path('ca/ca.pem'),
      '-CAkey',
      at.path('ca/ca.key'),
    ]
    spawnSync('sh', ['-c', `cat >${request}`], { input: await out('pki1', 'cat /etc/tls/own.csr') })
    openssl('x509', '-req', '-in', request, '-CAcreateserial', ...config)
    spawnSync('cp', [at.path('near.pem'), at.path('ca/issued/pki1.pem')])
    expect(await settle()).toEqual(['pki1: certificate', 'pki1: installed'])
    const after = await serials()
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true])
    expect(readFileSync(at.path('ca/issued/pki1.pem.1'), 'utf8')).toBe(readFileSync(at.path('near.pem'), 'utf8'))
    expect(old).not.toBe(readFileSync(at.path('ca/issued/pki1.pem'), 'utf8'))
  })

  test('is another one in another folder: all is signed anew, and put in place', async () => {
    expect(await settle({ ca: 'ca2' })).toEqual(['pki1: ca', ...each('certificate', 'installed', 'trusted')].sort())
    mkdirSync(at.path('ca2/kept'))
    spawnSync('cp', [at.path('ca/issued/pki1.pem'), at.path('ca2/issued/pki1.pem')])
    expect(await settle({ ca: 'ca2' })).toEqual(['pki1: certificate', 'pki1: installed'])
  })

  test('and a new key of a host: nothing of any key is ever told, nor leaves its host', async () => {
    await out('pki2', 'rm /etc/tls/own.key')
    expect(await settle({ ca: 'ca2' })).toEqual([
      ...['pki2: certificate', 'pki2: installed', 'pki2: key', 'pki2: request'],
    ])
    const keys = [
      ...(await Promise.all(hosts.map(({ name }) => out(name, 'cat /etc/tls/own.key')))),
      ...['ca', 'ca2'].map((name) => readFileSync(at.path(`${name}/ca.key`), 'utf8')),
    ]
    const cores = keys.map((key) => key.split('\n')[1]?.slice(0, 40) ?? '')
    expect(cores.every((core) => core.length === 40)).toBe(true)
    const told = said.join('\n')
    for (const word of [...cores, 'PRIVATE KEY']) expect(told).not.toContain(word)
    const beside = readdirSync(at.path('.'), { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'ca.key')
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    expect(beside.some((text) => text.includes('PRIVATE KEY'))).toBe(false)
    for (const { name } of hosts) {
      expect(await out(name, "find / -xdev -name '.lockstep-*' ! -path '/proc/*' 2>/dev/null")).toBe('')
    }
  })
})
