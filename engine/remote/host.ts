import type { Command } from '../resource/command.ts'
import { type AnyRead, type ConnectionState, NO_CONNECTION } from '../resource/read.ts'
import type { Become } from './address.ts'
import type { Listener } from './frame-pair.ts'
import { keepLock, type LockHolder, releaseLock, requireLock } from './lock.ts'
import { probe, type Seen } from './probe.ts'
import { type Progress, type SendingOptions, send } from './sending.ts'
import { type Connection, RemoteProblem, type Shell, type Step, type StepResult } from './session.ts'
import type { Identity } from './wire.ts'

/** Commands that belong together: each runs only when those before it went well. */
export interface Job {
  commands: readonly Command[]
  timeoutMs: number
  /** Told what the commands print while they run, for those of them that somebody listens to. */
  listeners?: readonly (Listener | undefined)[] | undefined
  /** Told how far the files are that are sent before the commands. */
  onProgress?: Progress | undefined
}

/** What one trip to a host shall do: act first, then look. */
export interface Work {
  become: Become | undefined
  jobs: readonly Job[]
  reads: readonly AnyRead[]
  /** Accounts that the jobs change: their shells end first, since nobody who is at work can be removed or gets a new group. */
  changes?: readonly string[] | undefined
  /** The host's lock, which this round needs: taken first, for as long as the connection lasts, or found to stand. */
  lock?: Lock | undefined
  /** Ends the sending of files; a round that has begun is finished. */
  signal?: AbortSignal | undefined
}

export interface Lock {
  holder: LockHolder
  /** Whose shell holds it. */
  as: Become | undefined
}

/** What came of it: for each job the results of its commands, skipped ones included, and what was seen, by read key. */
export interface Done {
  jobs: readonly (readonly StepResult[])[]
  seen: ReadonlyMap<string, Seen>
  /** Whose shell it was, as the host says. */
  as?: Identity | undefined
}

/** A host as the engine deals with it: nothing but rounds. */
export interface RemoteHost {
  /** Rejects with a RemoteProblem; with LOCKED, LOCK_BROKEN or LOCK_FAILED nothing of the round was done. */
  round(work: Work): Promise<Done>
  /** Gives back what locks the connection holds. */
  release(): Promise<void>
  readonly traffic: Connection['traffic']
  /** How the run has come here, once a round was made; nothing is told of a way that nobody shall guard. */
  readonly way: ConnectionState
  close(): Promise<void>
}

/** Turns a round into steps of one write, and their replies into what was seen. */
export function remoteHost(connection: Connection, { isGuarded = true, now = () => new Date() } = {}): RemoteHost {
  const keepers = new Set<Shell>()
  const { name } = connection.host
  const way = () => (isGuarded ? connection.way : NO_CONNECTION)

  async function release(): Promise<void> {
    try {
      for (const keeper of keepers) await keeper.finish([releaseLock])
    } catch (error) {
      // The connection is gone, and the lock with it.
      if (!(error instanceof RemoteProblem)) throw error
    }
    keepers.clear()
  }

  /** The lock of one shell for the round of another. */
  async function hold({ holder, as }: Lock): Promise<void> {
    const keeper = connection.shell(as)
    const [result] = await keeper.run([keepLock(holder, 0)])
    requireLock(name, result, now())
    keepers.add(keeper)
  }

  return {
    get way() {
      return way()
    },
    traffic: connection.traffic,
    release,
    async close() {
      await release()
      await connection.close()
    },
    async round({ become, jobs, reads, lock, changes = [], signal }) {
      // A lock lasts as long as the shell that has it.
      const leaving = changes.flatMap((account) => connection.shellsOf(account)).filter((shell) => !keepers.has(shell))
      await Promise.all(leaving.map((shell) => shell.end()))
      const shell = connection.shell(become)
      const isKeeper = lock !== undefined && connection.shell(lock.as) === shell
      if (lock && !isKeeper && jobs.length > 0) await hold(lock)
      const sends = jobs.some(({ commands }) => commands.some(({ sent }) => sent))
      if (isKeeper && sends) await hold(lock)
      const unsent = sends ? await sendFiles(jobs, { shell, host: name, signal }) : NOTHING
      const first = isKeeper ? [keepLock(lock.holder, jobs.length)] : []
      const acting = jobs.map(({ commands, timeoutMs, listeners }, group) =>
        unsent.has(group) ? [] : commands.map((command, at) => toStep(command, timeoutMs, group, listeners?.[at])),
      )
      const look = probe(reads)
      const results = await shell.run([...first, ...acting.flat(), ...look.steps])
      if (isKeeper) {
        requireLock(name, results[0], now())
        keepers.add(shell)
      }
      let start = first.length
      const done = acting.map((steps, group) => {
        const part = results.slice(start, start + steps.length)
        start += steps.length
        return unsent.get(group) ?? part
      })
      const seen = new Map(await look.parse(results.slice(start)))
      for (const { kind, key } of reads) if (kind === 'connection') seen.set(key, { state: way() })
      return { jobs: done, seen, as: shell.identity }
    },
  }
}

/** Sends what the commands of the jobs need on the host before them; gives the results of those jobs that could not be begun for that. */
async function sendFiles(
  jobs: readonly Job[],
  options: Omit<SendingOptions, 'timeoutMs'>,
): Promise<ReadonlyMap<number, readonly StepResult[]>> {
  const unsent = new Map<number, readonly StepResult[]>()
  for (const [group, { commands, timeoutMs, onProgress }] of jobs.entries()) {
    for (const [at, { sent }] of commands.entries()) {
      const failed = sent && (await send(sent, { ...options, timeoutMs, onProgress }))
      if (!failed) continue
      unsent.set(
        group,
        commands.map((_, index) => (index === at ? failed : SKIPPED)),
      )
      break
    }
  }
  return unsent
}

const NOTHING: ReadonlyMap<number, readonly StepResult[]> = new Map()

const SKIPPED: StepResult = { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), skipped: true }

function toStep({ text }: Command, timeoutMs: number, group: number, listen: Listener | undefined): Step {
  return { script: text, timeoutMs, group, ...(listen ? { listen } : {}) }
}
