import type { Readable, Writable } from 'node:stream'
import type { Failure } from './failures.ts'

/** How a remote command came to its end. */
export interface Ending {
  code: number | undefined
  signal: string | undefined
}

/** One command on a host with its three streams, whatever carries them. */
export interface Channel {
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** Settles once there is room again for what goes out, where the channel's own input does not tell. */
  room?(): Promise<void>
  /** Settles once both outputs have ended; never rejects. */
  ended: Promise<Ending>
  /** Lets go of it at once. What runs on the host may go on. */
  kill(): void
}

/** The way to one host, over which commands are started. */
export interface Link {
  /** Starts a command line by the login shell of the host's user; no terminal. */
  open(command: string): Promise<Channel>
  /** Why the way is closed, when it broke by itself; undefined while it stands or after `close`. */
  readonly broken: Failure | undefined
  /**
   * Why a command ended, when the link itself knows: the system's ssh and its own complaint. `begun` says that the shell
   * had spoken before.
   */
  explain(ending: Ending, stderr: string, begun: boolean): Failure | undefined
  /** The key that let us in, as base64 of its blob, where the link can tell. */
  readonly loginKey?: string | undefined
  close(): Promise<void>
}

/** Settles once a channel has taken the bytes over and there is room for more; a broken one need not settle. */
export async function sendWhole({ stdin, room }: Channel, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => stdin.write(bytes, () => resolve()))
  await room?.()
}
