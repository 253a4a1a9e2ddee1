import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { labExec } from '../../lab/exec.ts'
import { labReset } from '../../lab/lab.ts'
import { builtProgram } from '../cli/built-program.ts'
import { Screen } from '../report/screen.ts'
import { bringUp, out } from './play.ts'

const folder = mkdtempSync(join(tmpdir(), 'terminal-'))
const program = builtProgram()
const inventory = join(folder, 'hosts.yml')
const site = join(folder, 'site.yml')
const RUNNING = / of 1 done/

beforeAll(async () => {
  writeFileSync(inventory, 'all: { vars: { lockstep_lab: true }, hosts: { tty1: { address: 10.104.0.1 } } }\n')
  writeFileSync(
    site,
    `- name: slow
  hosts: all
  become: true
  tasks:
    - name: a release of the shop that takes its time to be unpacked
      shell: |
        echo begun
        while ! [ -e /run/go-on ]; do sleep 0.1; done
        echo ended
    - file: { path: /etc/never, state: directory }
`,
  )
  await bringUp([{ name: 'tty1', address: '10.104.0.1' }])
  await labReset(['tty1'], () => {})
})
afterAll(() => rmSync(folder, { recursive: true }))
/** What a run that was stopped at once has left going on holds its lock until it ends. */
beforeEach(async () => {
  await out('tty1', 'touch /run/go-on; [ ! -e /run/lockstep.lock ] || flock -w 60 /run/lockstep.lock true')
  await out('tty1', 'rm -rf /run/go-on /etc/never')
})

/** The playbook run by a person at a terminal of 80 columns. */
function atTerminal(...flags: string[]) {
  const words = [process.execPath, program.entry, 'run', '-i', inventory, site, ...flags].map((word) => `'${word}'`)
  const command = `tty >'${folder}/tty'; stty rows 24 cols 80; exec ${words.join(' ')}`
  const child = spawn('script', ['-qefc', command, '/dev/null'], { env: { ...process.env, TERM: 'xterm' } })
  const screen = new Screen(80, 24, { lineEnds: false })
  child.stdout.on('data', (chunk: Buffer) => screen.write(chunk))
  const ended = once(child, 'close').then(async ([code]) => {
    await screen.shown()
    return code as number
  })
  return { screen, ended, type: (keys: string) => child.stdin.write(keys) }
}

const CTRL_C = '\u0003'
const isWaiting = (lines: readonly string[]) =>
  lines.some((line) => RUNNING.test(line)) && lines.some((line) => line === 'tty1         │ begun')

describe('a run at a terminal', () => {
  test('shows that it lives and what commands print, and keeps only what stays when Ctrl-C ends it', async () => {
    const { screen, ended, type } = atTerminal('-v')
    await screen.until(isWaiting)
    expect(screen.lines.filter((line) => RUNNING.test(line))).toHaveLength(1)
    type(CTRL_C)
    await screen.until((lines) => lines.some((line) => line.startsWith('finishing what is in flight')))
    await labExec('tty1', ['touch', '/run/go-on'])
    expect(await ended).toBe(130)
    expect(screen.lines).toEqual([
      `running ${site} on 1 host`,
      'play slow [tty1]',
      'tty1         │ begun',
      'finishing what is in flight and recording the rest; once more stops at once',
      'tty1         │ ended',
      'changed      a release of the shop that takes its time to be unpacked [tty1]',
      '             runs echo begun…: run',
      '',
      expect.stringMatching(/^1 host in /),
      expect.stringMatching(/^ {2}tty1 {22}changed 1, \d rounds, .* received$/),
      'interrupted; changed 1 task on 1 of 1 host',
    ])
    expect(screen.cursor[0]).toBe(0)
    expect((await labExec('tty1', ['ls', '/etc/never'])).code).not.toBe(0)
  })

  test('is drawn anew when the terminal changes its size', async () => {
    const { screen, ended } = atTerminal('-v')
    await screen.until(isWaiting)
    execFileSync('stty', ['-F', readFileSync(`${folder}/tty`, 'utf8').trim(), 'cols', '40'])
    screen.resize(40, 24)
    await screen.until((lines) => lines.some((line) => /^ +\d+:\d\d {2}a release.*…: 0 of 1 done$/.test(line)))
    await labExec('tty1', ['touch', '/run/go-on'])
    expect(await ended).toBe(0)
  })

  test('stops at once with the second Ctrl-C, and leaves nothing of what it drew', async () => {
    const { screen, ended, type } = atTerminal()
    await screen.until((lines) => lines.some((line) => RUNNING.test(line)))
    type(CTRL_C)
    await screen.until((lines) => lines.some((line) => line.startsWith('finishing what is in flight')))
    type(CTRL_C)
    expect(await ended).toBe(130)
    expect(screen.lines.filter((line) => RUNNING.test(line))).toEqual([])
    expect(screen.lines.slice(0, 3)).toEqual([
      `running ${site} on 1 host`,
      'play slow [tty1]',
      'finishing what is in flight and recording the rest; once more stops at once',
    ])
  })
})

describe('a run that is told to end', () => {
  test.each(['SIGTERM', 'SIGHUP'] as const)('by %s finishes what is in flight, as with Ctrl-C', async (signal) => {
    const words = [program.entry, 'run', '-i', inventory, site, '-v', '--output', 'jsonl']
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const done = once(child, 'close')
    const notices = createInterface(child.stderr)[Symbol.asyncIterator]()
    const types: string[] = []
    for await (const line of createInterface(child.stdout)) {
      const event = JSON.parse(line)
      types.push(event.type)
      if (event.type !== 'task-output' || event.text !== 'begun') continue
      child.kill(signal)
      expect((await notices.next()).value).toMatch(/^finishing what is in flight/)
      await labExec('tty1', ['touch', '/run/go-on'])
    }
    expect((await done)[0]).toBe(130)
    expect(types.at(-1)).toBe('run-finished')
    expect((await labExec('tty1', ['ls', '/etc/never'])).code).not.toBe(0)
  })
})
