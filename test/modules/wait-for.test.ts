import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf, type RawState } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { waitFor } from '../../modules/wait-for.ts'

type Args = Parameters<typeof waitFor.decide>[0]
type Have = { path?: FileState; ports?: RawState; once?: RawState }

const tcp = readFileSync(new URL('fixtures/proc-net-tcp.txt', import.meta.url))
const ports = { code: 0, stdout: tcp, stderr: Buffer.alloc(0) }
const none = { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
const link: FileState = { ...ABSENT, type: 'link', target: 'x' }

describe('wait-for decides by looking whether', () => {
  test.each<[string, Args, Have, boolean]>([
    ['a port is open', { port: 22 }, { ports }, false],
    ['a port is closed', { port: 23 }, { ports }, true],
    ['a port is closed where nothing listens', { port: 22 }, { ports: none }, true],
    ['a port is gone', { port: 23, state: 'stopped' }, { ports }, false],
    ['a port is still there', { port: 22, state: 'absent' }, { ports }, true],
    ['a path exists', { path: '/a' }, { path: fileOf('', { mode: 0o644 }) }, false],
    ['a path is absent', { path: '/a' }, { path: ABSENT }, true],
    ['a path is gone', { path: '/a', state: 'absent' }, { path: ABSENT }, false],
    ['a path is a link, which has to be followed', { path: '/a' }, { path: link }, true],
    ['a path that shall go is a link, which has to be followed', { path: '/a', state: 'absent' }, { path: link }, true],
    ['a connection said what is expected', { port: 22, expect: 'SSH' }, { once: none }, false],
    ['a connection did not say it', { port: 22, expect: 'SSH' }, { once: { ...none, code: 1 } }, true],
  ])('%s', (_, args, have, due) => {
    expect(waitFor.decide(args, have as never).due).toBe(due)
  })
})

test.each<[Args, string[]]>([
  [{ port: 22 }, ['ports']],
  [{ port: 22, host: 'localhost' }, ['ports']],
  [{ port: 22, host: '10.0.0.1' }, ['once']],
  [{ port: 22, expect: 'SSH' }, ['once']],
  [{ socket: '/run/x' }, ['sockets']],
  [{ socket: '/run/x', send: 'x' }, ['once']],
  [{ path: '/x' }, ['path']],
  [{ path: '/x', expect: 'x' }, ['once']],
])('%j is looked at as cheaply as can be', (args, reads) => {
  expect(Object.keys(waitFor.reads?.(args) ?? {})).toEqual(reads)
})

test('two tasks look once at one port, and what is said is in neither key nor command', () => {
  const key = (send: string) => waitFor.reads?.({ port: 22, send: new Secret(send) })?.once
  expect(key('open sesame')?.key).toBe(key('open sesame')?.key)
  expect(key('open sesame')?.key).not.toBe(key('other')?.key)
  expect(JSON.stringify(key('open sesame'))).not.toContain('sesame')
})

test('what was found is the result, and what was not is the failure', () => {
  const stdout = Buffer.from(`3\n${Buffer.from('hello').toString('hex')}\n${Buffer.from('lo').toString('hex')}\n`)
  expect(waitFor.conclude?.({ port: 1 }, { code: 0, stdout, stderr: Buffer.alloc(0) })).toEqual({
    changed: false,
    result: { elapsed: 3, match: 'hello', groups: ['lo'] },
  })
  const stderr = Buffer.from('Connection refused\n')
  expect(waitFor.conclude?.({ port: 1, timeout: 5 }, { code: 1, stdout: Buffer.alloc(0), stderr })).toEqual({
    changed: false,
    failure: 'after 5 s it is not so that port 1 of 127.0.0.1 takes connections',
    hint: 'Connection refused',
    result: { elapsed: 0, match: '', groups: [] },
  })
})

test('the command may take a little longer than the wait', () => {
  expect(waitFor.seconds?.({ port: 1 })).toBe(70)
  expect(waitFor.seconds?.({ port: 1, timeout: 5 })).toBe(15)
})
