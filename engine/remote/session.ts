import type { ConnectionState, Endpoints } from '../resource/read.ts'
import type { Become, HostAddress } from './address.ts'
import type { Link } from './link.ts'
import { localLink } from './local-link.ts'
import type { Bastions } from './reach.ts'
import { persistentShell, type Shell, type Traffic } from './shell.ts'

export type { Become, HostAddress } from './address.ts'
export { RemoteProblem } from './remote-problem.ts'
export type { Shell, Step, StepResult, Traffic } from './shell.ts'

/** One connection to a host, which lasts for a run. */
export interface Connection {
  readonly host: HostAddress
  readonly traffic: Readonly<Traffic>
  /** The way to the host, for the guard against lock-outs; its endpoints are known after the first round. */
  readonly way: ConnectionState
  /** The shell of the login user, or of the one it becomes: one a user, opened by its first round. */
  shell(become?: Become): Shell
  /** The shells of an account that was become, whatever the way. */
  shellsOf(account: string): Shell[]
  close(): Promise<void>
}

export interface ConnectOptions {
  /** Gives up connecting; a round has a signal of its own. */
  signal?: AbortSignal
  /** Shares jump hosts between connections; without it each connection goes to its own. */
  bastions?: Bastions
  /** For `openssh` and `local`: the environment of the processes; that of this one by default. */
  env?: NodeJS.ProcessEnv
}

/** Connects to a host and logs in; rejects with a RemoteProblem. With `openssh` and `local` it is the first round that does. */
export async function connect(host: HostAddress, options: ConnectOptions = {}): Promise<Connection> {
  const link = await linkTo(host, options)
  const traffic: Traffic = { rounds: 0, bytesSent: 0, bytesReceived: 0 }
  const shells = new Map<string, { as: string | undefined; shell: Shell }>()
  let endpoints: Endpoints | undefined
  const context = {
    link,
    host: host.name,
    openTimeoutMs: host.connectTimeoutMs,
    traffic,
    onHello: ({ sshConnection }: { sshConnection: string }) => {
      endpoints ??= parseEndpoints(sshConnection)
    },
  }
  return {
    host,
    traffic,
    get way() {
      const { loginKey } = link
      return {
        user: host.user,
        ...(endpoints ? { endpoints } : {}),
        ...(loginKey === undefined ? {} : { key: loginKey }),
      }
    },
    shell(become) {
      const key = become === undefined ? '' : `${become.method} ${become.user}`
      const opened = shells.get(key) ?? { as: become?.user, shell: persistentShell(context, become) }
      shells.set(key, opened)
      return opened.shell
    },
    shellsOf: (account) => [...shells.values()].filter(({ as }) => as === account).map(({ shell }) => shell),
    close: () => link.close(),
  }
}

async function linkTo(host: HostAddress, options: ConnectOptions): Promise<Link> {
  switch (host.connection) {
    case 'local':
      return localLink(host.name, options.env ?? process.env)
    case 'openssh':
      return (await import('./openssh-link.ts')).opensshLink(host, options.env ?? process.env)
    case 'ssh2':
      return (await import('./reach.ts')).reach(host, options)
  }
}

/** `10.0.0.1 50000 10.0.0.2 22`, see ssh(1). */
function parseEndpoints(sshConnection: string): Endpoints | undefined {
  const [clientAddress, clientPort, serverAddress, serverPort] = sshConnection.split(' ')
  if (clientAddress === undefined || serverAddress === undefined) return undefined
  return {
    client: { address: clientAddress, port: Number(clientPort) },
    server: { address: serverAddress, port: Number(serverPort) },
  }
}
