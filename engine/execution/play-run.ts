import type { Handler, Play, Step } from '../language/playbook.ts'
import { Problem } from '../problem.ts'
import type { Become } from '../remote/address.ts'
import { factsRead } from '../remote/facts.ts'
import type { TaskRef } from '../report/event.ts'
import type { OutputListener } from './act.ts'
import { lossOf, unreached } from './apply.ts'
import { clearPaidDebts } from './clear-debts.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import { draft } from './jobs.ts'
import { lookAhead } from './look-ahead.ts'
import { look, want, wantFacts } from './looking.ts'
import { Passage } from './passage.ts'
import { PlayOutcome } from './play-outcome.ts'
import { progressTeller } from './progress.ts'
import { failed, open, type Settled } from './settled.ts'
import { blurAll, perform } from './step-run.ts'
import { endOfBlock, endsSection, type HandlerParts, type Stretch, stepsFrom } from './stretch.ts'

/** Runs one play: its steps in lockstep over the hosts of each batch, handlers where they are due. */
export class PlayRun {
  readonly #context: PlayContext
  readonly #play: Play
  readonly #members: readonly HostState[]
  readonly #outcome: PlayOutcome
  readonly #passage: Passage
  /** Steps that run once a play, from when they begin. */
  readonly #once = new Map<string, Promise<ReadonlySet<HostState>>>()
  /** Hosts that did not answer to a part of the handler that they are at, though the play lets them go on. */
  readonly #missed = new Set<HostState>()

  constructor(context: PlayContext, members: readonly HostState[]) {
    this.#context = context
    this.#play = context.play
    this.#members = members
    this.#outcome = new PlayOutcome(context, members)
    this.#passage = new Passage(context, this.#outcome, (name, hosts) => this.#askAgain(name, hosts))
  }

  /** Gives the reason when the play was stopped for all its hosts. */
  async go(): Promise<string | undefined> {
    const { roll, strategy, steps } = this.#play
    const passing = { roll, members: this.#members, around: [], step: steps[0] }
    await this.#passage.pass(passing, async (batch) => {
      const parts = strategy === 'free' ? batch.map((host) => [host]) : [batch]
      await Promise.all(parts.map((part) => this.#runBatch(part)))
    })
    return this.#outcome.stopped
  }

  async #runBatch(batch: readonly HostState[]): Promise<void> {
    await this.#greet(batch)
    const { steps } = this.#play
    await this.#runSteps({ steps, from: 0, to: steps.length, depth: 0, handlers: undefined }, batch)
    await this.#flush(batch, steps.length)
  }

