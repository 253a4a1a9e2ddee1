import { spawn } from 'node:child_process'
import type { Channel, Ending } from './link.ts'

/** A process of this machine as a channel: for `connection: local` and for the system's ssh. */
export function childChannel(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Channel> {
  // A group of its own: neither a Ctrl-C in the terminal nor the kill of a timed-out step's group may hit more than is meant.
  const child = spawn(file, args, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const ended = new Promise<Ending>((resolve) => {
    child.on('close', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }))
  })
  child.stdin.on('error', () => {
    // EPIPE: the process is gone, and `ended` tells how.
  })
  const { stdin, stdout, stderr } = child
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () => resolve({ stdin, stdout, stderr, ended, kill: () => child.kill('SIGKILL') }))
  })
}
