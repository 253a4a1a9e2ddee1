import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pem } from '../modules/certificates.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switch-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
const write = (texts: Record<string, string>) => {
  for (const [name, text] of Object.entries(texts)) writeFileSync(at(name), text)
}
const read = (...names: string[]) => names.map((name) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : ''))
const run = (script: string, ...words: string[]) =>
  execFileSync('sh', [`playbooks/files/${script}`, ...words], { encoding: 'utf8' })

/** The script as it ends when its n-th `cp`, `mv` or `rm` is not done; says whether there were so many. */
function cutOff(count: number, script: string, ...words: string[]): boolean {
  const shims = at('shims')
  mkdirSync(shims, { recursive: true })
  write({ count: '0' })
  for (const tool of ['cp', 'mv', 'rm']) {
    const real = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim()
    const lines = [`n=$(($(cat ${at('count')}) + 1))`, `echo $n >${at('count')}`, `[ $n != ${count} ] || exit 1`]
    writeFileSync(join(shims, tool), `#!/bin/sh\n${lines.join('\n')}\nexec ${real} "$@"\n`)
    chmodSync(join(shims, tool), 0o755)
  }
  const env = { ...process.env, PATH: `${shims}:${process.env.PATH}` }
  return spawnSync('sh', [`playbooks/files/${script}`, ...words], { env }).status !== 0
}

describe('a pair', () => {
  const words = () => [at('cert'), at('key'), 'leaf one']
  const state = () => run('pair-state.sh', at('cert'), at('key'), at('ca'), 'leaf one').split('\n').slice(1, -1)
  beforeEach(() => write({ cert: 'old cert', key: 'old key', 'cert.next': 'new cert', 'key.next': 'new key' }))

  test('is switched wherever it was cut off before, and the one before it is kept', () => {
    let count = 1
    for (; ; count++) {
      write({ cert: 'old cert', key: 'old key', 'cert.next': 'new cert', 'key.next': 'new key' })
      for (const name of ['cert.old', 'key.old', 'cert.rotation']) rmSync(at(name), { force: true })
      const isCut = cutOff(count, 'switch-pair.sh', ...words())
      if (!isCut) break
      run('switch-pair.sh', ...words())
      expect(read('cert', 'key', 'cert.old', 'key.old', 'cert.next', 'key.next')).toEqual([
        ...['new cert', 'new key', 'old cert', 'old key', '', ''],
      ])
      expect(state()).toEqual(['key-switched', 'cert-switched'])
    }
    expect(count).toBe(8)
  })

  test('is not called switched before it is, nor when the one before has been put back', () => {
    expect(state()).toEqual([])
    run('switch-pair.sh', ...words())
    expect(state()).toEqual(['key-switched', 'cert-switched'])
    write({ cert: 'old cert', key: 'old key' })
    expect(state()).toEqual([])
  })

  test('of an earlier rotation is not taken for one of this', () => {
    run('switch-pair.sh', at('cert'), at('key'), 'leaf zero')
    expect(state()).toEqual([])
    write({ 'cert.next': 'newer cert', 'key.next': 'newer key' })
    run('switch-pair.sh', ...words())
    expect(read('cert', 'key', 'cert.old', 'key.old')).toEqual(['newer cert', 'newer key', 'new cert', 'new key'])
  })
})

describe('the folder of a CA', () => {
  const said = () =>
    Object.fromEntries(
      run('consul-ca-state.sh', at('ca'))
        .trim()
        .split('\n')
        .map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]),
    )
  const packed = (text: string) => Buffer.from(text).toString('base64')
  const [OLD, NEW] = [pem('ca/ca.pem'), pem('other/ca.pem')]
  function make() {
    for (const name of readdirSync(folder).filter((name) => name.startsWith('ca')))
      rmSync(at(name), { recursive: true })
    for (const name of ['ca', 'ca.next']) mkdirSync(at(name))
    write({ 'ca/ca.pem': OLD, 'ca/rotation': 'ca zero\n', 'ca.next/ca.pem': NEW, 'ca.next/rotation': 'ca one\n' })
  }

  test.each([
    { fate: 'keep', kept: ['ca', 'ca.before-one'], calls: 2 },
    { fate: 'remove', kept: ['ca'], calls: 3 },
  ])('is exchanged wherever that was cut off before: $fate', ({ fate, kept, calls }) => {
    let count = 1
    for (; ; count++) {
      make()
      if (!cutOff(count, 'switch-ca.sh', at('ca'), 'one', fate)) break
      expect(said()).toMatchObject({ next: packed(NEW), begun: 'ca one' })
      run('switch-ca.sh', at('ca'), 'one', fate)
      expect(readdirSync(folder).filter((name) => name.startsWith('ca'))).toEqual(kept)
      expect(said()).toMatchObject({ now: packed(NEW), done: 'ca one' })
    }
    expect(count).toBe(calls + 1)
  })

  test('tells the old CA also halfway', () => {
    make()
    expect(said()).toMatchObject({ now: packed(OLD), done: 'ca zero' })
    cutOff(2, 'switch-ca.sh', at('ca'), 'one', 'keep')
    expect(said()).toMatchObject({ now: packed(OLD), next: packed(NEW) })
  })

  test('that is not there says nothing', () => {
    expect(run('consul-ca-state.sh', at('none'))).toBe('')
  })
})

test('public keys of all certificates in a file are told, and none of a file that is not there', () => {
  write({ both: pem('ca/ca.pem') + pem('other/ca.pem') })
  const keys = run('public-keys.sh', at('both'))
  expect(keys.match(/BEGIN PUBLIC KEY/g)).toHaveLength(2)
  expect(run('public-keys.sh', at('none'))).toBe('')
})
