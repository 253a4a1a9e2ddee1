import { execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import { labReset } from '../../lab/lab.ts'
import { type Ended, endOf } from './ended.ts'
import { bringUp, files, inventoryText, out } from './play.ts'

const hosts = [
  { name: 'plan1', address: '10.99.0.1' },
  { name: 'plan2', address: '10.99.0.2' },
]
const names = hosts.map(({ name }) => name)
const SECRET = 'correct-horse-battery'
const site = `- name: site
  hosts: all
  become: true
  tasks:
    - name: the folder
      file: { path: /etc/shop, state: directory, mode: "0750" }
    - name: the settings
      template: { dest: /etc/shop/shop.conf, src: shop.hbs, mode: "0640" }
      notify: restart the shop
    - name: the password
      copy: { dest: /etc/shop/password, content: "{{password}}\\n", mode: "0600" }
      no_log: true
    - name: the key
      keygen: { path: /etc/shop/key, comment: shop }
      register: key
    - name: the key as others see it
      copy: { dest: /etc/shop/key.txt, content: "{{key.public_key}}\\n" }
    - name: packets are forwarded
      sysctl: { name: net.ipv4.ip_forward, value: 1 }
    - name: an account of the day
      shell: date >>/var/lib/shop.log
  handlers:
    - name: restart the shop
      shell: echo >>/var/lib/restarts
`
const at = files({
  'hosts.yml': inventoryText(Object.fromEntries(hosts.map(({ name, address }) => [name, { address }]))),
  'site.yml': site,
  'shop.hbs': 'host {{inventory_hostname}}\n',
})

beforeAll(async () => {
  execFileSync(process.execPath, ['engine/build.mjs', at.path('dist')])
  await bringUp(hosts)
  await labReset(names, () => {})
})
afterAll(() => at[Symbol.dispose]())

/** Runs the command line in the folder of the files, with a history of its own. */
async function lockstep(...words: string[]): Promise<Ended> {
  const env = { ...process.env, LOCKSTEP_HISTORY: at.path('runs'), XDG_STATE_HOME: at.path('state') }
  const options = { cwd: at.path('.'), env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] }
  const child = spawn(process.execPath, [at.path('dist/lockstep.js'), ...words], options)
  return await endOf(child)
}

/** `host task: status` of all that was done or would be, as the events say. */
function changes({ stdout }: Ended): string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type, result }) => type === 'task-result' && result.status !== 'ok')
    .map(({ host, task, result }) => `${host} ${task.name}: ${result.status}`)
    .sort()
}

const variables = ['-e', `password=${SECRET}`]
const byPlan = (plan: string, ...words: string[]) => lockstep('run', '--plan', plan, ...variables, ...words)
const save = (plan: string, ...words: string[]) =>
  lockstep('check', 'site.yml', '-i', 'hosts.yml', ...variables, '--save', plan, '--output', 'jsonl', ...words)

test('a plan of fresh hosts changes nothing, holds no secret, and is applied: that, and no more', async () => {
  const before = await Promise.all(names.map(labDigest))
  const check = await save('fresh.json')
  expect(check.code).toBe(2)
  expect(await Promise.all(names.map(labDigest))).toEqual(before)
  const plan = readFileSync(at.path('fresh.json'), 'utf8')
  expect(plan).not.toContain(SECRET)
  expect(plan).not.toContain(Buffer.from(SECRET).toString('base64'))

  const run = await byPlan('fresh.json', '--output', 'jsonl')
  expect(run.code).toBe(0)
  const certain = (lines: string[]) =>
    lines.map((line) => line.replace(/: (would-run|known-after-apply)$/, ': changed'))
  expect(changes(run)).toEqual(certain(changes(check)).sort())
  expect(await out('plan1', 'wc -l </var/lib/restarts; ls /run/lockstep.lock 2>/dev/null || echo none')).toBe('1\nnone')

  const records = readdirSync(at.path('runs')).map((name) => readFileSync(at.path(`runs/${name}`), 'utf8'))
  expect(records.length).toBe(2)
  expect(records.join()).not.toContain(SECRET)
})

