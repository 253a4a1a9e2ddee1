import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'

const SCRIPT = resolve('playbooks/roles/ssh-ca/files/exchange-ca.sh')
const STATE = resolve('playbooks/roles/ssh-ca/files/ca-state.sh')
const FILES = ['user_ca', 'user_ca.pub', 'user_ca.issued', 'host_ca', 'host_ca.pub', 'host_ca.issued']
const USED = Object.fromEntries(FILES.map((file) => [file, `${file} of now`]))
const NEXT = Object.fromEntries(FILES.map((file) => [file, `${file} of next`]))
let folder = ''
/** Nothing is forced to the disk here, where that of a busy machine would be waited for a hundred times. */
const quick = mkdtempSync(join(tmpdir(), 'exchange-ca-'))
const env = { ...process.env, PATH: `${quick}:${process.env.PATH}` }
writeFileSync(join(quick, 'sync'), '#!/bin/sh\n', { mode: 0o755 })
afterAll(() => rmSync(quick, { recursive: true }))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exchange-ca-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(texts: Record<string, string>, place = ''): void {
  mkdirSync(join(folder, place), { recursive: true })
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, place, name), text)
}

function read(place = ''): Record<string, string> {
  const names = FILES.filter((name) => existsSync(join(folder, place, name)))
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, place, name), 'utf8')]))
}

const run = (script: string) => spawnSync('sh', [script, folder], { encoding: 'utf8', env })

/** Kills the script before its command of this number; says whether it came to that. */
function killAt(command: number): boolean {
  const trap = `n=0; trap 'n=$((n+1)); [ $n -lt ${command} ] || kill -9 $$' DEBUG; set -T`
  return spawnSync('bash', ['-c', `${trap}\n. "$0" "$1"`, SCRIPT, folder], { env }).signal === 'SIGKILL'
}

test('CAs are exchanged whole, wherever it is cut off before it is done again', () => {
  for (let command = 1; ; command++) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
    write(USED)
    write(NEXT, 'next')
    const isCut = killAt(command)
    const old = existsSync(join(folder, 'old')) ? read('old') : USED
    expect(old, `after ${command} commands`).toEqual(USED)
    const { status, stderr } = run(SCRIPT)
    expect({ status, stderr }, `after ${command} commands`).toEqual({ status: 0, stderr: '' })
    expect(read(), `after ${command} commands`).toEqual(NEXT)
    expect(read('old')).toEqual(USED)
    expect(readdirSync(folder).sort()).toEqual([...FILES, 'old'].sort())
    if (!isCut) break
  }
})

test('nothing is exchanged where one of the next CAs is missing', () => {
  write(USED)
  const { host_ca: _, ...half } = NEXT
  write(half, 'next')
  expect(run(SCRIPT).status).toBe(1)
  expect(run(SCRIPT).stderr).toBe(`${folder}/next holds no host_ca\n`)
  expect(read()).toEqual(USED)
  expect(existsSync(join(folder, 'old'))).toBe(false)
})

test.each<{ title: string; place: () => void; said: string[] }>([
  { title: 'nothing', place: () => {}, said: [] },
  {
    title: 'CAs that are to follow',
    place: () => write(NEXT, 'next'),
    said: ['has next', 'trusted-user user_ca.pub of next', 'trusted-host host_ca.pub of next'],
  },
  {
    title: 'CAs that are followed',
    place: () => write(USED, 'old'),
    said: [
      ...['has old', 'old-user user_ca.pub of now', 'old-host host_ca.pub of now'],
      ...['trusted-user user_ca.pub of now', 'trusted-host host_ca.pub of now', 'print '],
    ],
  },
  {
    title: 'CAs that are refused',
    place: () => {
      write(USED, 'old')
      write({ refused: 'user_ca.pub of now\n' })
    },
    said: ['has old', 'old-user user_ca.pub of now', 'old-host host_ca.pub of now', 'is refused', 'print '],
  },
  {
    title: 'CAs that are followed, and a note about those before them',
    place: () => {
      write({ 'user_ca.pub': 'another' }, 'old')
      write({ refused: 'user_ca.pub of now\n' })
    },
    said: ['has old', 'old-user another', 'trusted-user another', 'print '],
  },
  {
    title: 'CAs of rotations that are over',
    place: () => {
      write(USED, 'retired/2026-10')
      write({ 'user_ca.pub': 'a' }, 'retired/2026-11')
    },
    said: ['retired 2026-10', 'is kept', 'retired 2026-11'],
  },
  {
    title: 'a CA that has signed and is gone, with another that has not',
    place: () => write({ 'user_ca.issued': '1', 'host_ca.issued': '' }),
    said: ['lost user_ca'],
  },
  {
    title: 'no loss where a CA is that has signed',
    place: () => write({ host_ca: '', 'host_ca.issued': '1' }),
    said: [],
  },
])('the state of a folder tells of $title', ({ place, said }) => {
  place()
  expect(run(STATE).stdout.split('\n').filter(Boolean)).toEqual(said)
})

test('a folder that is not there holds nothing', () => {
  const { status, stdout } = spawnSync('sh', [STATE, join(folder, 'none')], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
})
