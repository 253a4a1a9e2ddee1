import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newIdentity, sealAge } from '../../engine/language/encrypted/age.ts'
import { labReset } from '../../lab/lab.ts'
import { bringUp, out } from './play.ts'
import { watchProcesses } from './watched-processes.ts'

/** What must be seen nowhere; quotes and spaces make each way of writing it another one. */
const MARKER = `Zx9 it's "marked" $HOME/ü`
/** Made of letters, so that a shell or a URL does not change it. */
const PLAIN = 'Qw7MarkedAndPlain'
/** As they would show: as they are, quoted or escaped, in Base64, in hexadecimal digits. */
const TRACES = [
  'Zx9 it',
  'Zx9%20it',
  'Zx9\\\\ it',
  PLAIN,
  base64Core(MARKER),
  base64Core(PLAIN),
  hex('Zx9 it'),
  hex(PLAIN),
]

const HOST = 'secret1'
const folder = mkdtempSync(join(tmpdir(), 'secrets-lab-'))
const home = join(folder, 'home')
const entry = join(folder, 'dist', 'lockstep.js')

function base64Core(text: string): string {
  return Buffer.from(text).toString('base64').slice(0, 12)
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}

const TASKS = `
    - { name: folder, file: { path: /etc/marked, state: directory } }
    - { name: copied, copy: { dest: /etc/marked/copied, content: "a {{marker}}\\nb {{plain}}\\n" } }
    - { name: clear over a secret, copy: { dest: /etc/marked/replaced, content: "nothing here\\n", mode: "0600" } }
    - { name: rendered, template: { dest: /etc/marked/rendered, src: marked.hbs } }
    - { name: line, line-in-file: { path: /etc/marked/lines, line: "password={{marker}}", create: true, mode: "0600" } }
    - { name: block, block-in-file: { path: /etc/marked/lines, block: "{{marker}}" } }
    - { name: JSON, json-file: { path: /etc/marked/json, create: true, merge: { pass: "{{marker}}", list: ["{{plain}}"] } } }
    - { name: account, user: { name: marked, password: "{{hash}}" } }
    - { name: sealed key, keygen: { path: /etc/marked/key, passphrase: "{{marker}}" } }
    - name: given on stdin
      command: { cmd: cat, stdin: "{{marker}} {{plain}}" }
      register: said
    - { name: registered, copy: { dest: /etc/marked/registered, content: "{{said.stdout}}\\n" } }
    - name: read by a shell, which goes on when the watch has seen it
      shell:
        cmd: "read -r word; sh -c 'until grep -qa $0 /run/watched; do sleep 0.1; done' seen-by-the-watch; test -n \\"$word\\""
        stdin: "{{plain}}\\n"
    - name: printed in each way
      shell:
        cmd: "word=$(cat); printf %s \\"$word\\" >&2; printf %s \\"$word\\" | base64 -w0; exit 3"
        stdin: "{{marker}}"
      ignore_errors: true
    - name: printed by a check of the file
      copy: { dest: /etc/marked/refused, content: "x {{marker}}\\n{{plain}}\\n", validate: "cat %s >&2; base64 %s >&2; false" }
      ignore_errors: true
    - name: in a request
      http:
        url: "http://127.0.0.1:9/{{plain}}"
        method: POST
        headers: { X-Token: "{{plain}}" }
        json: { pass: "{{marker}}" }
        timeout: 2
      ignore_errors: true
    - { name: said to a port, wait-for: { port: 9, send: "{{plain}}", timeout: 1 }, ignore_errors: true }
    - { name: asserted, assert: { that: 'marker == "no" && plain != ""' }, ignore_errors: true }
    - { name: said, debug: { msg: ["it is {{marker}}", "{{plain}}"] } }
    - { name: shown, debug: { var: marker } }
    - name: each
      command: { cmd: cat, stdin: "{{item.pass}}" }
      loop: [{ pass: "{{marker}}" }, { pass: "{{plain}}" }]
    - name: made of a literal
      command: { cmd: cat, stdin: !cel 'secret("Zx9 it") + upper(marker)' }
`

beforeAll(async () => {
  execFileSync(process.execPath, ['engine/build.mjs', join(folder, 'dist')], { stdio: 'inherit' })
  const { identity, recipient } = await newIdentity()
  write('home/.config/lockstep/identity.txt', identity, 0o600)
  const hash = `$6$salt$${PLAIN}`
  const values = JSON.stringify({ marker: MARKER, plain: PLAIN, hash })
  write('group_vars/all/secrets.yml.age', await sealAge(Buffer.from(values), { recipients: [recipient] }))
  write(
    'hosts.yml',
    `all:\n  vars: { lockstep_lab: true }\n  hosts:\n    ${HOST}: { address: 10.92.3.1, lab_packages: [curl] }\n`,
  )
  write('templates/marked.hbs', 'pass = {{marker}}\nother = {{plain}}\n')
  write('site.yml', `- name: marked\n  hosts: all\n  become: true\n  tasks:${TASKS}`)
  for (const name of ['tmp', 'kept']) mkdirSync(join(folder, name))
  await bringUp([{ name: HOST, address: '10.92.3.1', packages: ['curl'] }])
  await labReset([HOST], () => {})
})
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text, { mode })
}

