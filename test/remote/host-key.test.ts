import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HostAddress } from '../../engine/remote/address.ts'
import { fingerprint, hostKeyCheck } from '../../engine/remote/host-key.ts'

const A = 'AAAAC3NzaC1lZDI1NTE5AAAAIPMCS0n+LkiUfWiRfRisXGnuzE0axEM56+tXjQeXpnYl'
const B = 'AAAAC3NzaC1lZDI1NTE5AAAAIGiSaO4mHCPqyL1mruDnUJdGc21EgShnX0D7yhQ78+qi'
const HASHED_WEB = '|1|JxrlpatdBzzM/Ct+02pK1XqzpFo=|ld5oSW1fbG+cRtRjnC1VOMuxx8o='

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-'))
  file = join(folder, 'ssh', 'known_hosts')
})
afterEach(() => rm(folder, { recursive: true }))

async function check(known: string, more: Partial<HostAddress> = {}, key = A) {
  const second = join(folder, 'second')
  await writeFile(second, known)
  const host: HostAddress = {
    name: 'h1',
    address: 'web.example',
    port: 22,
    user: 'ops',
    connection: 'ssh2',
    knownHostsFiles: [file, second],
    hostKeyChecking: 'strict',
    connectTimeoutMs: 1000,
    keepaliveMs: 0,
    ...more,
  }
  const { algorithms, verify } = await hostKeyCheck(host)
  const failure = await verify(Buffer.from(key, 'base64'))
  const text = failure && `${failure.code}: ${failure.message}\n${failure.hint}`.replaceAll(folder, '~')
  return { algorithms, text }
}

describe('a host key', () => {
  test.each([
    ['its name', `web.example ssh-ed25519 ${A}`, {}],
    ['its hashed name', `${HASHED_WEB} ssh-ed25519 ${A}`, {}],
    ['its name and port', `[web.example]:2222 ssh-ed25519 ${A}`, { port: 2222 }],
    ['its name without the port', `web.example ssh-ed25519 ${A}`, { port: 2222 }],
    ['its alias', `alias ssh-ed25519 ${A}`, { hostKeyAlias: 'alias', port: 2222 }],
    ['two lines of which one fits', `web.example ssh-ed25519 ${B}\nweb.example ssh-ed25519 ${A}`, {}],
    [
      'a stale plain line and a hashed one that fits',
      `web.example ssh-ed25519 ${B}\n${HASHED_WEB} ssh-ed25519 ${A}`,
      {},
    ],
    ['a small name', `web.example ssh-ed25519 ${A}`, { address: 'WEB.example' }],
    ['a plain line beside an authority', `@cert-authority * ssh-ed25519 ${B}\nweb.example ssh-ed25519 ${A}`, {}],
  ])('is good when it is on file under %s', async (_what, known, more) => {
    expect((await check(known, more)).text).toBeUndefined()
  })

  test('that is not on file is refused with its fingerprint and the line to add', async () => {
    expect((await check('')).text).toBe(
      `HOST_KEY_UNKNOWN: h1 (ops@web.example:22) shows the host key ssh-ed25519 ${fingerprint(Buffer.from(A, 'base64'))}, ` +
        'which is in none of ~/ssh/known_hosts, ~/second.\n' +
        `compare it with ssh-keygen -lf on the host's console, then add this line to ~/ssh/known_hosts: web.example ssh-ed25519 ${A}`,
    )
  })

  test('that has changed is refused with both fingerprints and the place of the old one', async () => {
    expect((await check(`# first\nweb.example ssh-ed25519 ${B}`)).text).toBe(
      `HOST_KEY_CHANGED: h1 (ops@web.example:22) shows the host key ssh-ed25519 ${fingerprint(Buffer.from(A, 'base64'))}, ` +
        `but ~/second:2 says ssh-ed25519 ${fingerprint(Buffer.from(B, 'base64'))}.\n` +
        'someone may be in between. If the host was set up anew: compare with ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub ' +
        "on its console, then ssh-keygen -f '~/second' -R 'web.example'",
    )
  })

  test.each([
    ['has changed', `web.example ssh-ed25519 ${B}`, 'HOST_KEY_CHANGED'],
    [
      'is of another type than the one on file',
      'web.example ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==',
      'HOST_KEY_CHANGED',
    ],
    ['is revoked', `web.example ssh-ed25519 ${A}\n@revoked * ssh-ed25519 ${A}`, 'HOST_KEY_CHANGED'],
    [
      'is revoked under a hash',
      `web.example ssh-ed25519 ${A}\n@revoked ${HASHED_WEB} ssh-ed25519 ${A}`,
      'HOST_KEY_CHANGED',
    ],
    ['only an authority vouches for', `@cert-authority *.example ssh-ed25519 ${B}`, 'SSH_UNSUPPORTED'],
  ])('that %s is refused even when new ones are welcome', async (_what, known, code) => {
    const { text } = await check(known, { hostKeyChecking: 'accept-new' })
    expect(text?.split(':')[0]).toBe(code)
    await expect(stat(file)).rejects.toThrow('ENOENT')
  })

  test('that is good for another port or host is not good here', async () => {
    const { text } = await check(`[web.example]:2223 ssh-ed25519 ${A}\nother ssh-ed25519 ${A}`, { port: 2222 })
    expect(text?.split(':')[0]).toBe('HOST_KEY_UNKNOWN')
  })

  test('that is new is noted for the user alone', async () => {
    expect((await check('', { hostKeyChecking: 'accept-new', port: 2222 })).text).toBeUndefined()
    expect(await readFile(file, 'utf8')).toBe(`[web.example]:2222 ssh-ed25519 ${A}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700)
    expect((await check('', { port: 2222 })).text).toBeUndefined()
  })

  test('is noted on a line of its own when the last one has no end', async () => {
    await check('', { hostKeyChecking: 'accept-new' })
    await writeFile(file, '# open end')
    await check('', { hostKeyChecking: 'accept-new' })
    expect(await readFile(file, 'utf8')).toBe(`# open end\nweb.example ssh-ed25519 ${A}\n`)
  })

  test('is asked for by the type that is on file first', async () => {
    const { algorithms } = await check('web.example ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==')
    expect(algorithms.slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519'])
    expect((await check('')).algorithms[0]).toBe('ssh-ed25519')
  })

  test('has the fingerprint that ssh-keygen prints', () => {
    expect(fingerprint(Buffer.from(A, 'base64'))).toBe('SHA256:EAGwSwTcS2Hp5Yx8x4VF2V2h1dScs4C5cBKzxuEiZLM')
  })
})