test('a host that was damaged after the plan was made is refused with the difference, and the other is done', async () => {
  await out('plan1', 'rm /etc/shop/shop.conf')
  await out('plan2', 'rm /etc/shop/shop.conf')
  expect((await save('damaged.json')).code).toBe(2)
  await out('plan1', 'chmod 0700 /etc/shop; echo mine >/etc/shop/shop.conf')
  const digest = await labDigest('plan1')

  const run = await byPlan('damaged.json')
  expect(run.code).toBe(5)
  expect(run.stdout).toContain('PLAN_STALE: plan1 is no longer as in the plan')
  expect(run.stdout).toContain('+mode of /etc/shop: 0700 → 0750\n')
  expect(run.stdout).toContain('+  -mine\n')
  expect(run.stdout).toContain('1 host not as in the plan; changed ')
  expect(await labDigest('plan1')).toEqual(digest)
  expect(await out('plan2', 'cat /etc/shop/shop.conf; wc -l </var/lib/restarts')).toBe('host plan2\n2')

  const since = await lockstep('runs', 'since', 'plan2', 'the settings', '--output', 'json')
  expect(JSON.parse(since.stdout)).toMatchObject([{ isDrifted: false, isMended: true }])
})

test('a change that comes up while the plan is applied is not made', async () => {
  const trap = site.replace('date >>/var/lib/shop.log', 'chmod 0700 /etc/shop').split('  handlers:')[0] ?? ''
  const late = `    - name: the folder once more\n      file: { path: /etc/shop, state: directory, mode: "0750" }\n`
  writeFileSync(
    at.path('trap.yml'),
    `${trap}${late}  handlers:\n    - name: restart the shop\n      debug: { msg: x }\n`,
  )
  const words = ['-i', 'hosts.yml', '--limit', 'plan2', ...variables]
  expect((await lockstep('check', 'trap.yml', ...words, '--fail-on', 'may', '--save', 'trap.json')).code).toBe(2)
  const run = await byPlan('trap.json')
  expect(run.code).toBe(5)
  expect(run.stdout).toContain('PLAN_STALE: this change is not in the plan')
  expect(await out('plan2', 'stat -c %a /etc/shop')).toBe('700')
})

test('a playbook that was edited after the plan was made is refused by name, before any host is contacted', async () => {
  expect((await save('edited.json')).code).toBe(2)
  writeFileSync(at.path('shop.hbs'), 'another\n')
  const run = await byPlan('edited.json')
  expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 5, stdout: '' })
  expect(run.stderr).toMatch(/^error\[PLAN_STALE\]: the plan that .* no longer holds: shop\.hbs is changed\n/)
})

test('a host that somebody else works on is told as locked', async () => {
  writeFileSync(at.path('shop.hbs'), 'host {{inventory_hostname}}\n')
  expect((await save('locked.json', '--limit', 'plan1')).code).toBe(2)
  const holder = JSON.stringify({ by: 'bob@desk', playbook: 'other.yml', since: '2026-01-01' })
  const hold = `exec 9>>/run/lockstep.lock; flock 9; printf '%s\\n' '${holder}' >/run/lockstep.lock; touch /run/held; sleep 600`
  await out('plan1', `cat >/run/hold <<'END'\n${hold}\nEND\nsystemd-run -q --unit=holder sh /run/hold`)
  await out('plan1', 'until [ -e /run/held ]; do sleep 0.1; done')
  const run = await byPlan('locked.json')
  await out('plan1', 'systemctl stop holder; rm -f /run/lockstep.lock')
  expect(run.code).toBe(5)
  expect(run.stdout).toContain('LOCKED: bob@desk has been working on plan1')
  expect(run.stdout).not.toContain('PLAN_STALE')
})
