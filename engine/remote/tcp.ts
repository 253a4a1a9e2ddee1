import { connect, type Socket } from 'node:net'
import { type HostAddress, nameOf } from './address.ts'
import type { Failure } from './failures.ts'
import { RemoteProblem } from './remote-problem.ts'

/** A stream to the host’s SSH port. NODELAY from the first byte: without it the handshake alone takes two to six times as long. */
export function dial(host: HostAddress, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host.address, port: host.port, noDelay: true })
    const give = (failure: Failure) => {
      socket.destroy()
      settle()
      reject(new RemoteProblem({ ...failure, host: host.name }))
    }
    const timer = setTimeout(
      () => give(unreachable(host, `no answer within ${host.connectTimeoutMs / 1000} s`)),
      host.connectTimeoutMs,
    )
    const abort = () => give({ code: 'INTERRUPTED', message: `Connecting to ${host.name} was interrupted.` })
    const fail = (error: NodeJS.ErrnoException) => give(unreachable(host, reasonOf(error)))
    function settle() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    // It stays: a connection may break before anybody else listens.
    socket.on('error', fail)
    socket.once('connect', () => {
      settle()
      resolve(socket)
    })
  })
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOTFOUND':
      return 'its name does not resolve'
    case 'EAI_AGAIN':
      return 'the name server does not answer'
    case 'ECONNREFUSED':
      return 'the connection is refused'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it'
    case 'ETIMEDOUT':
      return 'it does not answer'
    default:
      return error.message || String(error.code)
  }
}

function unreachable(host: HostAddress, why: string): Failure {
  return {
    code: 'UNREACHABLE',
    message: `${nameOf(host)} cannot be reached: ${why}.`,
    hint: 'check its address and port, and that it is up',
  }
}
