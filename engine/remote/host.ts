import type { Command } from '../resource/command.ts'
import type { AnyRead } from '../resource/read.ts'
import type { Become } from './address.ts'
import { type LockHolder, parseLock, releaseLock, takeLock } from './lock.ts'
import { probe, type Seen } from './probe.ts'
import { type Connection, RemoteProblem, type Shell, type Step, type StepResult } from './session.ts'
import type { Identity } from './wire.ts'

/** Commands that belong together: each runs only when those before it went well. */
export interface Job {
  commands: readonly Command[]
  timeoutMs: number
}

/** What one trip to a host shall do: act first, then look. */
export interface Work {
  become: Become | undefined
  jobs: readonly Job[]
  reads: readonly AnyRead[]
  /** Accounts that the jobs change: their shells end first, since nobody who is at work can be removed or gets a new group. */
  changes?: readonly string[] | undefined
  /** Takes the host's lock first, for as long as the connection lasts. */
  lock?: LockHolder | undefined
}

/** What came of it: for each job the results of its commands, skipped ones included, and what was seen, by read key. */
export interface Done {
  jobs: readonly (readonly StepResult[])[]
  seen: ReadonlyMap<string, Seen>
  /** Whose shell it was, as the host says. */
  as?: Identity | undefined
  /** Who has the lock that was asked for, when it is somebody else. */
  lockedBy?: LockHolder | undefined
}

/** A host as the engine deals with it: nothing but rounds. */
export interface RemoteHost {
  round(work: Work): Promise<Done>
  readonly traffic: Connection['traffic']
  close(): Promise<void>
}

/** Turns a round into steps of one write, and their replies into what was seen. */
export function remoteHost(connection: Connection): RemoteHost {
  let locked: Shell | undefined
  return {
    traffic: connection.traffic,
    async close() {
      await locked?.finish([releaseLock]).catch((error: unknown) => {
        // The connection is gone, and the lock with it.
        if (!(error instanceof RemoteProblem)) throw error
      })
      await connection.close()
    },
    async round({ become, jobs, reads, lock, changes = [] }) {
      // The lock lasts as long as the shell that has it.
      const leaving = changes.flatMap((account) => connection.shellsOf(account)).filter((shell) => shell !== locked)
      await Promise.all(leaving.map((shell) => shell.end()))
      const shell = connection.shell(become)
      const first = lock ? [takeLock(lock)] : []
      const acting = jobs.flatMap((job, group) => job.commands.map((command) => toStep(command, job.timeoutMs, group)))
      const look = probe(reads)
      const results = await shell.run([...first, ...acting, ...look.steps])
      const lockedBy = lock && parseLock(results[0])
      if (lock && !lockedBy) locked = shell
      let start = first.length
      const done = jobs.map(({ commands }) => {
        const part = results.slice(start, start + commands.length)
        start += commands.length
        return part
      })
      const seen = await look.parse(results.slice(start))
      return { jobs: done, seen, as: shell.identity, ...(lockedBy ? { lockedBy } : {}) }
    },
  }
}

function toStep(command: Command, timeoutMs: number, group: number): Step {
  return { script: command.text, timeoutMs, group }
}
