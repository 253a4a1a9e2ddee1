import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labExec } from '../../lab/exec.ts'
import { labFreeze, labThaw } from '../../lab/faults.ts'
import { type Ended, endOf } from './ended.ts'
import { freshHosts } from './play.ts'

const hosts = [
  { name: 'cli1', address: '10.92.0.1' },
  { name: 'cli2', address: '10.92.0.2' },
]
const folder = mkdtempSync(join(tmpdir(), 'command-line-'))
const entry = join(folder, 'dist', 'lockstep.js')
const inventory = join(folder, 'hosts.yml')

freshHosts(hosts)
beforeAll(() => {
  execFileSync(process.execPath, ['engine/build.mjs', join(folder, 'dist')], { stdio: 'inherit' })
  const lines = hosts.map(({ name, address }) => `    ${name}: { address: ${address} }\n`)
  writeFileSync(inventory, `all:\n  vars: { lockstep_lab: true }\n  hosts:\n${lines.join('')}`)
})
afterAll(() => rmSync(folder, { recursive: true }))

function playbook(name: string, tasks: string): string {
  const path = join(folder, `${name}.yml`)
  writeFileSync(path, `- name: ${name}\n  hosts: all\n  become: true\n${tasks}`)
  return path
}

function start(command: string, ...words: string[]) {
  return spawn(process.execPath, [entry, command, '-i', inventory, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function lockstep(command: string, ...words: string[]): Promise<Ended> {
  const child = start(command, ...words)
  return await endOf(child)
}

describe('the command line on lab hosts', () => {
  const site = playbook('site', '  tasks:\n    - file: { path: /etc/demo, state: directory, mode: "0750" }\n')

  test('checks with exit code 2, runs with 0, and then finds nothing', async () => {
    const before = await lockstep('check', site)
    expect({ code: before.code, stderr: before.stderr }).toEqual({ code: 2, stderr: '' })
    expect(before.stdout.split('\n')[0]).toBe('2 hosts · 2 states checked · 2 drifted on 2 hosts')
    const run = await lockstep('run', site)
    expect(run.code).toBe(0)
    expect(run.stdout).toContain('changed      file /etc/demo [cli1, cli2]\n')
    const after = await lockstep('run', site, '--check')
    expect(after.code).toBe(0)
    expect(after.stdout.split('\n')[0]).toBe('2 hosts · 2 states checked · no drift')
  })

  test('prints nothing but events with --output jsonl', async () => {
    const quiet = playbook('quiet', '  tasks:\n    - file: { path: /etc, state: directory }\n')
    const { code, stdout } = await lockstep('check', quiet, '--output', 'jsonl', '--limit', 'cli1')
    const types = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type)
    expect(code).toBe(0)
    expect([types[0], types.at(-1)]).toEqual(['run-started', 'run-finished'])
  })

  test('runs a command and shows facts', async () => {
    const exec = await lockstep('exec', '-b', 'cli2', 'echo $(whoami) on $(hostname)')
    expect(exec).toEqual({ code: 0, stdout: 'cli2: exit code 0\n  root on cli2\n', stderr: '' })
    const facts = await lockstep('facts', 'cli1', '--format', 'json')
    expect(JSON.parse(facts.stdout).cli1.os.id).toBe('debian')
  })

  test('gives exit code 3 when a task fails, and 4 when a host is not there', async () => {
    const failing = playbook('failing', '  tasks:\n    - command: "false"\n')
    const failed = await lockstep('run', failing, '--limit', 'cli1')
    expect(failed.code).toBe(3)
    expect(failed.stdout).toContain('1 host failed; nothing changed on 1 host\n')
    await labFreeze('cli2')
    try {
      const unreachable = await lockstep('run', failing, '-T', '2')
      expect(unreachable.code).toBe(4)
      expect(unreachable.stdout).toContain('UNREACHABLE: cli2 (ops@10.92.0.2:22) ')
    } finally {
      await labThaw('cli2')
    }
  })

  test('finishes what is in flight when it is interrupted, and pays the debt with the next run', async () => {
    const tasks = `\
  tasks:
    - copy: { dest: /etc/owed.conf, content: x }
      notify: tell
    - wait-for: { path: /run/go-on, timeout: 120 }
    - file: { path: /etc/never, state: directory }
  handlers:
    - name: tell
      command: { argv: [touch, /etc/told], creates: /etc/told }
`
    const slow = playbook('slow', tasks)
    const child = start('run', slow, '--limit', 'cli1', '--output', 'jsonl')
    const done = once(child, 'close')
    const notices = createInterface(child.stderr)[Symbol.asyncIterator]()
    try {
      for await (const line of createInterface(child.stdout)) {
        const event = JSON.parse(line)
        if (event.type !== 'task-started' || event.task.module !== 'wait-for') continue
        child.kill('SIGINT')
        expect((await notices.next()).value).toMatch(/^finishing what is in flight/)
        await labExec('cli1', ['touch', '/run/go-on'])
      }
      expect((await done)[0]).toBe(130)
    } finally {
      child.kill('SIGKILL')
    }
    expect((await labExec('cli1', ['ls', '/etc/told', '/etc/never'])).stdout.toString()).toBe('')
    const check = await lockstep('check', slow, '--limit', 'cli1')
    expect(check.code).toBe(2)
    expect(check.stdout).toContain("cli1: 'tell' owed since")
    expect((await lockstep('run', slow, '--limit', 'cli1')).code).toBe(0)
    expect((await labExec('cli1', ['ls', '/etc/told'])).code).toBe(0)
  })
})
