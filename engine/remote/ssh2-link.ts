import type { Duplex } from 'node:stream'
import ssh2, { type Client, type ClientChannel } from 'ssh2'
import { type HostAddress, nameOf } from './address.ts'
import { Deadline } from './deadline.ts'
import type { Failure } from './failures.ts'
import { hostKeyCheck } from './host-key.ts'
import type { Channel, Ending, Link } from './link.ts'
import { loginTo } from './login.ts'
import { RemoteProblem } from './remote-problem.ts'

/** A link that can also carry others on: the way through a jump host. */
export interface Ssh2Link extends Link {
  forward(address: string, port: number): Promise<Duplex>
}

/** A stream to a host's SSH port. */
export interface Dialled {
  socket: Duplex
  /** Gives back the jump host that it goes through. */
  release(): Promise<void>
}

/** Signs of life that may stay out before the peer counts as dead. */
const MISSED_SIGNS = 3
const GOODBYE_MS = 1000

/** What ssh2 throws when the socket is gone and it has not told of that yet; see its lib/client.js. */
const NOT_CONNECTED = 'Not connected'

/** One SSH connection, logged in; the host's key is checked before anything else is said. */
export async function ssh2Link(
  host: HostAddress,
  dialled: Dialled,
  signal: AbortSignal | undefined,
): Promise<Ssh2Link> {
  const client: Client = new ssh2.Client()
  let loginKey: string | undefined
  try {
    loginKey = await logIn(client, dialled, host, signal)
  } catch (reason) {
    dialled.socket.destroy()
    await dialled.release()
    throw reason
  }
  let broken: Failure | undefined
  let cause = 'the host closed it'
  let closing = false
  client.on('error', (error) => {
    cause = error.message
  })
  const lose = () => {
    broken ??= { code: 'UNREACHABLE', message: `The connection to ${nameOf(host)} was lost: ${cause}.`, lost: true }
  }
  const closed = new Promise<void>((resolve) => {
    client.on('close', () => {
      if (!closing) lose()
      resolve()
    })
  })
  const lost = () => new RemoteProblem({ ...(broken ?? closedByUs(host)), host: host.name })
  /** What a new channel is, once the host has granted it. */
  function begin<T>(
    ask: (granted: (error: Error | undefined, channel: ClientChannel) => void) => unknown,
    take: (channel: ClientChannel) => T,
    refusal: (error: Error) => Error,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (broken !== undefined || closing) return reject(lost())
      try {
        ask((error, channel) => {
          if (error === undefined) resolve(take(channel))
          else reject(broken === undefined ? refusal(error) : lost())
        })
      } catch (error) {
        if (!(error instanceof Error && error.message === NOT_CONNECTED)) throw error
        lose()
        reject(lost())
      }
    })
  }
  return {
    get broken() {
      return broken
    },
    explain: () => undefined,
    loginKey,
    open: (command) =>
      begin(
        (granted) => client.exec(command, granted),
        (channel) => ssh2Channel(channel, dialled.socket),
        (error) => refused(host, error),
      ),
    forward: (address, port) =>
      begin(
        (granted) => client.forwardOut('127.0.0.1', 0, address, port, granted),
        (channel) => channel,
        (error) => error,
      ),
    async close() {
      closing = true
      client.end()
      // A dead peer never acknowledges the farewell, and a dead jump host not even the end of the stream.
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, GOODBYE_MS)
      })
      await Promise.race([closed, patience])
      clearTimeout(timer)
      dialled.socket.destroy()
      await dialled.release()
    },
  }
}

