import { spawn } from 'node:child_process'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'

/** An SSH server of this process, with real shells behind it. */
export interface TestServer {
  port: number
  /** Commands that were started, and channels that were forwarded, in order. */
  log: string[]
  /** How many connections there are. */
  readonly connections: number
  /** Cuts all connections without a word. */
  cut(): void
  /** Stops listening to what clients say, as a host that hangs. */
  freeze(): void
  close(): Promise<void>
}

export interface TestServerOptions {
  /** Private keys of the host. */
  hostKeys: string[]
  /** Lets in whom it accepts; everybody without it. */
  authenticate?: (context: AuthContext) => void
  /** The login shell with its option for a command. */
  loginShell?: string[]
  env?: NodeJS.ProcessEnv
  maxSessions?: number
}

export async function startSshServer(options: TestServerOptions): Promise<TestServer> {
  const {
    hostKeys,
    authenticate = (context) => context.accept(),
    loginShell = ['sh', '-c'],
    maxSessions = 10,
  } = options
  const log: string[] = []
  const connections = new Set<Connection>()
  const sockets = new Set<Socket>()
  const server = new ssh2.Server({ hostKeys }, (client, info) => {
    connections.add(client)
    let sessions = 0
    client.on('authentication', authenticate)
    client.on('error', () => {
      // Clients that are cut off in the tests.
    })
    client.on('close', () => connections.delete(client))
    client.on('session', (accept, reject) => {
      if (++sessions > maxSessions) return reject()
      const session = accept()
      session.on('exec', (acceptExec, _rejectExec, { command }) => {
        log.push(command)
        const channel: ServerChannel = acceptExec()
        const [file = 'sh', ...args] = loginShell
        const SSH_CONNECTION = `${info.ip} ${info.port} 127.0.0.1 ${(server.address() as AddressInfo).port}`
        const child = spawn(file, [...args, command], {
          env: { ...process.env, ...options.env, SSH_CONNECTION },
          detached: true,
          cwd: '/tmp',
        })
        channel.pipe(child.stdin)
        child.stdin.on('error', () => {})
        const given = takeTurns([
          [child.stdout, channel],
          [child.stderr, channel.stderr],
        ])
        child.on('close', async (code, signal) => {
          sessions--
          await given()
          if (signal === null) channel.exit(code ?? 0)
          else channel.exit(signal.replace('SIG', ''))
          channel.end()
        })
      })
    })
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      log.push(`forward ${destIP}:${destPort}`)
      const socket = connect({ host: destIP, port: destPort, noDelay: true })
      socket.once('error', () => reject())
      socket.once('connect', () => {
        const channel = accept()
        socket.on('error', () => channel.close())
        channel.on('error', () => socket.destroy())
        socket.pipe(channel).pipe(socket)
      })
    })
  })
  // The server's own listener for TCP sockets: the only way to the bytes below SSH.
  const tcp = (server as unknown as { _srv: Server })._srv
  tcp.prependListener('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    log,
    get connections() {
      return connections.size
    },
    cut: () => sockets.forEach((socket) => void socket.destroy()),
    freeze: () => sockets.forEach((socket) => void socket.pause()),
    close: () =>
      new Promise((resolve) => {
        sockets.forEach((socket) => void socket.destroy())
        server.close(() => resolve())
      }),
  }
}

/**
 * Hands each stream on to the other of its pair, one chunk of all of them at a time: of two streams of a channel that wait
 * for the client's window, ssh2 forgets one. Gives a function that waits until all is handed on.
 */
function takeTurns(pairs: readonly (readonly [from: Readable, to: Writable])[]): () => Promise<void> {
  let last = Promise.resolve()
  for (const [from, to] of pairs) {
    from.on('data', (chunk: Buffer) => {
      from.pause()
      last = last
        .then(() => new Promise<void>((resolve) => to.write(chunk, () => resolve())))
        .then(() => void from.resume())
    })
  }
  return () => last
}
