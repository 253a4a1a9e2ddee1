import type { Command } from '../resource/command.ts'
import type { AnyRead } from '../resource/read.ts'
import type { Become } from './address.ts'
import { probe, type Seen } from './probe.ts'
import type { Connection, Step, StepResult } from './session.ts'

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
}

/** What came of it: for each job the results of its commands, skipped ones included, and what was seen, by read key. */
export interface Done {
  jobs: readonly (readonly StepResult[])[]
  seen: ReadonlyMap<string, Seen>
}

/** A host as the engine deals with it: nothing but rounds. */
export interface RemoteHost {
  round(work: Work): Promise<Done>
  readonly traffic: Connection['traffic']
  close(): Promise<void>
}

/** Turns a round into steps of one write, and their replies into what was seen. */
export function remoteHost(connection: Connection): RemoteHost {
  return {
    traffic: connection.traffic,
    close: () => connection.close(),
    async round({ become, jobs, reads }) {
      const shell = await connection.shell(become)
      const acting = jobs.flatMap((job, group) => job.commands.map((command) => toStep(command, job.timeoutMs, group)))
      const look = probe(reads)
      const results = await shell.run([...acting, ...look.steps])
      let start = 0
      const done = jobs.map(({ commands }) => {
        const part = results.slice(start, start + commands.length)
        start += commands.length
        return part
      })
      return { jobs: done, seen: await look.parse(results.slice(start)) }
    },
  }
}

function toStep(command: Command, timeoutMs: number, group: number): Step {
  return { script: command.text, timeoutMs, group }
}
