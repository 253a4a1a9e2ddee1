import { spawn } from 'node:child_process'
import type { Failure } from './failures.ts'
import type { Channel, Ending, Link } from './link.ts'
import { RemoteProblem } from './remote-problem.ts'

export interface ChildLinkOptions {
  /** The host's inventory name. */
  host: string
  /** The words of the process that runs a command line on the host. */
  words(command: string): [file: string, ...args: string[]]
  env: NodeJS.ProcessEnv
  explain?(ending: Ending, stderr: string, begun: boolean): Failure | undefined
}

/** Time for the shells to see the end of their input. */
const PATIENCE_MS = 1000

/** A way to a host by processes of this machine, one a command. */
export function childLink({ host, words, env, explain = () => undefined }: ChildLinkOptions): Link {
  const open = new Set<Channel>()
  let closed = false
  return {
    broken: undefined,
    explain,
    async open(command) {
      if (closed)
        throw new RemoteProblem({ code: 'UNREACHABLE', host, message: `The connection to ${host} is closed.` })
      const [file, ...args] = words(command)
      const channel = await childChannel(host, file, args, env)
      open.add(channel)
      void channel.ended.then(() => open.delete(channel))
      return channel
    },
    async close() {
      closed = true
      await Promise.all([...open].map(end))
    },
  }
}

async function end(channel: Channel): Promise<void> {
  channel.stdin.end()
  const timer = setTimeout(() => channel.kill(), PATIENCE_MS)
  await channel.ended
  clearTimeout(timer)
}

function childChannel(host: string, file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Channel> {
  // A group of its own: neither a Ctrl-C in the terminal nor the kill of a late step's group may hit more than is meant.
  const child = spawn(file, args, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const { stdin, stdout, stderr } = child
  const ended = new Promise<Ending>((resolve) => {
    child.on('close', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }))
  })
  stdin.on('error', () => {
    // EPIPE: the process is gone, and `ended` tells how.
  })
  const kill = () => {
    child.kill('SIGKILL')
    stdout.destroy()
    stderr.destroy()
  }
  return new Promise((resolve, reject) => {
    child.once('error', ({ message }) =>
      reject(new RemoteProblem({ code: 'SHELL_MISSING', host, message: `${file} does not start: ${message}.` })),
    )
    child.once('spawn', () => resolve({ stdin, stdout, stderr, ended, kill }))
  })
}
