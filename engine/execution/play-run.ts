import type { Handler, Play, Roll, Step } from '../language/playbook.ts'
import type { Become } from '../remote/address.ts'
import type { TaskRef } from '../report/event.ts'
import type { OutputListener } from './act.ts'
import { lossOf, unreached } from './apply.ts'
import { clearPaidDebts } from './clear-debts.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import { lookAhead } from './look-ahead.ts'
import { look, want } from './looking.ts'
import { PlayOutcome } from './play-outcome.ts'
import { batchSize, orderHosts } from './roll.ts'
import { failed, open, type Settled } from './settled.ts'
import { perform } from './step-run.ts'

/** Runs one play: its steps in lockstep over the hosts of each batch, handlers where they are due. */
export class PlayRun {
  readonly #context: PlayContext
  readonly #play: Play
  readonly #outcome: PlayOutcome

  constructor(context: PlayContext) {
    this.#context = context
    this.#play = context.play
    this.#outcome = new PlayOutcome(context)
  }

  async go(members: readonly HostState[]): Promise<void> {
    const { roll, strategy, steps } = this.#play
    const [first] = steps
    for (const batch of this.#batches(roll, members, first)) {
      const parts = strategy === 'free' ? batch.map((host) => [host]) : [batch]
      await Promise.all(parts.map((part) => this.#runBatch(part, members)))
    }
  }

  async #runBatch(batch: readonly HostState[], all: readonly HostState[]): Promise<void> {
    await this.#greet(batch)
    const { steps } = this.#play
    await this.#runSteps(0, steps.length, batch, all, 0)
    if (!this.#outcome.halted) await this.#flush(batch, steps.length)
  }

  /** Steps from one position up to another. A block with a roll of its own is passed through batch by batch. */
  async #runSteps(
    from: number,
    to: number,
    batch: readonly HostState[],
    all: readonly HostState[],
    depth: number,
  ): Promise<void> {
    const { steps } = this.#play
    let position = from
    while (position < to && !this.#outcome.halted) {
      const step = steps[position]
      if (!step) return
      const before = steps[position - 1]
      if (before && endsSection(before, step)) await this.#flush(batch, position)
      const rolled = step.blocks.findIndex((block, index) => index >= depth && block.roll !== undefined)
      const block = step.blocks[rolled]
      if (block?.roll) {
        const end = endOfBlock(steps, position, rolled, block.id)
        for (const part of this.#batches(block.roll, batch, step)) {
          await this.#runSteps(position, end, part, all, rolled + 1)
        }
        position = end
        continue
      }
      if (step.call.kind === 'meta') await this.#meta(step, batch, position)
      else await this.#runStep(step, position, batch, all)
      position++
    }
  }

  /** The batches of a roll, the order asked for again before each when it may change; none after the play was stopped. */
  *#batches(roll: Roll | undefined, members: readonly HostState[], step: Step | undefined): Generator<HostState[]> {
    let left = [...members]
    let turn = 0
    while (left.length > 0 && !this.#outcome.halted) {
      const isFirst = turn === 0
      if (roll && (isFirst || (roll.order.kind === 'by' && roll.order.dynamic))) {
        left = orderHosts(roll.order, left, (by, host) =>
          step ? this.#context.evaluator.evaluate(by, step, host.name) : null,
        )
      }
      const size = batchSize(roll?.serial, turn++, members.length)
      yield left.slice(0, size)
      left = left.slice(size)
    }
  }

