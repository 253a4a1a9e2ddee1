import type { Handler, Roll, Step } from '../language/playbook.ts'
import type { Problem } from '../problem.ts'
import type { TaskRef } from '../report/event.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import { loopValue, withoutSecrets } from './register.ts'
import { countOf } from './roll.ts'
import { failed, problemFailure, type Settled, toResult } from './settled.ts'

/** What has become of a play so far: takes in how each (host, task, item) ended, and stops the play when too many hosts are lost. */
export class PlayOutcome {
  readonly #context: PlayContext
  /** Check mode: something is predicted, so that what looks for an effect must wait. */
  pending = false
  /** Check mode: hosts on which something would happen that nobody can foresee. */
  readonly hazy = new Set<string>()
  /** Why the play was stopped for all its hosts. */
  stopped: string | undefined
  readonly #members: readonly HostState[]
  readonly #budgets = new Set<Budget>()

  constructor(context: PlayContext, members: readonly HostState[]) {
    this.#context = context
    this.#members = members
  }

  /** Counts and reports how it ended, and what follows from it for the host; says whether it was a failure that counts. */
  settle(task: TaskRef, step: Step | undefined, settled: Settled): boolean {
    const { host, status } = settled
    const owed = step && 'handler' in step ? host.wordsOwed((step as Handler).handler) : undefined
    const result = {
      ...toResult(settled, step ?? CONNECTING),
      ...(owed === undefined || settled.reason !== undefined ? {} : { reason: owed }),
    }
    host.counts[status]++
    let tolerated: 'ignored' | 'rescued' | undefined
    if (status === 'unreachable') {
      tolerated = step?.ignoreUnreachable || this.#context.play.ignoreUnreachable ? 'ignored' : undefined
      host.lost = tolerated ? undefined : 'unreachable'
    } else if (status === 'failed' && host.lost !== 'locked') {
      if (step?.ignoreErrors) tolerated = 'ignored'
      else if (host.fail(step?.blocks ?? []) === 'rescued') tolerated = 'rescued'
      else if (settled.failure?.code === 'PLAN_STALE') host.lost = 'refused'
    }
    // A change that broke half way is a change all the same, when the play goes on.
    if (step && (CHANGING.has(status) || (tolerated && settled.begun))) {
      this.pending ||= this.#context.mode === 'check'
      for (const handler of step.notify) if (!host.notified.has(handler)) host.notified.set(handler, step.name)
    }
    // What says of itself that it changes nothing may still be what a later look waits for.
    if (status === 'deferred' && settled.hazy) this.pending = true
    if (step && status === 'may-run' && this.#context.mode === 'check')
      for (const handler of step.notify) host.perhapsNotified.add(handler)
    if (settled.doubtful && !step?.ignoreErrors) host.doubt(step?.blocks ?? [])
    if (settled.hazy) this.hazy.add(host.name)
    this.emit({ type: 'task-result', task, host: host.name, result: tolerated ? { ...result, tolerated } : result })
    const isLost = (status === 'failed' || status === 'unreachable') && tolerated === undefined
    if (isLost && (step ?? this.#context.play).anyErrorsFatal)
      this.stop(`${host.name} failed, and any_errors_fatal holds for ${step ? `'${step.name}'` : 'the play'}`)
    return isLost || tolerated === 'rescued'
  }

  /** Keeps what a step registers: for its own hosts, or for all that share it. */
  register(step: Step, settled: readonly Settled[], shared: readonly HostState[] | undefined): void {
    if (step.register === undefined) return
    for (const host of new Set(settled.map((one) => one.host))) {
      const results = settled.filter((one) => one.host === host)
      const isLoop = results.some(({ item }) => item !== undefined)
      const value: Value = isLoop
        ? loopValue(results.map((one) => one.value))
        : (results[0]?.value ?? new Unknown('nothing'))
      const kept = withoutSecrets(value, this.#context.secrets)
      for (const each of shared ?? [host]) this.#context.registry.register(each.name, step.register, kept)
    }
  }

  /** What a roll may lose counts from now until it is closed. */
  openBudget({ maxFailures }: Roll, members: readonly HostState[]): Budget {
    const before = members.filter(isLost).length
    const budget = { members, before, most: maxFailures && countOf(maxFailures, members.length, 'down') }
    this.#budgets.add(budget)
    return budget
  }

  closeBudget(budget: Budget): void {
    this.#budgets.delete(budget)
  }

  /** Stops the play when a roll has lost more hosts than it may lose. */
  judge(): void {
    for (const { members, before, most } of this.#budgets) {
      const lost = members.filter(isLost).length - before
      if (most !== undefined && lost > most)
        this.stop(`${lost} of ${members.length} hosts were lost, and max_failures is ${most}`)
    }
  }

  /** Every host leaves the play: what blocks always do is still done, and nothing else. */
  stop(why: string): void {
    this.stopped ??= why
    for (const host of this.#members) host.stopped = true
  }

  /** The run was interrupted: nothing more is begun. */
  get interrupted(): boolean {
    return this.#context.signal?.aborted ?? false
  }

  /** The step cannot even be begun on the host. */
  fail(step: Step, host: HostState, problem: Problem): void {
    this.settle(this.taskRef(step, false), step, failed({ host, item: undefined }, problemFailure(problem)))
  }

  /** A step or handler as events name it. */
  taskRef({ id, name, place, call }: Step, handler: boolean): TaskRef {
    const module = call.kind === 'module' ? call.module.name : call.kind === 'action' ? call.action.name : 'meta'
    return { id, name, module, play: this.#context.play.name, place, handler }
  }

  /** Reports it, with the time. */
  emit(event: DistributiveOmit<Parameters<PlayContext['emit']>[0], 'at'>): void {
    this.#context.emit({ ...event, at: this.#context.now().toISOString() } as Parameters<PlayContext['emit']>[0])
  }
}

/** Hosts of a roll, how many of them were lost before it began, and how many more may be. */
interface Budget {
  members: readonly HostState[]
  before: number
  most: number | undefined
}

function isLost({ lost }: HostState): boolean {
  return lost !== undefined
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

const CHANGING: ReadonlySet<string> = new Set(['changed', 'known-after-apply', 'would-run'])

/** What stands in for a step while a host is connected to. */
const CONNECTING = { noLog: false } as Step
