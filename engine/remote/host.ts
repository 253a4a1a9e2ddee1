import type { Command } from '../resource/command.ts'
import { type AnyRead, type ConnectionState, NO_CONNECTION } from '../resource/read.ts'
import type { Become } from './address.ts'
import type { Listener } from './frame-pair.ts'
import { type LockHolder, parseLock, releaseLock, takeLock } from './lock.ts'
import { probe, type Seen } from './probe.ts'
import { type Connection, RemoteProblem, type Shell, type Step, type StepResult } from './session.ts'

/** Commands that belong together: each runs only when those before it went well. */
export interface Job {
  commands: readonly Command[]
  timeoutMs: number
  /** Told what the commands print while they run, for those of them that somebody listens to. */
  listeners?: readonly (Listener | undefined)[] | undefined
}

/** What one trip to a host shall do: act first, then look. */
export interface Work {
  become: Become | undefined
  jobs: readonly Job[]
  reads: readonly AnyRead[]
  /** Takes the host's lock first, for as long as the connection lasts. */
  lock?: LockHolder | undefined
}

/** What came of it: for each job the results of its commands, skipped ones included, and what was seen, by read key. */
export interface Done {
  jobs: readonly (readonly StepResult[])[]
  seen: ReadonlyMap<string, Seen>
  /** Who has the lock that was asked for, when it is somebody else. */
  lockedBy?: LockHolder | undefined
}

/** A host as the engine deals with it: nothing but rounds. */
export interface RemoteHost {
  round(work: Work): Promise<Done>
  readonly traffic: Connection['traffic']
  /** How the run has come here, once a round was made; nothing is told of a way that nobody shall guard. */
  readonly way: ConnectionState
  close(): Promise<void>
}

/** Turns a round into steps of one write, and their replies into what was seen. */
export function remoteHost(connection: Connection, { isGuarded = true } = {}): RemoteHost {
  let locked: Shell | undefined
  const way = () => (isGuarded ? connection.way : NO_CONNECTION)
  return {
    get way() {
      return way()
    },
    traffic: connection.traffic,
    async close() {
      await locked?.finish([releaseLock]).catch((error: unknown) => {
        // The connection is gone, and the lock with it.
        if (!(error instanceof RemoteProblem)) throw error
      })
      await connection.close()
    },
    async round({ become, jobs, reads, lock }) {
      const shell = connection.shell(become)
      const first = lock ? [takeLock(lock)] : []
      const acting = jobs.flatMap((job, group) =>
        job.commands.map((command, at) => toStep(command, job.timeoutMs, group, job.listeners?.[at])),
      )
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
      const seen = new Map(await look.parse(results.slice(start)))
      for (const { kind, key } of reads) if (kind === 'connection') seen.set(key, { state: way() })
      return { jobs: done, seen, ...(lockedBy ? { lockedBy } : {}) }
    },
  }
}

function toStep({ text }: Command, timeoutMs: number, group: number, listen: Listener | undefined): Step {
  return { script: text, timeoutMs, group, ...(listen ? { listen } : {}) }
}
