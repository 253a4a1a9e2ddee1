import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Problem } from '../../engine/problem.ts'
import { type GivenAddress, jumpHosts, resolveAddress } from '../../engine/remote/resolve-address.ts'
import { sshConfig } from '../../engine/remote/ssh-config.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function resolve(text: string, given: Partial<GivenAddress> = {}) {
  const file = join(folder, 'config')
  await writeFile(file, text)
  return resolveAddress({ name: 'h1', address: 'web', ...given }, await sshConfig(file))
}

const DEFAULTS = {
  name: 'h1',
  address: 'web',
  port: 22,
  user: userInfo().username,
  connection: 'ssh2',
  knownHostsFiles: [`${homedir()}/.ssh/known_hosts`, '/etc/ssh/ssh_known_hosts'],
  hostKeyChecking: 'strict',
  connectTimeoutMs: 10_000,
  keepaliveMs: 15_000,
}

const CONFIG = `
Host web
  HostName %h.example
  User deploy
  Port 2222
  IdentityFile ~/.ssh/%r-key
  IdentitiesOnly yes
  UserKnownHostsFile /k/%h ~/own
  ConnectTimeout 1m30s
  ServerAliveInterval 5
  StrictHostKeyChecking accept-new
Host *
  User other
`

/** The same file as ssh itself has to read it. */
const WAYS = [
  { way: 'read here', text: CONFIG },
  { way: 'asked of ssh', text: `Match host nobody\n  User nobody\n${CONFIG}` },
]

describe.each(WAYS)('a client configuration $way', ({ text }) => {
  test('fills in what the inventory leaves open', async () => {
    expect(await resolve(text)).toEqual({
      ...DEFAULTS,
      address: 'web.example',
      user: 'deploy',
      port: 2222,
      privateKeyFiles: [`${homedir()}/.ssh/deploy-key`],
      identitiesOnly: true,
      knownHostsFiles: ['/k/web.example', `${homedir()}/own`, '/etc/ssh/ssh_known_hosts'],
      connectTimeoutMs: 90_000,
      keepaliveMs: 5000,
      hostKeyChecking: 'accept-new',
    })
  })

  test('gives way to the inventory', async () => {
    const given = {
      user: 'root',
      port: 22,
      connectTimeoutMs: 1000,
      privateKeyFiles: ['/k'],
      hostKeyChecking: 'strict' as const,
    }
    expect(await resolve(text, given)).toMatchObject(given)
  })

  test('says to another host what is for all', async () => {
    expect(await resolve(text, { address: '10.0.0.1' })).toEqual({ ...DEFAULTS, address: '10.0.0.1', user: 'other' })
  })
})

describe('a client configuration', () => {
  test.each([
    ['an empty file', ''],
    ['no word for the host', 'Host other\n  Port 1\n'],
    ['no jump host', 'ProxyJump none\n'],
    ['keepalive switched off', 'ServerAliveInterval 0\n'],
  ])('leaves the defaults with %s', async (_what, text) => {
    expect(await resolve(text)).toEqual(DEFAULTS)
  })

  test('leaves the defaults when there is none', async () => {
    const config = await sshConfig(join(folder, 'missing'))
    expect(await resolveAddress({ name: 'h1', address: 'web' }, config)).toEqual(DEFAULTS)
  })

  test.each([
    ['yes', 'strict'],
    ['ask', 'strict'],
    ['accept-new', 'accept-new'],
    ['no', 'accept-new'],
    ['off', 'accept-new'],
  ])('checks host keys as StrictHostKeyChecking %s allows', async (word, checking) => {
    expect((await resolve(`StrictHostKeyChecking ${word}\n`)).hostKeyChecking).toBe(checking)
  })

  test.each([
    ['ProxyCommand nc %h %p'],
    ['CertificateFile ~/.ssh/id-cert.pub'],
    ['PKCS11Provider /usr/lib/p11.so'],
    ['GSSAPIAuthentication yes'],
  ])('hands over to ssh for %s, by the name that ssh knows', async (line) => {
    const resolved = await resolve(`Host web\n  HostName other\n  ${line}\n  Port 24\n`)
    expect(resolved).toEqual({ ...DEFAULTS, connection: 'openssh', port: 24 })
  })

  test('is not asked when the inventory has chosen how to connect', async () => {
    expect((await resolve('ProxyCommand nc %h %p\n', { connection: 'ssh2' })).connection).toBe('ssh2')
  })

  test('is a problem when it is broken', async () => {
    const problem = await resolve('Match nonsense\n').catch((reason) => reason)
    expect(problem).toBeInstanceOf(Problem)
    expect(problem.code).toBe('SSH_CONFIG')
  })
})

describe('jump hosts', () => {
  test('come from the configuration, each with its own', async () => {
    const text =
      'Host web\n  ProxyJump ops@edge:2200,inner\nHost inner\n  HostName 10.0.0.9\n  IdentityFile /k/inner\nHost *\n  User all\n'
    const resolved = await resolve(text)
    expect(resolved.jump).toEqual([
      { ...DEFAULTS, name: 'edge', address: 'edge', user: 'ops', port: 2200 },
      { ...DEFAULTS, name: 'inner', address: '10.0.0.9', user: 'all', privateKeyFiles: ['/k/inner'] },
    ])
  })

  test('behind which all hosts lie are reached directly themselves', async () => {
    const resolved = await resolve('Host *\n  ProxyJump bastion\n')
    expect(resolved.jump).toEqual([{ ...DEFAULTS, name: 'bastion', address: 'bastion' }])
  })

  test('are left out for the jump host itself', async () => {
    expect(await resolve('Host *\n  ProxyJump web\n')).toEqual(DEFAULTS)
  })

  test('can be named in the inventory', async () => {
    const target = await resolve('', { privateKeyFiles: ['/k/target'] })
    const jump = await jumpHosts('ssh://me@[2001:db8::1]:23, last', target, async () => new Map())
    expect(jump.map(({ name, user, port, privateKeyFiles }) => [name, user, port, privateKeyFiles])).toEqual([
      ['2001:db8::1', 'me', 23, ['/k/target']],
      ['last', userInfo().username, 22, ['/k/target']],
    ])
  })
})
