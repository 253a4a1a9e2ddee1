import type { Evaluator } from '../language/evaluator.ts'
import type { Play } from '../language/playbook.ts'
import type { Event, Mode } from '../report/event.ts'
import type { KnownSecrets } from '../resource/known-secrets.ts'
import type { DebtBook } from './debt-book.ts'
import type { HostState } from './host-state.ts'
import type { Hosts } from './hosts.ts'
import type { Registry } from './registry.ts'
import type { Veto } from './veto.ts'

/** The controller's own files, for what is fetched. */
export interface ControllerFiles {
  /** undefined: there is no such file. */
  read(path: string): Promise<Buffer | undefined>
  write(path: string, content: Buffer, mode: number): Promise<void>
}

/** What the stages of a play share; the engine knows no clock, socket, file or terminal but through it. */
export interface PlayContext {
  mode: Mode
  /** Path of the playbook, for debts. */
  playbook: string
  /** Folder of the playbook, absolute: paths on the controller are relative to it. */
  folder: string
  play: Play
  evaluator: Evaluator
  registry: Registry
  hosts: Hosts
  states: ReadonlyMap<string, HostState>
  debts: DebtBook
  emit: (event: Event) => void
  /** What no registered value may give away. */
  secrets: KnownSecrets
  now: () => Date
  sleep: (milliseconds: number) => Promise<void>
  controller: ControllerFiles
  operator: string
  signal: AbortSignal | undefined
  /** Seconds after which a host undoes a change that may have cut off the way in, unless a new login has proven the way. */
  guardSeconds: number
  /** Whether what commands print is told while they run. */
  tellsOutput?: boolean | undefined
  /** Asked before anything is changed. */
  veto?: Veto | undefined
  /** Told where a plan foresaw something else than came: a bug in a module, or somebody else at work on the host. */
  onMisprediction?: ((sentence: string) => void) | undefined
}
