import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { HostAddress } from '../../engine/remote/address.ts'
import { type Connection, connect, RemoteProblem } from '../../engine/remote/session.ts'
import { startSshServer, type TestServer, type TestServerOptions } from './ssh-server.ts'

const hostKey = ssh2.utils.generateKeyPairSync('ed25519')
const userKey = ssh2.utils.generateKeyPairSync('ed25519')
const open: (TestServer | Connection)[] = []
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-'))
  await writeFile(join(folder, 'key'), userKey.private, { mode: 0o600 })
})
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})
afterAll(() => rm(folder, { recursive: true }))

async function serve(options: Partial<TestServerOptions> = {}): Promise<TestServer> {
  const server = await startSshServer({ hostKeys: [hostKey.private], ...options })
  open.push(server)
  await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${server.port} ${hostKey.public}\n`)
  return server
}

function addressOf({ port }: { port: number }, more: Partial<HostAddress> = {}): HostAddress {
  return {
    name: 'h1',
    address: '127.0.0.1',
    port,
    user: 'ops',
    connection: 'ssh2',
    privateKeyFiles: [join(folder, 'key')],
    knownHostsFiles: [join(folder, 'known_hosts')],
    hostKeyChecking: 'strict',
    connectTimeoutMs: 10_000,
    keepaliveMs: 15_000,
    ...more,
  }
}

async function connected(host: HostAddress): Promise<Connection> {
  const connection = await connect(host)
  open.push(connection)
  return connection
}

const step = (script: string, timeoutMs = 20_000) => ({ script, timeoutMs })

describe.each(['ssh2', 'openssh'] as const)('a connection by %s', (kind) => {
  const address = (server: TestServer, more: Partial<HostAddress> = {}) =>
    addressOf(server, { connection: kind, sshConfigFile: '/dev/null', ...more })

  test('runs a round', async () => {
    const server = await serve()
    const connection = await connected(address(server))
    const [result] = await connection.shell().run([step('echo hello; echo oops >&2; exit 3')])
    expect([result?.code, result?.stdout.toString(), result?.stderr.toString()]).toEqual([3, 'hello\n', 'oops\n'])
    expect(connection.traffic.rounds).toBe(1)
    expect(connection.endpoints).toMatchObject({
      client: { address: '127.0.0.1' },
      server: { address: '127.0.0.1', port: server.port },
    })
  })

  test('carries any bytes both ways', async () => {
    const connection = await connected(address(await serve()))
    const bytes = randomBytes(3_000_000)
    const [result] = await connection.shell().run([step(`printf %s '${bytes.toString('base64')}' | base64 -d`)])
    expect(result?.stdout.equals(bytes)).toBe(true)
  })

  test('is one shell for all rounds', async () => {
    const server = await serve()
    const connection = await connected(address(server))
    for (const word of ['a', 'b', 'c']) await connection.shell().run([step(`echo ${word}`)])
    expect(server.log).toHaveLength(1)
  })

  test('stops a step that is late on the host', async () => {
    const server = await serve()
    const connection = await connected(address(server))
    const [first] = await connection.shell().run([step('echo $$')])
    const problem = await connection
      .shell()
      .run([step('sleep 300', 300)])
      .catch((reason) => reason)
    expect(problem.code).toBe('STEP_TIMEOUT')
    const [left] = await connection
      .shell()
      .run([step(`ps -e -o pgid=,stat= | grep -v Z | grep -c '^ *${Number(first?.stdout)} '`)])
    expect(left?.stdout.toString()).toBe('0\n')
  })

  test('tells a connection that breaks in the middle of a round', async () => {
    const server = await serve()
    const connection = await connected(address(server))
    await connection.shell().run([step('true')])
    const running = connection
      .shell()
      .run([step('echo done'), step('echo 1; sleep 300')])
      .catch((reason) => reason)
    const [, second] = [server.cut(), await running]
    expect(second).toBeInstanceOf(RemoteProblem)
    expect([second.code, second.lost, second.unreachable]).toEqual(['UNREACHABLE', true, true])
  })

  test('tells that nobody listens', async () => {
    const server = await serve()
    await server.close()
    const problem = await connect(address(server))
      .then((connection) => connection.shell().run([step('true')]))
      .catch((reason) => reason)
    expect(problem).toBeInstanceOf(RemoteProblem)
    expect([problem.code, problem.lost, problem.unreachable]).toEqual(['UNREACHABLE', false, true])
    expect(problem.message).toMatch(/^h1 \(ops@127.0.0.1:\d+\) cannot be reached: .*refused/)
  })

  test('tells that nobody is let in', async () => {
    const server = await serve({ authenticate: (context) => context.reject(['publickey', 'password']) })
    const problem = await connect(address(server))
      .then((connection) => connection.shell().run([step('true')]))
      .catch((reason) => reason)
    expect(problem).toBeInstanceOf(RemoteProblem)
    expect([problem.code, problem.unreachable]).toEqual(['AUTH_FAILED', true])
  })

  test('refuses a host that it does not know', async () => {
    const server = await serve()
    await writeFile(join(folder, 'known_hosts'), '')
    const problem = await connect(address(server))
      .then((connection) => connection.shell().run([step('true')]))
      .catch((reason) => reason)
    expect(problem.code).toBe('HOST_KEY_UNKNOWN')
  })

  test('refuses a host whose key has changed', async () => {
    const server = await serve()
    await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${server.port} ${userKey.public}\n`)
    const problem = await connect(address(server))
      .then((connection) => connection.shell().run([step('true')]))
      .catch((reason) => reason)
    expect(problem.code).toBe('HOST_KEY_CHANGED')
  })

  test('learns a new host when it may', async () => {
    const server = await serve()
    await writeFile(join(folder, 'known_hosts'), '')
    const connection = await connected(address(server, { hostKeyChecking: 'accept-new' }))
    expect((await connection.shell().run([step('echo in')]))[0]?.stdout.toString()).toBe('in\n')
    const strict = await connected(address(server))
    expect((await strict.shell().run([step('echo in')]))[0]?.stdout.toString()).toBe('in\n')
  })

  test('goes through jump hosts', async () => {
    const server = await serve()
    const jumps = [
      await startSshServer({ hostKeys: [hostKey.private] }),
      await startSshServer({ hostKeys: [hostKey.private] }),
    ]
    open.unshift(...jumps)
    await writeFile(
      join(folder, 'known_hosts'),
      [server, ...jumps].map(({ port }) => `[127.0.0.1]:${port} ${hostKey.public}\n`).join(''),
    )
    const jump = jumps.map((hop, at) => address(hop, { name: `j${at}` }))
    const connection = await connected(address(server, { jump }))
    const [result] = await connection.shell().run([step('echo through')])
    expect(result?.stdout.toString()).toBe('through\n')
    expect(jumps.map(({ log }) => log)).toEqual([
      [`forward 127.0.0.1:${jumps[1]?.port}`],
      [`forward 127.0.0.1:${server.port}`],
    ])
  })
})
