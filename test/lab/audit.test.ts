import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import { labReset } from '../../lab/lab.ts'
import { type Ended, endOf } from './ended.ts'
import { bringUp, out } from './play.ts'

const host = { name: 'audit1', address: '10.96.0.1' }
const folder = mkdtempSync(join(tmpdir(), 'audit-'))
const path = (name: string) => join(folder, name)

beforeAll(async () => {
  execFileSync(process.execPath, ['engine/build.mjs', path('dist')], { stdio: 'inherit' })
  writeFileSync(
    path('hosts.yml'),
    `all:\n  vars: { lockstep_lab: true }\n  hosts:\n    audit1: { address: ${host.address} }\n`,
  )
  await bringUp([host])
  await labReset([host.name], () => {})
})
afterAll(() => rmSync(folder, { recursive: true }))

function playbook(name: string, text: string): string {
  writeFileSync(path(name), text)
  return path(name)
}

async function lockstep(...words: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [path('dist/lockstep.js'), ...words, '-i', path('hosts.yml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return await endOf(child)
}

/** Everything of the host, and what lies where a lock or a debt would: /run is no part of the digest. */
async function everythingOf(name: string): Promise<string> {
  const traces = 'ls -la /run/lockstep* /var/lib/lockstep* /home/ops/.lockstep* /home/ops/.local 2>/dev/null || true'
  return `${(await labDigest(name)).join('\n')}\n${await out(name, traces)}`
}

describe('an audit without root', () => {
  const site = playbook(
    'plain.yml',
    `- name: plain
  hosts: all
  tasks:
    - name: a folder that anybody may see is missing
      file: { path: /etc/demo, state: directory, mode: "0750" }
    - name: a file in root's own folder
      copy: { dest: /root/.demo.conf, content: x }
    - name: an account's password
      user: { name: ops, password: $6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g. }
    - name: the shell's file
      file: { path: /bin/sh }
`,
  )

  test('tells what it was not allowed to see apart, and touches nothing', async () => {
    const before = await everythingOf(host.name)
    const { code, stdout, stderr } = await lockstep(
      'check',
      site,
      '--report',
      path('plain.json'),
      '--report',
      path('plain.html'),
    )
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    expect(stdout.split('\n')[0]).toMatch(/^1 host · 2 states checked · 1 drifted on 1 host · 2 not visible$/)
    expect(await everythingOf(host.name)).toBe(before)
    const { runs } = JSON.parse(readFileSync(path('plain.json'), 'utf8'))
    expect(runs[0].results.map((result: { status: string }) => result.status)).toEqual([
      'changed',
      'not-visible',
      'not-visible',
      'ok',
    ])
    expect(readFileSync(path('plain.html'), 'utf8')).toContain('2 not visible')
    expect(statSync(path('plain.html')).mode & 0o777).toBe(0o600)
  })

  test('fails on what was not visible unless it is told not to', async () => {
    const unseen = playbook(
      'unseen.yml',
      '- hosts: all\n  tasks:\n    - copy: { dest: /root/.demo.conf, content: x }\n',
    )
    expect((await lockstep('check', unseen)).code).toBe(2)
    expect((await lockstep('check', unseen, '--fail-on', 'may')).code).toBe(0)
    expect((await lockstep('check', unseen, '--fail-on', 'drift')).code).toBe(0)
  })
})

describe('what cannot be known', () => {
  const site = playbook(
    'may.yml',
    `- name: may
  hosts: all
  become: true
  tasks:
    - name: look
      command: "true"
      register: looked
    - name: depends
      file: { path: /etc/may, state: directory }
      when: looked.rc == 0
`,
  )

  test('is counted apart from drift, with what it depends on', async () => {
    const { code, stdout } = await lockstep('check', site, '--report', path('may.md'))
    expect(stdout.split('\n')[0]).toBe('1 host · 0 states checked · no drift · 1 would run · 1 may run')
    expect(code).toBe(0)
    expect(readFileSync(path('may.md'), 'utf8')).toMatch(/\| may run \| depends \| audit1 \| .* \| depends on .+ \|/)
    expect((await lockstep('check', site, '--fail-on', 'may')).code).toBe(2)
  })
})

describe('the report of a run', () => {
  test('is written when the run is stopped at once, and says that it was cut short', async () => {
    const site = playbook(
      'slow.yml',
      `- hosts: all
  become: true
  tasks:
    - file: { path: /etc/first, state: directory }
    - wait-for: { path: /run/never, timeout: 250 }
`,
    )
    const words = ['run', site, '-i', path('hosts.yml'), '--output', 'jsonl', '--report', path('cut.json')]
    const child = spawn(process.execPath, [path('dist/lockstep.js'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    const done = once(child, 'close')
    const notices = createInterface(child.stderr)[Symbol.asyncIterator]()
    for await (const line of createInterface(child.stdout)) {
      const event = JSON.parse(line)
      if (event.type !== 'task-started' || event.task.module !== 'wait-for') continue
      child.kill('SIGINT')
      expect((await notices.next()).value).toMatch(/^finishing what is in flight/)
      child.kill('SIGINT')
    }
    const [code] = (await done) as [number]
    expect(code).toBe(130)
    const { verdict, runs } = JSON.parse(readFileSync(path('cut.json'), 'utf8'))
    expect(verdict).toBe('cut short; changed 1 task on 1 of 1 host')
    expect(runs[0].outcome).toBe('cut-short')
  })
})

describe('the units of docs/audit.md', () => {
  test('are what systemd takes', async () => {
    const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8')
    const units = [...page.matchAll(/^```ini\n# (\S+)\n([\s\S]*?)^```/gm)].map(([, file = '', text = '']) => ({
      file,
      text,
    }))
    expect(units.map(({ file }) => file)).toEqual([
      '/etc/systemd/system/lockstep-audit.service',
      '/etc/systemd/system/lockstep-audit.timer',
    ])
    await out(host.name, 'mkdir -p /srv/lockstep && cp /bin/true /srv/lockstep/run && useradd --system lockstep-audit')
    for (const { file, text } of units) await out(host.name, `cat >${file} <<'END'\n${text}END`)
    const files = units.map(({ file }) => file).join(' ')
    expect(await out(host.name, `systemd-analyze verify ${files} 2>&1`)).toBe('')
    await out(host.name, 'systemctl daemon-reload && systemctl start lockstep-audit.service')
    expect(await out(host.name, 'stat -c "%a %U" /var/lib/lockstep-audit')).toBe('700 lockstep-audit')
  })
})
