import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Recorder } from '../../engine/history/recorder.ts'
import { newIdentity, sealAge } from '../../engine/language/encrypted/age.ts'
import { checkOf, startOf } from '../history/records.ts'

// This machine is checked under its own name and never run on: a run would take its lock, which other tests take too.
const folder = mkdtempSync(join(tmpdir(), 'plans-and-runs-'))
const entry = join(folder, 'dist', 'lockstep.js')
const note = join(folder, 'note')
const site = `- name: site
  hosts: all
  tasks:
    - name: a note
      copy: { dest: ${note}, content: "{{text}}", mode: "0600" }
      no_log: true
`

beforeAll(() => {
  execFileSync(process.execPath, ['engine/build.mjs', join(folder, 'dist')], { stdio: 'inherit' })
  writeFileSync(join(folder, 'hosts.yml'), 'all: { hosts: { web1: { connection: local } } }\n')
  writeFileSync(join(folder, 'site.yml'), site)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

function lockstep(words: readonly string[], environment: Record<string, string> = {}) {
  const env = {
    ...process.env,
    LOCKSTEP_HISTORY: join(folder, 'runs'),
    XDG_STATE_HOME: join(folder, 'state'),
    ...environment,
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...words], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const check = ['check', 'site.yml', '-i', 'hosts.yml', '-e', 'text=hunter2']

describe('recorded runs on the command line', () => {
  test('are listed newest first, shown, compared, and followed through time', () => {
    for (const text of ['same', undefined, 'another']) {
      rmSync(note, { force: true })
      if (text !== undefined) writeFileSync(note, text, { mode: 0o600 })
      expect(lockstep([...check.slice(0, -1), 'text=same']).status).toBe(text === 'same' ? 0 : 2)
    }
    const list = JSON.parse(lockstep(['runs', '--output', 'json']).stdout)
    expect(list.map(({ exitCode }: { exitCode: number }) => exitCode)).toEqual([2, 2, 0])
    expect(list[0]).toMatchObject({ mode: 'check', playbooks: ['site.yml'], extraVars: ['text'], hosts: ['web1'] })
    const lines = lockstep(['runs', '--limit', '2', '--host', 'web1', '--playbook', 'site.yml'])
      .stdout.trimEnd()
      .split('\n')
    expect(lines).toEqual([
      expect.stringMatching(
        /^\S+Z-\w{6} {2}\S+ \S+Z {2}check {2}site\.yml {2}\S+@\S+ {2}web1 {2}1 host · 1 state checked · 1 drifted on 1 host$/,
      ),
      expect.stringContaining('1 drifted on 1 host'),
    ])
    expect(lockstep(['runs', '--host', 'web2']).stdout).toBe('')

    const shown = lockstep(['runs', 'show', 'latest']).stdout
    expect(shown).toContain('-i hosts.yml, -e text=…')
    expect(shown).toContain('drift        a note [web1]\n')
    const replayed = lockstep(['runs', 'show', list[1].id, '--output', 'jsonl']).stdout.trimEnd().split('\n')
    expect(replayed.map((line) => JSON.parse(line).type).at(-1)).toBe('run-finished')

    const compared = lockstep(['runs', 'compare', 'latest~2', 'latest']).stdout
    expect(compared).toContain(`drifted           a note [web1]\n                  ${note}`)
    const moves = JSON.parse(lockstep(['runs', 'compare', 'latest', 'latest~2', '--output', 'json']).stdout).moves
    expect(moves).toMatchObject([{ kind: 'mended', host: 'web1', task: 'a note' }])

    const since = lockstep(['runs', 'since', 'web1']).stdout
    expect(since).toContain(`(${list[1].id}), seen so 2 times until `)
    expect(since).toContain(list[2].id)
    expect(JSON.parse(lockstep(['runs', 'since', 'web1', 'NOTE', '--output', 'json']).stdout)).toMatchObject([
      { isDrifted: true, run: list[1].id, before: list[2].id, times: 2 },
    ])
  })

  test('hold no value of -e, and are for their user alone', () => {
    lockstep(['check', 'site.yml', '-i', 'hosts.yml', '-e', 'text=x', '-e', 'unread=hunter3'])
    const runs = join(folder, 'runs')
    expect(statSync(runs).mode & 0o777).toBe(0o700)
    const texts = readdirSync(runs).map((name) => readFileSync(join(runs, name), 'utf8'))
    expect(texts.join()).not.toContain('hunter3')
  })

  test('are not made when that is switched off, and a folder that cannot be written is one warning', () => {
    const before = readdirSync(join(folder, 'runs')).length
    expect(lockstep([...check, '--no-history'])).toMatchObject({ status: 2, stderr: '' })
    expect(lockstep(check, { LOCKSTEP_HISTORY: 'off' })).toMatchObject({ status: 2, stderr: '' })
    expect(readdirSync(join(folder, 'runs')).length).toBe(before)
    const { status, stdout } = lockstep(check, { LOCKSTEP_HISTORY: join(folder, 'site.yml', 'runs') })
    expect(status).toBe(2)
    expect(stdout.match(/warning\[NOT_RECORDED\]: the run goes on and is not recorded: ENOTDIR/g)?.length).toBe(1)
  })

  test('cannot move the cursor, whatever a host or a file has put into them', () => {
    const evil = 'x\u001b[2J\u009b31m\u202e\r'
    const runs = join(folder, 'evil')
    for (const number of [1, 2]) {
      const start = { ...startOf(number), operator: evil, playbooks: [evil], hosts: [evil], extraVars: [evil] }
      const recorder = new Recorder(runs, start, (error) => expect.unreachable(error.message))
      for (const event of checkOf({ [evil]: { [`${evil} [${evil}]`]: number === 1 ? 'ok' : 'changed' } }))
        recorder.emit(event)
      recorder.end({ type: 'record-finished', at: evil, exitCode: 0, outcome: evil })
    }
    writeFileSync(join(runs, `${evil}.jsonl`), '')
    for (const words of [[], ['show', 'latest', '-vv'], ['compare', 'latest~1', 'latest'], ['since', evil]]) {
      const { status, stdout, stderr } = lockstep(['runs', ...words], { LOCKSTEP_HISTORY: runs })
      expect(status).toBe(0)
      expect(stdout).toContain('x')
      expect(stdout + stderr).not.toMatch(/[\u001b\u009b\u202e\r]/)
    }
  })

  test('that nobody has made are a sentence', () => {
    const { status, stderr } = lockstep(['runs', 'show', '1999'])
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "error[NO_RECORD]: no run is recorded as '1999'\nhint: `lockstep runs` lists what is recorded\n",
    })
  })
})

describe('saved plans on the command line', () => {
  test('are for their user alone, and hold neither -e nor the key that it is compared by', () => {
    expect(lockstep([...check, '--save', 'plan.json']).status).toBe(2)
    expect(statSync(join(folder, 'plan.json')).mode & 0o777).toBe(0o600)
    const plan = readFileSync(join(folder, 'plan.json'), 'utf8')
    expect(JSON.parse(plan)).toMatchObject({
      playbook: 'site.yml',
      extraVars: { names: ['text'] },
      sources: [{ path: 'hosts.yml' }, { path: 'site.yml' }],
      hosts: { web1: { tasks: [{ name: 'a note', status: 'changed' }] } },
    })
    const key = readFileSync(join(folder, 'state', 'lockstep', 'plan-key'))
    for (const secret of ['hunter2', key.toString('hex'), key.toString('base64')]) expect(plan).not.toContain(secret)
  })

  test.each([
    [['--limit', 'web1'], '--limit says something else than the plan, which was made with none'],
    [['--tags', 'x'], '--tags says something else than the plan, which was made with none'],
    [['-i', 'site.yml'], /--inventory says something else than the plan, which was made with \S+\/hosts\.yml/],
    [['-b'], '--become says something else than the plan, which was made with none'],
    [[], 'the plan was made with -e for text, and it does not keep the values'],
    [['-e', 'text=other'], '-e is not what it was when the plan was made (it was about text)'],
    [['--check'], '--plan applies a plan, and --check changes nothing'],
  ])('are not applied with the flags %j', (flags, sentence) => {
    const { status, stdout, stderr } = lockstep(['run', '--plan', 'plan.json', ...flags])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(sentence instanceof RegExp ? sentence : `error[PLAN_FLAGS]: ${sentence}\n`)
  })

  test('are not applied when a file has changed, was added or is gone: all of them are named, with exit code 5', () => {
    const save = ['check', 'other.yml', '-i', 'hosts.yml', '--save', 'other.json']
    const task = `- { hosts: all, tasks: [{ template: { dest: ${note}, src: note.hbs } }] }\n`
    writeFileSync(join(folder, 'other.yml'), task)
    writeFileSync(join(folder, 'note.hbs'), 'a')
    expect(lockstep(save).status).toBe(2)
    execFileSync('mkdir', [join(folder, 'host_vars')])
    writeFileSync(join(folder, 'host_vars', 'web1.yml'), 'x: 1\n')
    const added = lockstep(['run', '--plan', 'other.json'])
    expect(added.status).toBe(5)
    expect(added.stderr).toContain('no longer holds: host_vars/web1.yml is new\n')
    writeFileSync(join(folder, 'other.yml'), `${task}# a word\n`)
    rmSync(join(folder, 'note.hbs'))
    const changed = lockstep(['run', '--plan', 'other.json'])
    expect(changed.status).toBe(5)
    expect(changed.stderr).toContain('no longer holds: note.hbs is gone, other.yml is changed\n')
    rmSync(join(folder, 'host_vars'), { recursive: true })
  })

  test('know -e from an encrypted file too, and neither they nor the history keep what it says', async () => {
    const { identity, recipient } = await newIdentity()
    writeFileSync(join(folder, 'identity.txt'), identity, { mode: 0o600 })
    const sealed = await sealAge(Buffer.from('text: hunter3\n'), { recipients: [recipient] })
    writeFileSync(join(folder, 'text.yml.age'), sealed)
    const given = ['-e', '@text.yml.age', '--identity', 'identity.txt']
    const saved = lockstep(['check', 'site.yml', '-i', 'hosts.yml', ...given, '--save', 'sealed.json'])
    expect(saved).toMatchObject({ status: 2, stderr: expect.not.stringContaining('error') })
    expect(JSON.parse(lockstep(['runs', '--limit', '1', '--output', 'json']).stdout)[0].extraVars).toEqual(['text'])
    const { status, stderr } = lockstep(['run', '--plan', 'sealed.json', '-e', 'text=hunter2'])
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('-e is not what it was') })
    const found = spawnSync('grep', ['-rla', 'hunter3', 'sealed.json', 'runs', 'state'], { cwd: folder })
    expect(found.stdout.toString()).toBe('')
  })

  test('that were made with another key cannot be compared', () => {
    const { status, stderr } = lockstep(['run', '--plan', 'plan.json', '-e', 'text=hunter2'], {
      LOCKSTEP_PLAN_KEY: entry,
    })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^error\[PLAN_KEY\]: whether -e is as it was cannot be told/)
  })

  test.each([
    [
      ['run', '--plan', 'site.yml'],
      1,
      /^error\[PLAN_BROKEN\]: site\.yml is no plan that can be applied: it is no JSON/,
    ],
    [['run', '--plan', 'none.json'], 1, /^error\[FILE_MISSING\]: the plan none\.json cannot be read: ENOENT/],
    [['run'], 1, /^error: missing required argument 'playbook'/],
    [
      ['check', 'site.yml', 'site.yml', '-i', 'hosts.yml', '-e', 'text=', '--save', 'x'],
      1,
      /^error\[BAD_OPTION\]: --save takes one/,
    ],
    [[...check, '--save', 'site.yml/x'], 1, /error\[PLAN_NOT_SAVED\]: the plan cannot be written to site\.yml\/x: E/],
  ])('answer the mistake %j', (words, code, sentence) => {
    const { status, stderr } = lockstep(words)
    expect(status).toBe(code)
    expect(stderr).toMatch(sentence)
  })
})
