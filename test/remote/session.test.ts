import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { HostAddress } from '../../engine/remote/address.ts'
import { Bastions } from '../../engine/remote/reach.ts'
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
    connectTimeoutMs: 60_000,
    keepaliveMs: 15_000,
    ...more,
  }
}

async function connected(host: HostAddress): Promise<Connection> {
  const connection = await connect(host)
  open.push(connection)
  return connection
}

const step = (script: string, timeoutMs = 60_000) => ({ script, timeoutMs })

describe.each(['ssh2', 'openssh'] as const)('a connection by %s', (kind) => {
  const address = (server: TestServer, more: Partial<HostAddress> = {}) =>
    addressOf(server, { connection: kind, sshConfigFile: '/dev/null', ...more })

  test('runs a round', async () => {
    const server = await serve()
    const connection = await connected(address(server))
    const [result] = await connection.shell().run([step('echo hello; echo oops >&2; exit 3')])
    expect([result?.code, result?.stdout.toString(), result?.stderr.toString()]).toEqual([3, 'hello\n', 'oops\n'])
    expect(connection.traffic.rounds).toBe(1)
    expect(connection.way.endpoints).toMatchObject({
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

describe('a host that misbehaves', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  /** A server that says what it likes. */
  async function rogue(talk: (socket: Socket) => void): Promise<{ port: number }> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      talk(socket)
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return server.address() as AddressInfo
  }

  const flood = (text: string) => (socket: Socket) => {
    const more = () => {
      while (socket.writable && socket.write(text));
    }
    socket.on('drain', more)
    more()
  }

  test.each([
    ['is silent', () => {}, 'no login within 0.5 s', 500],
    [
      'speaks no SSH',
      (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'Connection lost before handshake',
    ],
    ['greets without end', flood('welcome\r\n'.repeat(1000)), 'Max greeting lines exceeded'],
    ['talks without a line end', flood('x'.repeat(65536)), 'Header line too long'],
    ['hangs up', (socket: Socket) => void socket.destroy(), /cannot be reached: (?!no login within)/],
  ])('because it %s is unreachable', async (_what, talk, words, connectTimeoutMs = 60_000) => {
    const problem = await connect(addressOf(await rogue(talk), { connectTimeoutMs })).catch((reason) => reason)
    expect(problem).toBeInstanceOf(RemoteProblem)
    expect(problem.code).toBe('UNREACHABLE')
    expect(problem.message).toMatch(words)
  })

  test('can be given up by hand', async () => {
    const interrupt = new AbortController()
    const port = await rogue(() => interrupt.abort())
    const problem = await connect(addressOf(port), { signal: interrupt.signal }).catch((reason) => reason)
    expect(problem.code).toBe('INTERRUPTED')
    const before = await connect(addressOf(port), { signal: interrupt.signal }).catch((reason) => reason)
    expect(before.code).toBe('INTERRUPTED')
  })

  test('by falling silent in the middle of a round is noticed', async () => {
    const server = await serve()
    const connection = await connected(addressOf(server, { keepaliveMs: 300 }))
    await connection.shell().run([step('true')])
    server.freeze()
    const problem = await connection
      .shell()
      .run([step('echo never seen')])
      .catch((reason) => reason)
    expect(problem.message).toMatch(/^The connection to h1 \(.*\) was lost: Keepalive timeout\.$/)
    expect([problem.code, problem.lost]).toEqual(['UNREACHABLE', true])
    const after = await connection
      .shell()
      .run([step('true')])
      .catch((reason) => reason)
    expect([after.code, after.lost]).toEqual(['UNREACHABLE', true])
  })

  test('whose connection is gone, of which nobody was told yet, is lost when it is asked for another shell', async () => {
    const sockets: Socket[] = []
    const note = (message: unknown) => sockets.push((message as { socket: Socket }).socket)
    subscribe('net.client.socket', note)
    const connection = await connected(addressOf(await serve()))
    unsubscribe('net.client.socket', note)
    await connection.shell().run([step('true')])
    for (const socket of sockets) socket.destroy()
    const become = { method: 'sudo', user: 'root' } as const
    const problem = await connection
      .shell(become)
      .run([step('true')])
      .catch((reason) => reason)
    expect(problem).toBeInstanceOf(RemoteProblem)
    expect([problem.code, problem.lost, problem.unreachable]).toEqual(['UNREACHABLE', true, true])
  })

  test('by refusing a second shell loses its connection when a step is late', async () => {
    const server = await serve({ maxSessions: 1 })
    const connection = await connected(addressOf(server))
    const second = await connection.shell({ user: 'root', method: 'sudo' })
    const late = await connection
      .shell()
      .run([step('sleep 300', 200)])
      .catch((reason) => reason)
    expect(late.code).toBe('STEP_TIMEOUT')
    expect((await second.run([step('true')]).catch((reason) => reason)).code).toBe('UNREACHABLE')
  })

  test('by refusing a second shell says so', async () => {
    const server = await serve({ maxSessions: 1 })
    const connection = await connected(addressOf(server))
    await connection.shell().run([step('true')])
    const problem = await connection
      .shell({ user: 'root', method: 'sudo' })
      .run([step('true')])
      .catch((reason) => reason)
    expect(problem.toString()).toContain('hint: sshd may limit sessions (MaxSessions) or force a command for this key')
  })

  test('by its name is told', async () => {
    const problem = await connect(addressOf({ port: 22 }, { address: 'no-such-host.invalid' })).catch(
      (reason) => reason,
    )
    expect(problem.message).toMatch(
      /^h1 \(ops@no-such-host.invalid:22\) cannot be reached: (its name does not resolve|the name server)/,
    )
  })
})

describe('jump hosts', () => {
  test('are shared by the hosts behind them, and left with the last', async () => {
    const [server, jump] = [await serve(), await startSshServer({ hostKeys: [hostKey.private] })]
    open.unshift(jump)
    await writeFile(
      join(folder, 'known_hosts'),
      [server, jump].map(({ port }) => `[127.0.0.1]:${port} ${hostKey.public}\n`).join(''),
    )
    const bastions = new Bastions()
    const behind = addressOf(server, { jump: [addressOf(jump, { name: 'jump' })] })
    const both = await Promise.all([connect(behind, { bastions }), connect(behind, { bastions })])
    expect([server.connections, jump.connections]).toEqual([2, 1])
    await both[0].close()
    expect((await both[1].shell().run([step('echo still')]))[0]?.stdout.toString()).toBe('still\n')
    await both[1].close()
    const again = await connect(behind, { bastions })
    expect(jump.log).toHaveLength(3)
    await again.close()
  })

  test('that cannot be reached are named', async () => {
    const server = await serve()
    const gone = await startSshServer({ hostKeys: [hostKey.private] })
    await gone.close()
    const host = addressOf(server, { jump: [addressOf(gone, { name: 'jump' })] })
    const problem = await connect(host).catch((reason) => reason)
    expect([problem.code, problem.host]).toEqual(['UNREACHABLE', 'h1'])
    expect(problem.message).toMatch(
      /^The way to h1: jump \(ops@127.0.0.1:\d+\) cannot be reached: the connection is refused\.$/,
    )
  })

  test('from which the host cannot be reached are named', async () => {
    const [server, jump] = [await serve(), await startSshServer({ hostKeys: [hostKey.private] })]
    open.unshift(jump)
    await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${jump.port} ${hostKey.public}\n`)
    await server.close()
    const problem = await connect(addressOf(server, { jump: [addressOf(jump, { name: 'jump' })] })).catch(
      (reason) => reason,
    )
    expect(problem.message).toMatch(/^h1 \(ops@127.0.0.1:\d+\) cannot be reached through jump: /)
  })
})
