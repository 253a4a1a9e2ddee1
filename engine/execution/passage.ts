import type { BlockPath, Handler, Roll, Step } from '../language/playbook.ts'
import { Problem } from '../problem.ts'
import { Unknown } from '../resource/unknown.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import type { PlayOutcome } from './play-outcome.ts'
import { batchSize, orderHosts } from './roll.ts'

/** Hosts on their way through a roll, and the blocks around it; its order is asked on behalf of the step that comes first. */
export interface Passing {
  roll: Roll | undefined
  members: readonly HostState[]
  around: readonly BlockPath[]
  step: Step | undefined
  handler?: Handler | undefined
}

/** Lets hosts pass through plays, blocks, tasks and handlers. */
export class Passage {
  readonly #context: PlayContext
  readonly #outcome: PlayOutcome
  readonly #ask: (name: string, hosts: readonly HostState[]) => Promise<void>

  /** `ask` performs the step that registers a name anew on hosts. */
  constructor(
    context: PlayContext,
    outcome: PlayOutcome,
    ask: (name: string, hosts: readonly HostState[]) => Promise<void>,
  ) {
    this.#context = context
    this.#outcome = outcome
    this.#ask = ask
  }

  /** Hosts pass batch by batch; the roll stops with the play when it has lost more of them than it may. */
  async pass(passing: Passing, through: (batch: HostState[]) => Promise<void>): Promise<void> {
    const { roll, members } = passing
    const budget = roll && this.#outcome.openBudget(roll, members)
    for await (const batch of this.#batches(passing)) {
      await through(batch)
      this.#outcome.judge()
      const isLost = batch.every(({ lost }) => lost !== undefined)
      if (roll?.serial && !roll.maxFailures && isLost && batch.length < members.length)
        this.#outcome.stop(`every host of a batch was lost: ${batch.map(({ name }) => name).join(', ')}`)
    }
    if (budget) this.#outcome.closeBudget(budget)
  }

  /** The batches of a roll, the order asked for again before each when it may change. */
  async *#batches({ roll, members, around, step, handler }: Passing): AsyncGenerator<HostState[]> {
    const isDue = (host: HostState) =>
      handler ? host.admitsHandler(around) : host.admits(around) || host.mayAdmit(around)
    let left = members.filter(isDue)
    for (let turn = 0; left.length > 0 && !this.#outcome.interrupted; turn++) {
      if (turn > 0 && roll?.order.kind === 'by' && roll.order.ask !== undefined) {
        await this.#ask(roll.order.ask, left)
        this.#outcome.judge()
        left = left.filter(isDue)
      }
      if (roll && step && (turn === 0 || (roll.order.kind === 'by' && roll.order.dynamic))) {
        const due = new Set(left)
        // In the order of the inventory again, in which equal ones stay.
        const again = members.filter((host) => due.has(host))
        left = this.#inOrder(roll.order, again, step)
      }
      const size = batchSize(roll?.serial, turn, members.length)
      const batch = left.slice(0, size)
      if (batch.length > 0) yield batch
      left = left.slice(size).filter(isDue)
    }
  }

  /** A host for which the order cannot be worked out fails. */
  #inOrder(order: Roll['order'], hosts: readonly HostState[], step: Step): HostState[] {
    const failing = new Map<HostState, Problem>()
    const ordered = orderHosts(order, hosts, (by, host) => {
      try {
        const rank = this.#context.evaluator.rank(by, step, host.name)
        if (!(rank instanceof Unknown)) return rank
        // A check passes hosts in whatever order; a run must not.
        if (this.#context.mode === 'run')
          throw new Problem({ code: 'STILL_UNKNOWN', message: `the order depends on ${rank.reason}` })
        return null
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        failing.set(host, error)
        return null
      }
    })
    for (const [host, problem] of failing) this.#outcome.fail(step, host, problem)
    return ordered.filter((host) => !failing.has(host))
  }
}