/** Gives the key that let us in, when it was one. */
async function logIn(
  client: Client,
  { socket }: Dialled,
  host: HostAddress,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let verdict: Failure | undefined
  let stop: (failure: Failure) => void = () => {}
  const failed = new Promise<Failure>((resolve) => {
    stop = resolve
  })
  const deadline = new Deadline(host.connectTimeoutMs, () => stop(tooSlow(host)))
  const abort = () => stop({ code: 'INTERRUPTED', message: `Connecting to ${host.name} was interrupted.` })
  signal?.addEventListener('abort', abort)
  try {
    const check = await hostKeyCheck(host)
    const login = await loginTo(host, (question) => deadline.without(question))
    const ready = new Promise<undefined>((resolve) => client.once('ready', () => resolve(undefined)))
    client.on('error', (error) => {
      // A key that cannot sign is noted by the login, which goes on with the next.
      if (error.level !== 'agent') stop(verdict ?? handshakeFailure(host, error, login.failure))
    })
    client.on('close', () => stop(verdict ?? noAnswer(host, 'it closed the connection during the login')))
    client.connect({
      sock: socket,
      username: host.user,
      readyTimeout: 0,
      keepaliveInterval: host.keepaliveMs,
      keepaliveCountMax: MISSED_SIGNS,
      algorithms: { serverHostKey: check.algorithms },
      hostVerifier: (key: Buffer, done: (good: boolean) => void) => {
        check.verify(key).then(
          (failure) => {
            verdict = failure
            done(failure === undefined)
          },
          (reason: unknown) => {
            verdict = {
              code: 'HOST_KEY_UNKNOWN',
              message: `The key of ${nameOf(host)} cannot be checked: ${String(reason)}`,
            }
            done(false)
          },
        )
      },
      authHandler: login.authHandler,
    })
    // While its keys were looked up; nobody is told of it any more.
    if (socket.destroyed) stop(noAnswer(host, 'it closed the connection during the login'))
    const failure = await Promise.race([ready, failed])
    if (failure !== undefined) throw new RemoteProblem({ ...failure, host: host.name })
    client.removeAllListeners('error').removeAllListeners('close')
    return login.key
  } finally {
    deadline.stop()
    signal?.removeEventListener('abort', abort)
  }
}

/** ssh2 writes to the socket as much as the host's window allows, whether or not the network takes it. */
function ssh2Channel(channel: ClientChannel, socket: Duplex): Channel {
  const ended = new Promise<Ending>((resolve) => {
    const ending: Ending = { code: undefined, signal: undefined }
    channel.on('exit', (code: number | null, signal?: string) => {
      ending.code = code ?? undefined
      ending.signal = signal
    })
    channel.on('close', () => resolve(ending))
  })
  channel.on('error', () => {
    // Writing to a closed channel: `ended` tells how it was closed.
  })
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    room: () => (socket.writableNeedDrain ? drained(socket) : Promise.resolve()),
    ended,
    kill() {
      channel.close()
      channel.resume()
      channel.stderr.resume()
    },
  }
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => socket.once('drain', resolve))
}

function handshakeFailure(
  host: HostAddress,
  { level, message }: Error & { level?: string },
  authFailure: (reason: string | undefined) => Failure,
): Failure {
  if (level === 'client-authentication') return authFailure(undefined)
  if (/authentication/i.test(message)) return authFailure(message)
  if (/no matching|unsupported/i.test(message)) {
    return {
      code: 'SSH_UNSUPPORTED',
      message: `${nameOf(host)} and this program have no common ground: ${message}.`,
      hint: `the system's ssh may have more: set connection: openssh for this host`,
    }
  }
  return noAnswer(host, message)
}

function noAnswer(host: HostAddress, why: string): Failure {
  return {
    code: 'UNREACHABLE',
    message: `${nameOf(host)} cannot be reached: ${why}.`,
    hint: 'is an SSH server listening there?',
  }
}

function tooSlow(host: HostAddress): Failure {
  return noAnswer(host, `no login within ${host.connectTimeoutMs / 1000} s`)
}

function closedByUs(host: HostAddress): Failure {
  return { code: 'UNREACHABLE', message: `The connection to ${nameOf(host)} is closed.` }
}

function refused(host: HostAddress, error: Error): RemoteProblem {
  const message = `${nameOf(host)} starts no command: ${error.message}.`
  const hint = 'sshd may limit sessions (MaxSessions) or force a command for this key'
  return new RemoteProblem({ code: 'SHELL_MISSING', host: host.name, message, hint })
}
