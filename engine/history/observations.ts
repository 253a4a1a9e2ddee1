import type { Difference, Event, Mode, Status, TaskRef, TaskResult } from '../report/event.ts'

/** What a record says of one task on one host, or one item of its loop. */
export interface Observation {
  host: string
  play: string
  task: string
  module: string
  /** It follows from tasks, and is there only when one of them notifies it. */
  handler: boolean
  item: string | undefined
  state: State
  result: TaskResult
}

/** What is known of it when the record ends. */
export type State =
  /** As the playbook asks, by itself or since the run has made it so (`mended`). */
  | 'clean'
  | 'mended'
  | 'drifted'
  /** Nobody could tell: an action that would run, or what depends on one. */
  | 'open'
  /** Failed, unreachable or not visible. */
  | 'unseen'
  /** Its condition was false. */
  | 'skipped'

/** All observations of a record by a key that is the same in other records, wherever the task has moved in its file. */
export function observationsOf(events: Iterable<Event>, wanted?: (host: string) => boolean): Map<string, Observation> {
  const found = new Map<string, Observation>()
  const times = new Map<string, number>()
  let mode: Mode = 'run'
  for (const event of events) {
    if (event.type === 'run-started') mode = event.mode
    if (event.type !== 'task-result' || wanted?.(event.host) === false) continue
    const { host, task, result } = event
    const item = result.item?.label
    const name = JSON.stringify([host, ...nameOf(task), item ?? null])
    // Tasks that look alike count in the order of the play.
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    const { play, name: taskName, module, handler } = task
    const state = stateOf(result, mode)
    found.set(`${name}${time}`, { host, play, task: taskName, module, handler, item, state, result })
  }
  return found
}

/** Whether two drifts are the same one. */
export function sameDifferences(a: readonly Difference[], b: readonly Difference[]): boolean {
  const text = (all: readonly Difference[]) =>
    JSON.stringify(all.map(({ kind, what, before, after }) => [kind, what, before ?? null, after ?? null]))
  return text(a) === text(b)
}

function nameOf({ play, name, module, handler }: TaskRef): readonly unknown[] {
  return [play, name, module, handler]
}

function stateOf({ status }: TaskResult, mode: Mode): State {
  return status === 'changed' && mode === 'run' ? 'mended' : states[status]
}

const states: Record<Status, State> = {
  ok: 'clean',
  changed: 'drifted',
  'known-after-apply': 'drifted',
  'would-run': 'open',
  'may-run': 'open',
  deferred: 'open',
  skipped: 'skipped',
  failed: 'unseen',
  unreachable: 'unseen',
  'not-visible': 'unseen',
}