/** Where reports, plans and the history of runs go. */
const kept = join(folder, 'kept')
const reports = (name: string) =>
  ['html', 'json', 'sarif', 'xml', 'md'].flatMap((kind) => ['--report', join(kept, `${name}.${kind}`)])

/** Runs the command line with a home and a folder for temporary files of its own; looks at its process while it runs. */
async function lockstep(...words: string[]): Promise<{ code: number; output: string; limits: string }> {
  const environment = {
    ...process.env,
    HOME: home,
    TMPDIR: join(folder, 'tmp'),
    XDG_CONFIG_HOME: '',
    LOCKSTEP_HISTORY: join(kept, 'runs'),
  }
  const argv = [entry, ...words, '-i', join(folder, 'hosts.yml')]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: environment })
  const closed = once(child, 'close')
  let output = ''
  let limits = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => (output += part))
  for await (const line of createInterface(child.stdout)) {
    // Its first line comes when everything has been opened.
    if (limits === '') limits = readFileSync(`/proc/${child.pid}/limits`, 'utf8')
    output += `${line}\n`
  }
  const [code] = (await closed) as [number]
  return { code, output, limits }
}

function traces(text: string): string[] {
  return TRACES.filter((trace) => text.includes(trace))
}

/** Files below folders of the host in which a trace is, with their modes. */
async function marked(...folders: string[]): Promise<string[]> {
  const patterns = TRACES.map((trace) => `-e ${quoted(trace)}`).join(' ')
  const found = await out(
    HOST,
    `grep -rlaF ${patterns} ${folders.join(' ')} 2>/dev/null | sort | xargs -r stat -c '%a %n'`,
  )
  return found === '' ? [] : found.split('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

describe('a secret that is used in every way', () => {
  test('shows nowhere but in the files that are to hold it', async () => {
    await out(
      HOST,
      `mkdir -p /etc/marked && printf 'old %s\\n' ${quoted(PLAIN)} >/etc/marked/replaced && chmod 600 /etc/marked/replaced`,
    )
    const watch = await watchProcesses(HOST)
    const site = join(folder, 'site.yml')
    const plan = ['--save', join(kept, 'plan.json')]
    const check = await lockstep('check', site, '-vvv', '--diff', ...plan, ...reports('check'))
    const run = await lockstep('run', site, '-vvv', '--diff', ...reports('run'))
    await out(HOST, 'rm -r /etc/marked')
    const events = await lockstep('run', site, '--output', 'jsonl')
    const watched = await watch.end()

    expect([check.code, run.code, events.code]).toEqual([2, 0, 0])
    expect(traces(check.output)).toEqual([])
    expect(traces(run.output)).toEqual([])
    expect(traces(events.output)).toEqual([])
    for (const { limits } of [check, run, events]) expect(limits).toMatch(/^Max core file size +0 +0 /m)
    // It has come to the host, and what was made of it is told as changed.
    expect(run.output).toContain('/etc/marked/copied: new, not shown')
    expect(events.output).toContain('‹secret›')
    expect(await out(HOST, 'cat /etc/marked/copied /etc/marked/registered')).toBe(
      `a ${MARKER}\nb ${PLAIN}\n${MARKER} ${PLAIN}`,
    )

    expect(traces(watched)).toEqual([])
    expect(watched).toMatch(/^PATH=/m)
    expect(traces(await out(HOST, 'journalctl --no-pager -o export'))).toEqual([])
    const found = await marked('/etc', '/root', '/home', '/tmp', '/var', '/run', '/dev/shm', '/srv', '/opt')
    const written = ['copied', 'json', 'lines', 'registered', 'rendered'].map((name) => `600 /etc/marked/${name}`)
    // The hash of the account is where hashes are, and in the copy that the system keeps of it.
    expect(found.filter((line) => !/^6[04]0 \/etc\/shadow-?$/.test(line))).toEqual(written)
    const files = readdirSync(kept, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name))
    expect(files.filter((name) => !name.startsWith('runs/'))).toHaveLength(2 * 5 + 1)
    expect(files.filter((name) => name.startsWith('runs/'))).toHaveLength(3)
    for (const name of files) expect([name, ...traces(readFileSync(join(kept, name), 'latin1'))]).toEqual([name])
    // Nothing else was written on this side.
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
    expect(execFileSync('find', [home, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n')).toEqual([
      join(home, '.config/lockstep/identity.txt'),
    ])
  })

  test.each([
    ['a word of a command', 'command: "login {{plain}}"', "'cmd' of command would show a secret"],
    ['a line of a shell', 'shell: "curl -u me:{{plain}} http://x/"', "'cmd' of shell would show a secret"],
    ['a message', 'fail: { msg: "{{plain}}" }', "'msg' of fail would show a secret"],
    [
      'the environment',
      'command: "true"\n      environment: { TOKEN: "{{plain}}" }',
      'the environment variable TOKEN would show a secret',
    ],
  ])('is refused before anything is done as %s', async (_, task, message) => {
    write('refused.yml', `- hosts: all\n  tasks:\n    - ${task}\n`)
    const { code, output } = await lockstep('run', join(folder, 'refused.yml'))
    expect(code).toBe(1)
    expect(output).toContain(`error[SECRET_SHOWN]: ${message}`)
    expect(output).toMatch(/, in the task '.*'\n/)
    expect(traces(output)).toEqual([])
  })
})
