import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type AuthContext } from 'ssh2'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { HostAddress } from '../../engine/remote/address.ts'
import { type Connection, connect } from '../../engine/remote/session.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { startSshServer, type TestServer } from './ssh-server.ts'

const hostKey = ssh2.utils.generateKeyPairSync('ed25519')
const open: (TestServer | Connection)[] = []
let folder: string
let agentSocket: string
let agent: ReturnType<typeof spawn>

const KEYS = [
  { name: 'ed25519', args: ['-t', 'ed25519', '-N', ''] },
  { name: 'ecdsa', args: ['-t', 'ecdsa', '-N', ''] },
  { name: 'rsa', args: ['-t', 'rsa', '-b', '2048', '-N', ''] },
  { name: 'locked', args: ['-t', 'ed25519', '-N', 'open sesame'] },
  { name: 'locked-pem', args: ['-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'open sesame'] },
  { name: 'in-agent', args: ['-t', 'ed25519', '-N', '', '-C', 'in-agent'] },
  { name: 'rsa-in-agent', args: ['-t', 'rsa', '-b', '2048', '-N', '', '-C', 'rsa-in-agent'] },
]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-'))
  for (const { name, args } of KEYS) execFileSync('ssh-keygen', ['-q', ...args, '-f', join(folder, name)])
  agentSocket = join(folder, 'agent')
  agent = spawn('ssh-agent', ['-D', '-a', agentSocket])
  await new Promise((resolve) => agent.stdout?.once('data', resolve))
  await writeFile(path('ask'), '#!/bin/sh\necho open sesame\n', { mode: 0o700 })
  const environment = { SSH_AUTH_SOCK: agentSocket, SSH_ASKPASS: path('ask'), SSH_ASKPASS_REQUIRE: 'force' }
  for (const name of ['in-agent', 'rsa-in-agent', 'locked']) {
    execFileSync('ssh-add', ['-q', path(name)], { env: { ...process.env, ...environment } })
  }
})
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})
afterAll(async () => {
  agent.kill()
  await rm(folder, { recursive: true })
})

const path = (name: string) => join(folder, name)

/** Lets in the key of that name alone, as sshd does: first the question, then the signature. */
async function acceptingKey(name: string) {
  const wanted = ssh2.utils.parseKey(await readFile(path(`${name}.pub`)))
  if (wanted instanceof Error) throw wanted
  return (context: AuthContext) => {
    if (context.method !== 'publickey') return context.reject(['publickey'])
    if (!context.key.data.equals(wanted.getPublicSSH())) return context.reject()
    if (context.signature === undefined || context.blob === undefined) return context.accept()
    if (wanted.verify(context.blob, context.signature, context.hashAlgo) === true) return context.accept()
    context.reject()
  }
}

async function login(authenticate: (context: AuthContext) => void, more: Partial<HostAddress>) {
  const server = await startSshServer({ hostKeys: [hostKey.private], authenticate })
  open.push(server)
  await writeFile(path('known_hosts'), `[127.0.0.1]:${server.port} ${hostKey.public}\n`)
  const connection = await connect({
    name: 'h1',
    address: '127.0.0.1',
    port: server.port,
    user: 'ops',
    connection: 'ssh2',
    privateKeyFiles: [],
    knownHostsFiles: [path('known_hosts')],
    hostKeyChecking: 'strict',
    connectTimeoutMs: 60_000,
    keepaliveMs: 0,
    ...more,
  }).catch((reason) => reason)
  if (connection instanceof Error)
    return connection
      .toString()
      .replaceAll(folder, '~')
      .replace(/:\d+\)/, ':PORT)')
  open.push(connection)
  return 'in'
}

const asking = (text: string) => {
  const asked = {
    times: 0,
    async answer() {
      asked.times++
      return new Secret(text)
    },
  }
  return asked
}

