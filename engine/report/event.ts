import type { Place, Problem } from '../problem.ts'
import type { Value } from '../resource/value.ts'

/** What the engine tells while it works; every report is made of these and of nothing else. Nothing in them is secret. */
export type Event =
  | { type: 'run-started'; at: string; mode: Mode; playbook: string; operator: string; hosts: readonly string[] }
  | { type: 'play-started'; at: string; play: string; place: Place; hosts: readonly string[] }
  /** A host answered for the first time. */
  | { type: 'host-connected'; at: string; host: string }
  /** A handler that an earlier run owed to this host and did not get to. */
  | { type: 'debt-found'; at: string; host: string; debt: Debt; handlerExists: boolean }
  /** Another run has a host that this one waits for. */
  | { type: 'lock-awaited'; at: string; host: string; message: string }
  | { type: 'task-started'; at: string; task: TaskRef; hosts: readonly string[] }
  /** With -v: a line that a command of the task printed while it runs, stripped of what a terminal would obey. */
  | { type: 'task-output'; at: string; task: TaskRef; host: string; item?: Item; stream: Stream; text: string }
  /** A file is on its way to a host; at most once a second, and once a hundredth of it. `sent` and `size` are bytes. */
  | { type: 'task-progress'; at: string; task: TaskRef; host: string; item?: Item; sent: number; size: number }
  /** One (host, task, item) is done. A loop gives one of these for each item. */
  | { type: 'task-result'; at: string; task: TaskRef; host: string; result: TaskResult }
  | { type: 'task-finished'; at: string; task: TaskRef }
  | { type: 'warning'; at: string; problem: Problem }
  /** `stopped`: why nothing more is done on any of its hosts, nor in the plays after it. */
  | { type: 'play-finished'; at: string; play: string; stopped?: string }
  | { type: 'run-finished'; at: string; mode: Mode; summary: RunSummary }

export type Mode = 'run' | 'check'

/** A task of the playbook, or a handler. */
export interface TaskRef {
  /** Stable between runs of the same playbook. */
  id: string
  name: string
  /** The module's or action's name. */
  module: string
  play: string
  place: Place
  handler: boolean
}

export type Stream = 'stdout' | 'stderr'

export interface Item {
  index: number
  label: string
}

export type Status =
  /** As asked for. */
  | 'ok'
  /** Was changed, or would be in check mode. */
  | 'changed'
  /** Check mode: would change, but to what is known after apply. Counts as drift. */
  | 'known-after-apply'
  /** Check mode: an action without a guard; it would run. */
  | 'would-run'
  /** Check mode: its condition depends on what is known after apply. */
  | 'may-run'
  /** Check mode: it only looks, and what it looks for depends on changes that are not made. */
  | 'deferred'
  | 'skipped'
  | 'failed'
  | 'unreachable'
  /** Check mode: was not allowed to look. */
  | 'not-visible'

export interface TaskResult {
  status: Status
  /** The loop item, when there is one. */
  item?: Item
  differences: readonly Difference[]
  /** Why: the false condition, what is unknown, what would run. */
  reason?: string
  failure?: Failure
  /** A failure that `ignore_errors` let pass, or that a rescue takes care of. */
  tolerated?: 'ignored' | 'rescued'
  warnings: readonly string[]
  /** What the task says to the person who reads, as `debug` does. */
  message?: string
  /** What `register` sees; hidden by no_log. */
  value?: Value
  attempts?: number
}

/** One difference, ready to be shown: host bytes still have to pass `printable`. */
export interface Difference {
  kind: string
  what: string
  form: 'text' | 'value' | 'bytes' | 'hidden'
  /** undefined: not there. */
  before: string | undefined
  after: string | undefined
}

export interface Failure {
  code: string
  message: string
  hint?: string
  /** The command that failed, its exit code and the last lines of its streams. */
  command?: { text: string; code: number; stdout: string; stderr: string }
}

/** What a run owes to a host: a handler that was notified and has not run yet. */
export interface Debt {
  handler: string
  playbook: string
  reason: string
  since: string
  by: string
}

export interface HostSummary {
  counts: Readonly<Record<Status, number>>
  rounds: number
  bytesSent: number
  bytesReceived: number
  /** Left the play: failed or was unreachable, and nothing rescued it; `refused`: it is not as the saved plan has it. */
  lost?: 'failed' | 'unreachable' | 'locked' | 'refused'
  /** Handlers still owed when the run ended. */
  owed: readonly string[]
}

export interface RunSummary {
  hosts: Readonly<Record<string, HostSummary>>
  elapsedMs: number
  interrupted: boolean
}
