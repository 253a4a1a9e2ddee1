import { Problem } from '../problem.ts'
import type { StepResult } from './shell.ts'

/** The host's lock is not this run's to hold: nothing is done there. */
export type LockCode = 'LOCKED' | 'LOCK_BROKEN' | 'LOCK_FAILED'

/** What can go wrong between here and a host; the first five mean that there is no connection, or no longer one. */
export type RemoteCode =
  | 'UNREACHABLE'
  | 'HOST_KEY_UNKNOWN'
  | 'HOST_KEY_CHANGED'
  | 'AUTH_FAILED'
  | 'SSH_UNSUPPORTED'
  | 'BECOME_FAILED'
  | 'SHELL_MISSING'
  | 'TOOLS_MISSING'
  | 'STEP_TIMEOUT'
  | 'OUTPUT_TOO_LONG'
  | 'PROTOCOL_BROKEN'
  | 'INTERRUPTED'
  | LockCode
  | 'DEBT_UNRECORDED'
  | 'SOURCE_UNREADABLE'

const WITHOUT_CONNECTION: readonly RemoteCode[] = [
  'UNREACHABLE',
  'HOST_KEY_UNKNOWN',
  'HOST_KEY_CHANGED',
  'AUTH_FAILED',
  'SSH_UNSUPPORTED',
]

export interface RemoteProblemParts {
  code: RemoteCode
  /** The host's inventory name. */
  host: string
  /** One sentence that names the host. */
  message: string
  hint?: string | undefined
  /** The connection was there and is gone: what the last round did on the host is not known. */
  lost?: boolean
}

/** A failure of the way to a host, of the login there, or of the shell that runs the steps; never of a step's own command. */
export class RemoteProblem extends Problem {
  declare readonly code: RemoteCode
  readonly host: string
  readonly lost: boolean
  /** No connection could be made, or it broke: the host counts as unreachable, not as failed. */
  readonly unreachable: boolean
  /** Results of the steps of the round that had ended before; the step after the last of them is the one at fault. */
  completed: readonly StepResult[] = []

  constructor({ code, host, message, hint, lost = false }: RemoteProblemParts) {
    super({ code, message, hint })
    this.name = 'RemoteProblem'
    this.host = host
    this.lost = lost
    this.unreachable = WITHOUT_CONNECTION.includes(code)
  }
}

/** The last words of a stream as one line for a message: at most 300, no control characters, none of the protocol's own marks. */
export function wordsOf(stream: Buffer | string): string {
  const lines = stream
    .toString()
    .replace(/[0-9a-f]{32}[?!]?/g, ' ')
    .replace(/[^\P{C}\n]/gu, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.slice(-3).join(' / ').slice(-300)
}
