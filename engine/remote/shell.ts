import type { Become } from './address.ts'
import { Dialogue } from './dialogue.ts'
import { failuresOf } from './failures.ts'
import type { Listener } from './frame-pair.ts'
import type { Link } from './link.ts'
import { RemoteProblem } from './remote-problem.ts'
import type { Hello, Identity } from './wire.ts'
import { killText } from './wire.ts'

/** One step of a round. */
export interface Step {
  /** Trusted shell text, as `sh` builds it; it runs in a subshell with nothing on its input. */
  script: string
  /** From the end of the step before to the end of this one. */
  timeoutMs: number
  /** Once a step of a group has failed, the later ones of that group are skipped on the host. */
  group?: number
  /** It runs in the shell of the session itself, for what shall last as long as that: a lock. It must not exit. */
  inSession?: true
  /** Bytes of stdout that are kept, 16 MiB by default; a step that says more is ended and fails. */
  outputLimit?: number
  /** Told what it prints while it runs. */
  listen?: Listener
  /** Raw bytes that it takes once its script has opened a file for them as descriptor 8; it is the last of its round then. */
  input?: StepInput
}

/** Bytes on their way through a shell's own input into a file. */
export interface StepInput {
  /** How many there are, and how many the file has before them. */
  size: number
  from: number
  /** The bytes, in pieces that are used up before the next one is asked for. */
  read(): AsyncIterable<Buffer>
  /** Shell text for when they cannot be written; `$e` holds the reason. */
  unwritten: string
  /** Told how many of them have left so far. */
  onSent?: ((bytes: number) => void) | undefined
}

export interface StepResult {
  code: number
  stdout: Buffer
  /** At most its last 256 KiB. */
  stderr: Buffer
  /** It did not run, since a step of its group had failed. */
  skipped: boolean
}

/** One user's shell on a host. */
export interface Shell {
  /**
   * One round: all steps in one write, then the wait for all replies, in order. A command's failure is a result; what
   * rejects is a RemoteProblem, with the results so far in `completed`. Calls queue up. After a rejection the next call
   * starts a fresh shell, if the connection still stands. An aborted signal ends the step that runs, on the host too.
   */
  run(steps: readonly Step[], signal?: AbortSignal): Promise<StepResult[]>
  /** Steps that end the session, as a part of closing the connection and not as a round; none when the shell was never opened. */
  finish(steps: readonly Step[]): Promise<void>
  /** Ends the shell when its rounds are over, so that no process of its user's is left of it; the next round starts another. */
  end(): Promise<void>
  /** Whose shell it is, as the host says; known after the first round. */
  readonly identity: Identity | undefined
}

/** Counts of one connection, for the recap. */
export interface Traffic {
  /** One write of many steps and the wait for their replies. */
  rounds: number
  bytesSent: number
  bytesReceived: number
}

/** What a shell needs from the connection that it belongs to. */
export interface ShellContext {
  link: Link
  /** The host's inventory name. */
  host: string
  openTimeoutMs: number
  traffic: Traffic
  /** Told what the host says at each start of a shell. */
  onHello(hello: Hello): void
}

/** How long the second shell may take to end what the first one could not. */
const KILL_TIMEOUT_MS = 10_000

/** A shell that is opened by its first round and again after each failure. */
export function persistentShell(context: ShellContext, as: Become | undefined): Shell {
  const become = as?.password === undefined ? as : { ...as, password: once(as.password) }
  const failures = failuresOf(context.host, become)
  let dialogue: Dialogue | undefined
  let identity: Identity | undefined
  let last: Promise<unknown> = Promise.resolve()

  async function round(steps: readonly Step[], signal: AbortSignal | undefined): Promise<StepResult[]> {
    if (steps.length === 0) return []
    if (dialogue?.alive !== true) dialogue = await Dialogue.open(context, become, context.openTimeoutMs)
    if (signal?.aborted) throw new RemoteProblem({ ...failures.interrupted(), host: context.host })
    context.traffic.rounds++
    const current = dialogue
    try {
      const results = await current.run(steps, signal)
      identity = current.identity
      return results
    } catch (reason) {
      dialogue = undefined
      const silence = current.runsOn ? await stop(current) : undefined
      if (silence === undefined || !(reason instanceof RemoteProblem)) throw reason
      silence.completed = reason.completed
      throw silence
    }
  }

  /**
   * Ends the process group through a second shell: closing a channel does not end what it has started, and a signal over
   * SSH cannot reach what runs under sudo. Where that is not possible the connection is closed. Gives back a problem when
   * the host does not answer at all.
   */
  async function stop(hung: Dialogue): Promise<RemoteProblem | undefined> {
    try {
      if (hung.group === undefined)
        throw new RemoteProblem({ ...failures.broken('no process group'), host: context.host })
      const second = await Dialogue.open(context, become, KILL_TIMEOUT_MS)
      await second.run([{ script: killText(hung.group), timeoutMs: KILL_TIMEOUT_MS }])
      second.close()
    } catch (reason) {
      if (!(reason instanceof RemoteProblem)) throw reason
      await context.link.close()
      return reason.unreachable ? reason : undefined
    } finally {
      hung.close()
    }
  }

  return {
    async finish(steps) {
      await last
      if (dialogue?.alive) await dialogue.run(steps)
    },
    end() {
      const ended = last.then(async () => {
        const current = dialogue
        dialogue = undefined
        if (current?.alive) await current.end()
      })
      last = ended
      return ended
    },
    get identity() {
      return identity
    },
    run(steps, signal) {
      const result = last.then(() => round(steps, signal))
      last = result.catch(() => {
        // The caller has it; the next round must only wait for the end of this one.
      })
      return result
    },
  }
}

/** A person is asked once, even when the shell has to be opened again. */
function once<T>(question: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= question()
    return answer
  }
}