  /** The first round on each host: connects, asks for debts, and looks at all that can be looked at now. */
  async #greet(batch: readonly HostState[]): Promise<void> {
    const { steps, place, name } = this.#play
    const task: TaskRef = { id: 'connect', name: 'connect', module: 'connect', play: name, place, handler: false }
    for (const host of batch) {
      const refusal = this.#context.veto?.refusal(host.name)
      if (refusal)
        this.#outcome.settle(task, undefined, failed({ host, item: undefined }, refusal.failure, refusal.differences))
    }
    const members = batch.filter(({ lost }) => lost === undefined)
    const ahead = steps.map((step, position) => ({ step, position }))
    const wanted = lookAhead({ ...this.#context, ahead, members })
    const become: Become | undefined = steps.find((step) => step.become)?.become
    for (const host of members) if (!wanted.has(host.name)) want(wanted, host.name, become, [])
    const unreachable = await look(this.#context, wanted, 0)
    for (const host of batch) {
      const problem = unreachable.get(host.name)
      if (!problem) continue
      host.lost = lossOf(problem)
      this.#outcome.settle(task, undefined, unreached({ host, item: undefined }, problem))
    }
    this.#outcome.judge(batch)
  }

  async #runStep(
    step: Step,
    position: number,
    batch: readonly HostState[],
    all: readonly HostState[],
    handler?: Handler,
  ): Promise<ReadonlySet<HostState>> {
    const performed = new Set<HostState>()
    const members = batch.filter((host) => host.admits(step.blocks))
    const doubtful = batch.filter((host) => !members.includes(host) && host.mayAdmit(step.blocks))
    const { call } = step
    if (members.length + doubtful.length === 0 || call.kind === 'meta') return performed
    const task = this.#taskRef(step, handler !== undefined)
    this.#outcome.emit({ type: 'task-started', task, hosts: [...members, ...doubtful].map(({ name }) => name) })
    const perhaps = doubtful.map(perhapsRescued)
    for (const one of perhaps) this.#outcome.settle(task, step, one)
    this.#outcome.register(step, perhaps, undefined)
    for (const part of this.#batches(step.roll, members, step)) {
      const { steps } = this.#play
      const ahead = handler
        ? [{ step, position }]
        : steps.slice(position).map((later, index) => ({ step: later, position: position + index }))
      const settled = await perform(this.#context, {
        step,
        call,
        position,
        ahead,
        members: part,
        settles: handler?.name,
        pending: this.#outcome.pending,
        hazy: this.#outcome.hazy,
        listen: this.#listener(task, step),
      })
      for (const one of settled) this.#outcome.settle(task, step, one)
      for (const { host, status } of settled) if (status !== 'unreachable') performed.add(host)
      if (step.runOnce && performed.size > 0) for (const host of members) performed.add(host)
      this.#outcome.register(step, settled, step.runOnce ? all : undefined)
      if (step.runOnce && settled.some((one) => one.host.lost))
        for (const host of part) if (!host.lost) host.fail(step.blocks)
      this.#outcome.judge(all)
      if (step.runOnce) break
    }
    this.#outcome.emit({ type: 'task-finished', task })
    return performed
  }

  /**
   * Handlers that are due, in the order of the play; what a handler notifies comes in the same flush. Hosts that the handler did
   * not get to, since the play was stopped or interrupted, stay owed.
   */
  async #flush(batch: readonly HostState[], position: number): Promise<void> {
    for (const handler of this.#play.handlers) {
      const due = batch.filter((host) => host.active && host.notified.has(handler.name))
      if (due.length === 0) continue
      const performed = await this.#runStep(handler, position, due, due, handler)
      for (const host of performed) if (host.lost === undefined) host.notified.delete(handler.name)
    }
    await clearPaidDebts(this.#context, batch, position)
  }

  async #meta(step: Step, batch: readonly HostState[], position: number): Promise<void> {
    const due = batch.filter(
      (host) => host.admits(step.blocks) && this.#context.evaluator.when(step, host.name).holds === true,
    )
    if (step.call.kind !== 'meta' || due.length === 0) return
    if (step.call.what === 'flush_handlers') await this.#flush(due, position)
    else for (const host of step.call.what === 'end_play' ? batch : due) host.ended = true
  }

  /** Tells what the task prints on a host, unless it is to be kept quiet. */
  #listener(task: TaskRef, step: Step): OutputListener {
    if (!this.#context.tellsOutput || step.noLog) return undefined
    return ({ host, item }, stream, text) => {
      this.#outcome.emit({ type: 'task-output', task, host: host.name, ...(item ? { item } : {}), stream, text })
    }
  }

  #taskRef(step: Step, handler: boolean): TaskRef {
    const { id, name, place, call } = step
    const module = call.kind === 'module' ? call.module.name : call.kind === 'action' ? call.action.name : 'meta'
    return { id, name, module, play: this.#play.name, place, handler }
  }
}

/** A rescue of what fails as things are and may not fail once it comes to that. */
function perhapsRescued(host: HostState): Settled {
  return { ...open({ host, item: undefined }, 'may-run', 'it rescues what fails as things are'), hazy: true }
}

/** The position after the last step of a block. */
function endOfBlock(steps: readonly Step[], from: number, depth: number, id: string): number {
  const length = steps.slice(from).findIndex((step) => step.blocks[depth]?.id !== id)
  return length < 0 ? steps.length : from + length
}

/** Handlers run when a section ends: roles and tasks are one. */
function endsSection(before: Step, step: Step): boolean {
  const part = ({ section }: Step) => (section === 'roles' ? 'tasks' : section)
  return part(before) !== part(step)
}