describe('a login by key', () => {
  test.each([['ed25519'], ['ecdsa'], ['rsa']])('of type %s', async (name) => {
    expect(await login(await acceptingKey(name), { privateKeyFiles: [path(name)] })).toBe('in')
  })

  test('tries the second when the first is not wanted', async () => {
    expect(await login(await acceptingKey('rsa'), { privateKeyFiles: [path('ed25519'), path('rsa')] })).toBe('in')
  })

  test.each([['locked'], ['locked-pem']])('asks for the passphrase of %s once', async (name) => {
    const asked = asking('open sesame')
    expect(await login(await acceptingKey(name), { privateKeyFiles: [path(name)], passphrase: asked.answer })).toBe(
      'in',
    )
    expect(asked.times).toBe(1)
  })

  test('asks for no passphrase when the host does not want the key', async () => {
    const asked = asking('open sesame')
    const files = [path('locked'), path('ed25519')]
    expect(await login(await acceptingKey('ed25519'), { privateKeyFiles: files, passphrase: asked.answer })).toBe('in')
    expect(asked.times).toBe(0)
  })

  test('tells a wrong passphrase', async () => {
    const { answer } = asking('wrong')
    expect(await login(await acceptingKey('locked'), { privateKeyFiles: [path('locked')], passphrase: answer })).toBe(
      'error[AUTH_FAILED]: h1 (ops@127.0.0.1:PORT) lets nobody in. Tried: key ~/locked. ' +
        'Not usable: key ~/locked: the passphrase does not fit. The host offers: publickey.\n' +
        'hint: name a key with --private-key, load one into the agent, or give the password with -k; ' +
        'certificates and security keys need connection: openssh',
    )
  })

  test.each([
    ['is not there', 'missing', 'key ~/missing: there is no such file'],
    ['is locked', 'locked', 'key ~/locked: it is locked, and there is no passphrase for it'],
    [
      'is only the public half',
      'ed25519.pub',
      'key ~/ed25519.pub: it is a public key, and no agent holds the private one',
    ],
    [
      'is no key',
      'known_hosts',
      'key ~/known_hosts: Unsupported key format; connection: openssh may be able to use it',
    ],
  ])('tells that the key %s', async (_what, name, words) => {
    expect(await login(await acceptingKey('rsa'), { privateKeyFiles: [path(name)] })).toContain(`Not usable: ${words}.`)
  })

  test.each([['in-agent'], ['rsa-in-agent']])('by the agent, with %s', async (name) => {
    expect(await login(await acceptingKey(name), { agentSocket })).toBe('in')
  })

  test('takes of the agent only the named key when told so', async () => {
    const only = { agentSocket, identitiesOnly: true }
    expect(await login(await acceptingKey('in-agent'), { ...only, privateKeyFiles: [path('in-agent.pub')] })).toBe('in')
    expect(await login(await acceptingKey('in-agent'), { ...only, privateKeyFiles: [path('ed25519')] })).toContain(
      'Tried: key ~/ed25519.',
    )
  })

  test('lets the agent sign for a locked file whose key it holds', async () => {
    const asked = asking('open sesame')
    const host = { agentSocket, privateKeyFiles: [path('locked')], passphrase: asked.answer }
    expect(await login(await acceptingKey('locked'), host)).toBe('in')
    expect(asked.times).toBe(0)
  })

  test('tells an agent that is not there', async () => {
    expect(await login(await acceptingKey('rsa'), { agentSocket: path('nobody') })).toContain(
      'Not usable: agent at ~/nobody: Failed to connect to agent',
    )
  })
})

describe('a login by password', () => {
  const byPassword = (context: AuthContext) =>
    context.method === 'password' && context.password === 's3cret' ? context.accept() : context.reject(['password'])

  const byQuestion = (prompts: string[]) => (context: AuthContext) => {
    if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
    context.prompt(
      prompts.map((prompt) => ({ prompt, echo: false })),
      (answers) => (answers[0] === 's3cret' ? context.accept() : context.reject(['keyboard-interactive'])),
    )
  }

  test('asks for it once', async () => {
    const asked = asking('s3cret')
    expect(await login(byPassword, { password: asked.answer })).toBe('in')
    expect(asked.times).toBe(1)
  })

  test('comes after the keys', async () => {
    const { answer } = asking('s3cret')
    expect(await login(byPassword, { password: answer, privateKeyFiles: [path('rsa')] })).toBe('in')
  })

  test('is not asked for when a key is enough', async () => {
    const asked = asking('s3cret')
    expect(await login(await acceptingKey('rsa'), { password: asked.answer, privateKeyFiles: [path('rsa')] })).toBe(
      'in',
    )
    expect(asked.times).toBe(0)
  })

  test('answers the one hidden question of a host that asks so', async () => {
    const { answer } = asking('s3cret')
    expect(await login(byQuestion(['Password: ']), { password: answer })).toBe('in')
  })

  test('does not give it to another question', async () => {
    const { answer } = asking('s3cret')
    expect(await login(byQuestion(['Code: ', 'Password: ']), { password: answer })).toContain(
      'keyboard-interactive: the host asks "Code: Password:"',
    )
  })

  test('tells that it was wrong, and never what it was', async () => {
    const { answer } = asking('wr0ng')
    const text = await login(byPassword, { password: answer })
    expect(text).toContain('Tried: password. The host offers: password.')
    expect(text).not.toContain('wr0ng')
  })

  test('serves beside a key where both are wanted', async () => {
    const { answer } = asking('s3cret')
    const key = await acceptingKey('rsa')
    let keyFits = false
    const both = (context: AuthContext) => {
      if (context.method !== 'publickey') return keyFits ? byPassword(context) : context.reject(['publickey'])
      if (context.signature === undefined) return key(context)
      keyFits = true
      context.reject(['password'], true)
    }
    expect(await login(both, { password: answer, privateKeyFiles: [path('rsa')] })).toBe('in')
  })

  test('that nobody can give ends the login', async () => {
    const password = () => Promise.reject(new Error('no terminal to ask at'))
    expect(await login(byPassword, { password })).toContain('no terminal to ask at')
  })
})

test('nothing to try is told as such', async () => {
  const text = await login((context) => context.reject(['publickey']), { agentSocket: path('nobody') })
  expect(text).toContain('Tried: nothing, since there is no key, agent or password.')
})