  /** Steps from one position up to another. A block with a roll of its own is passed through batch by batch. */
  async #runSteps(stretch: Stretch, batch: readonly HostState[]): Promise<void> {
    const { steps, from, to, depth, handlers } = stretch
    let position = from
    while (position < to && !this.#outcome.interrupted) {
      const step = steps[position]
      if (!step) return
      const before = steps[position - 1]
      if (before && endsSection(before, step)) await this.#flush(batch, position)
      const rolled = step.blocks.findIndex((block, index) => index >= depth && block.roll !== undefined)
      const block = step.blocks[rolled]
      if (block?.roll) {
        const end = endOfBlock(steps, position, rolled, block.id)
        const part = { ...stretch, from: position, to: end, depth: rolled + 1 }
        const around = step.blocks.slice(0, rolled)
        const passing = { roll: block.roll, members: batch, around, step, handler: handlers?.steps[position] }
        await this.#passage.pass(passing, async (members) => {
          await this.#runSteps(part, members)
          if (end === handlers?.steps.length) await this.#pay(handlers, members)
        })
        position = end
        continue
      }
      if (step.call.kind === 'meta') await this.#meta(step, batch, position)
      else if (handlers) await this.#runStep(step, handlers.position, batch, handlers.steps[position])
      else await this.#runStep(step, position, batch)
      position++
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
    const wanted = lookAhead({ ...this.#context, ahead: stepsFrom(steps, 0), members })
    const become: Become | undefined = steps.find((step) => step.become)?.become
    const facts = this.#play.gatherFacts === true ? [factsRead] : []
    wantFacts(this.#context, wanted, become)
    for (const host of members) if (!wanted.has(host.name) || facts.length > 0) want(wanted, host.name, become, facts)
    const unreachable = await look(this.#context, wanted, 0)
    for (const host of batch) {
      const problem = unreachable.get(host.name)
      if (!problem) continue
      host.lost = lossOf(problem)
      this.#outcome.settle(task, undefined, unreached({ host, item: undefined }, problem))
    }
    this.#outcome.judge()
  }

  async #runStep(
    step: Step,
    position: number,
    batch: readonly HostState[],
    handler?: Handler,
  ): Promise<ReadonlySet<HostState>> {
    const { blocks } = step
    const isAdmitted = (host: HostState) => (handler ? host.admitsHandler(blocks) : host.admits(blocks))
    const isCalled = (host: HostState) => handler === undefined || host.notified.has(handler.handler)
    const members = batch.filter((host) => isAdmitted(host) && isCalled(host))
    const doubtful = batch.filter((host) => (isAdmitted(host) ? !isCalled(host) : host.mayAdmit(blocks)))
    if (members.length + doubtful.length === 0) return new Set()
    if (step.runOnce && !handler) {
      const earlier = this.#once.get(step.id)
      if (earlier) return await earlier
      const work = this.#act({ step, position, members, doubtful, handler })
      this.#once.set(step.id, work)
      return await work
    }
    return await this.#act({ step, position, members, doubtful, handler })
  }

  /** Gives the hosts that have got to it. */
  async #act({ step, position, members, doubtful, handler }: Acting): Promise<ReadonlySet<HostState>> {
    const performed = new Set<HostState>()
    const { call } = step
    if (call.kind === 'meta') return performed
    const task = this.#outcome.taskRef(step, handler !== undefined)
    this.#outcome.emit({ type: 'task-started', task, hosts: [...members, ...doubtful].map(({ name }) => name) })
    const reason = handler ? 'it is notified by what may run' : 'it rescues what fails as things are'
    const perhaps = doubtful.map((host) => perhapsDone(host, reason))
    for (const host of doubtful) blurAll(this.#context, draft(this.#context.evaluator, step, call, host), reason)
    for (const one of perhaps) this.#outcome.settle(task, step, one)
    this.#outcome.register(step, perhaps, undefined)
    // Who has run it once has run it for all: no roll of its own.
    const passing = { roll: step.runOnce ? undefined : step.roll, members, around: step.blocks, step, handler }
    await this.#passage.pass(passing, async (part) => {
      for (const host of part) host.enter(step.blocks)
      const { steps } = this.#play
      const ahead = handler ? [{ step, position }] : stepsFrom(steps, position)
      const ended = await perform(this.#context, {
        step,
        call,
        position,
        ahead,
        members: part,
        // A debt for several tasks ends with the last of them.
        settles: handler && this.#partsOf(handler).length === 1 ? handler.handler : undefined,
        handler: handler !== undefined,
        pending: this.#outcome.pending,
        hazy: this.#outcome.hazy,
        listen: this.#listener(task, step),
        progress: progressTeller(this.#context, task),
      })
      const settled = inOrder(ended, part)
      const failures = settled.filter((one) => this.#outcome.settle(task, step, one))
      for (const { host, status } of settled) {
        if (status !== 'unreachable') performed.add(host)
        else if (handler) this.#missed.add(host)
      }
      if (step.runOnce && performed.size > 0) for (const host of members) performed.add(host)
      this.#outcome.register(step, settled, step.runOnce ? this.#members : undefined)
      if (step.runOnce && failures.length > 0) this.#failWith(step, failures)
      this.#outcome.judge()
    })
    this.#outcome.emit({ type: 'task-finished', task })
    return performed
  }

  /** What one host could not do for all has failed for all: a rescue is theirs as well. */
  #failWith(step: Step, failures: readonly Settled[]): void {
    for (const host of this.#members)
      if (host.lost === undefined && failures.every((one) => one.host !== host)) host.fail(step.blocks)
  }

  /**
   * Handlers that are due, in the order of the play, each once; what a handler notifies comes in the same flush. Hosts that the
   * handler did not get to, since the play was stopped or interrupted, stay owed.
   */
  async #flush(batch: readonly HostState[], position: number): Promise<void> {
    const begun = new Set<string>()
    const dueFor = ({ handler: name }: Handler) =>
      batch.filter(
        (host) =>
          host.takesHandlers &&
          (host.notified.has(name) || host.perhapsNotified.has(name)) &&
          !begun.has(JSON.stringify([host.name, name])),
      )
    for (;;) {
      const handler = this.#play.handlers.find((one) => dueFor(one).length > 0)
      if (this.#outcome.interrupted) return
      if (!handler) break
      const due = dueFor(handler)
      for (const host of due) begun.add(JSON.stringify([host.name, handler.handler]))
      await this.#runHandler({ steps: this.#partsOf(handler), position }, due)
    }
    await clearPaidDebts(this.#context, batch, position)
  }

  async #runHandler(handlers: HandlerParts, due: readonly HostState[]): Promise<void> {
    const { steps, position } = handlers
    const [first] = steps
    if (!first) return
    if (steps.length === 1 && first.blocks.every(({ roll }) => roll === undefined)) {
      const performed = await this.#runStep(first, position, due, first)
      for (const host of performed) if (host.lost === undefined) host.notified.delete(first.handler)
    } else {
      for (const host of due) {
        this.#missed.delete(host)
        for (const { blocks } of steps) host.begin(blocks)
      }
      await this.#runSteps({ steps, from: 0, to: steps.length, depth: 0, handlers }, due)
      await this.#pay(handlers, due)
    }
    for (const host of due) host.perhapsNotified.delete(first.handler)
  }

  /** Hosts that have got through all of a handler owe it no more. */
  async #pay({ steps, position }: HandlerParts, batch: readonly HostState[]): Promise<void> {
    const [first] = steps
    if (!first || this.#outcome.interrupted) return
    const through = batch.filter((host) => host.takesHandlers && host.lost === undefined && !this.#missed.has(host))
    for (const host of through) host.notified.delete(first.handler)
    await clearPaidDebts(this.#context, through, position)
  }

  #partsOf({ handler }: Handler): readonly Handler[] {
    return this.#play.handlers.filter((one) => one.handler === handler)
  }

  /** Performs the look that registers a name once more, for an order that depends on it. */
  async #askAgain(name: string, hosts: readonly HostState[]): Promise<void> {
    const { steps, handlers } = this.#play
    const step = [...steps, ...handlers].find(({ register }) => register === name)
    if (step === undefined || step.call.kind === 'meta' || this.#context.mode === 'check') return
    const settled = await perform(this.#context, {
      step,
      call: step.call,
      position: steps.length,
      ahead: [],
      members: hosts,
      settles: undefined,
      handler: false,
      pending: false,
      hazy: this.#outcome.hazy,
      listen: undefined,
    })
    const task = this.#outcome.taskRef(step, false)
    for (const one of settled) if (one.failure || one.status === 'unreachable') this.#outcome.settle(task, step, one)
    this.#outcome.register(step, settled, undefined)
  }

  async #meta(step: Step, batch: readonly HostState[], position: number): Promise<void> {
    const due = batch.filter((host) => host.admits(step.blocks) && this.#holds(step, host))
    for (const host of due) host.enter(step.blocks)
    if (step.call.kind !== 'meta' || due.length === 0) return
    if (step.call.what === 'flush_handlers') await this.#flush(due, position)
    else for (const host of step.call.what === 'end_play' ? this.#members : due) host.ended = true
  }

  #holds(step: Step, host: HostState): boolean {
    try {
      return this.#context.evaluator.when(step, host.name).holds === true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.#outcome.fail(step, host, error)
      return false
    }
  }

  /** Tells what the task prints on a host, unless it is to be kept quiet. */
  #listener(task: TaskRef, step: Step): OutputListener {
    if (!this.#context.tellsOutput || step.noLog) return undefined
    return ({ host, item }, stream, text) => {
      this.#outcome.emit({ type: 'task-output', task, host: host.name, ...(item ? { item } : {}), stream, text })
    }
  }
}

/** By host and by item, however they came to their ends; hosts that are not of the batch come last. */
function inOrder(settled: readonly Settled[], batch: readonly HostState[]): Settled[] {
  const places = new Map(batch.map((host, index) => [host, index]))
  const placeOf = ({ host }: Settled) => places.get(host) ?? batch.length
  return settled.toSorted((a, b) => placeOf(a) - placeOf(b) || (a.item?.index ?? 0) - (b.item?.index ?? 0))
}

interface Acting {
  step: Step
  position: number
  members: readonly HostState[]
  doubtful: readonly HostState[]
  handler: Handler | undefined
}

/** A rescue of what may not fail once it comes to that, or a handler of what may not run. */
function perhapsDone(host: HostState, reason: string): Settled {
  return { ...open({ host, item: undefined }, 'may-run', reason), hazy: true }
}
