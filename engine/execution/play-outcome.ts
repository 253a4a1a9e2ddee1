import type { Step } from '../language/playbook.ts'
import type { TaskRef } from '../report/event.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import { loopValue, withoutSecrets } from './register.ts'
import { countOf } from './roll.ts'
import { type Settled, toResult } from './settled.ts'

/** What has become of a play so far: takes in how each (host, task, item) ended, and stops the play when too many hosts are lost. */
export class PlayOutcome {
  readonly #context: PlayContext
  /** Check mode: something is predicted, so that what looks for an effect must wait. */
  pending = false
  /** Check mode: hosts on which something would happen that nobody can foresee. */
  readonly hazy = new Set<string>()
  #stopped = false

  constructor(context: PlayContext) {
    this.#context = context
  }

  /** Counts and reports how it ended, and says what follows from it for the host. */
  settle(task: TaskRef, step: Step | undefined, settled: Settled): void {
    const { host, status } = settled
    const owed = task.handler ? host.wordsOwed(task.name) : undefined
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
    if (settled.doubtful && !step?.ignoreErrors) host.doubt(step?.blocks ?? [])
    if (settled.hazy) this.hazy.add(host.name)
    this.emit({ type: 'task-result', task, host: host.name, result: tolerated ? { ...result, tolerated } : result })
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

  /** Stops the play when more hosts are lost than it may lose. */
  judge(members: readonly HostState[]): void {
    const lost = members.filter((host) => host.lost !== undefined).length
    const { anyErrorsFatal } = this.#context.play
    const { maxFailures } = this.#context.play.roll
    const budget = anyErrorsFatal
      ? 0
      : maxFailures
        ? countOf(maxFailures, members.length, 'down')
        : Number.POSITIVE_INFINITY
    if (lost > budget) this.#stopped = true
  }

  /** The play was stopped, or the run interrupted. */
  get halted(): boolean {
    return this.#stopped || (this.#context.signal?.aborted ?? false)
  }

  /** Reports it, with the time. */
  emit(event: DistributiveOmit<Parameters<PlayContext['emit']>[0], 'at'>): void {
    this.#context.emit({ ...event, at: this.#context.now().toISOString() } as Parameters<PlayContext['emit']>[0])
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

const CHANGING: ReadonlySet<string> = new Set(['changed', 'known-after-apply', 'would-run'])

/** What stands in for a step while a host is connected to. */
const CONNECTING = { noLog: false } as Step
