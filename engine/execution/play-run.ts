import type { Handler, Play, Roll, Step } from '../language/playbook.ts'
import type { Become } from '../remote/address.ts'
import { clearDebt } from '../remote/debt.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import type { TaskRef } from '../report/event.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import { lossOf, unreached } from './apply.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import { draft } from './jobs.ts'
import { lookAhead } from './look-ahead.ts'
import { look, want } from './looking.ts'
import { loopValue } from './register.ts'
import { batchSize, countOf, orderHosts } from './roll.ts'
import { open, type Settled, toResult } from './settled.ts'
import { blurAll, perform } from './step-run.ts'

/** Runs one play: its steps in lockstep over the hosts of each batch, handlers where they are due. */
export class PlayRun {
  readonly #context: PlayContext
  readonly #play: Play
  /** Check mode: something is predicted, so that what looks for an effect must wait. */
  #pending = false
  /** Check mode: hosts on which something would happen that nobody can foresee. */
  readonly #hazy = new Set<string>()
  #stopped = false
  #lostAtStart = 0

  constructor(context: PlayContext) {
    this.#context = context
    this.#play = context.play
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
    if (!this.#halted) await this.#flush(batch, steps.length)
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
    while (position < to && !this.#halted) {
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
    while (left.length > 0 && !this.#halted) {
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
    const ahead = steps.map((step, position) => ({ step, position }))
    const wanted = lookAhead({ ...this.#context, ahead, members: batch })
    const become: Become | undefined = steps.find((step) => step.become)?.become
    for (const host of batch) if (!wanted.has(host.name)) want(wanted, host.name, become, [])
    const unreachable = await look(this.#context, wanted, 0)
    const task: TaskRef = { id: 'connect', name: 'connect', module: 'connect', play: name, place, handler: false }
    for (const host of batch) {
      const problem = unreachable.get(host.name)
      if (!problem) continue
      host.lost = lossOf(problem)
      this.#settle(task, undefined, unreached({ host, item: undefined }, problem))
    }
    this.#judge(batch)
  }

  async #runStep(
    step: Step,
    position: number,
    batch: readonly HostState[],
    all: readonly HostState[],
    handler?: Handler,
  ): Promise<void> {
    const isCalled = (host: HostState) => handler === undefined || host.notified.has(handler.name)
    const members = batch.filter((host) => host.admits(step.blocks) && isCalled(host))
    const doubtful = batch.filter((host) => !isCalled(host) || (!members.includes(host) && host.mayAdmit(step.blocks)))
    if (members.length + doubtful.length === 0) return
    const { call } = step
    if (call.kind === 'meta') return
    const task = this.#taskRef(step, handler !== undefined)
    this.#emit({ type: 'task-started', task, hosts: [...members, ...doubtful].map(({ name }) => name) })
    const reason = handler ? 'it is notified by what may run' : 'it rescues what fails as things are'
    const perhaps = doubtful.map((host) => perhapsDone(host, reason))
    for (const host of doubtful) blurAll(this.#context, draft(this.#context.evaluator, step, call, host), reason)
    for (const one of perhaps) this.#settle(task, step, one)
    this.#register(step, perhaps, undefined)
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
        pending: this.#pending,
        hazy: this.#hazy,
      })
      for (const one of settled) this.#settle(task, step, one)
      this.#register(step, settled, step.runOnce ? all : undefined)
      if (step.runOnce && settled.some((one) => one.host.lost))
        for (const host of part) if (!host.lost) host.fail(step.blocks)
      this.#judge(all)
      if (step.runOnce) break
    }
    this.#emit({ type: 'task-finished', task })
  }

  /** Handlers that are due, in the order of the play; what a handler notifies comes in the same flush. */
  async #flush(batch: readonly HostState[], position: number): Promise<void> {
    for (const handler of this.#play.handlers) {
      const due = batch.filter(
        (host) => host.active && (host.notified.has(handler.name) || host.perhapsNotified.has(handler.name)),
      )
      if (due.length === 0) continue
      await this.#runStep(handler, position, due, due, handler)
      for (const host of due) {
        host.perhapsNotified.delete(handler.name)
        if (host.lost === undefined) host.notified.delete(handler.name)
      }
    }
    await this.#clearDebts(batch, position)
  }

  /** Debts that nothing is owed for any more: their handler ran in parts or was not needed, or the change did not come. */
  async #clearDebts(batch: readonly HostState[], position: number): Promise<void> {
    const { debts, hosts, mode } = this.#context
    if (mode === 'check') return
    await Promise.all(
      batch.map(async (host) => {
        const paid = this.#play.handlers.filter(({ name }) => debts.stands(host.name, name) && !host.notified.has(name))
        for (const { name, timeoutMs } of paid) {
          if (host.lost) return
          const become = debts.keeper(host.name, name)
          try {
            const jobs = [{ commands: [clearDebt(name)], timeoutMs }]
            await hosts.go({ host: host.name, become, step: position, jobs, reads: [] })
          } catch (error) {
            // The next run finds the debt and pays it again.
            if (!(error instanceof RemoteProblem)) throw error
            return
          }
          debts.clear(host.name, name)
        }
      }),
    )
  }

  async #meta(step: Step, batch: readonly HostState[], position: number): Promise<void> {
    const due = batch.filter(
      (host) => host.admits(step.blocks) && this.#context.evaluator.when(step, host.name).holds === true,
    )
    if (step.call.kind !== 'meta' || due.length === 0) return
    if (step.call.what === 'flush_handlers') await this.#flush(due, position)
    else for (const host of step.call.what === 'end_play' ? batch : due) host.ended = true
  }

  #settle(task: TaskRef, step: Step | undefined, settled: Settled): void {
    const { host, status } = settled
    const result = step ? toResult(settled, step) : { ...toResult(settled, CONNECTING) }
    host.counts[status]++
    let tolerated: 'ignored' | 'rescued' | undefined
    if (status === 'unreachable') {
      tolerated = step?.ignoreUnreachable || this.#play.ignoreUnreachable ? 'ignored' : undefined
      host.lost = tolerated ? undefined : 'unreachable'
    } else if (status === 'failed') {
      if (step?.ignoreErrors) tolerated = 'ignored'
      else if (host.fail(step?.blocks ?? []) === 'rescued') tolerated = 'rescued'
    }
    if (step && CHANGING.has(status)) {
      this.#pending ||= this.#context.mode === 'check'
      for (const handler of step.notify) if (!host.notified.has(handler)) host.notified.set(handler, step.name)
    }
    if (step && status === 'may-run') for (const handler of step.notify) host.perhapsNotified.add(handler)
    if (settled.doubtful && !step?.ignoreErrors) host.doubt(step?.blocks ?? [])
    if (settled.hazy) this.#hazy.add(host.name)
    this.#emit({ type: 'task-result', task, host: host.name, result: tolerated ? { ...result, tolerated } : result })
  }

  #register(step: Step, settled: readonly Settled[], shared: readonly HostState[] | undefined): void {
    if (step.register === undefined) return
    for (const host of new Set(settled.map((one) => one.host))) {
      const results = settled.filter((one) => one.host === host)
      const isLoop = results.some(({ item }) => item !== undefined)
      const value: Value = isLoop
        ? loopValue(results.map((one) => one.value))
        : (results[0]?.value ?? new Unknown('nothing'))
      for (const each of shared ?? [host]) this.#context.registry.register(each.name, step.register, value)
    }
  }

  /** Stops the play when more hosts are lost than it may lose. */
  #judge(members: readonly HostState[]): void {
    const lost = members.filter((host) => host.lost !== undefined).length
    const { anyErrorsFatal } = this.#play
    const { maxFailures } = this.#play.roll
    const budget = anyErrorsFatal
      ? 0
      : maxFailures
        ? countOf(maxFailures, members.length, 'down')
        : Number.POSITIVE_INFINITY
    if (lost - this.#lostAtStart > budget) this.#stopped = true
  }

  get #halted(): boolean {
    return this.#stopped || (this.#context.signal?.aborted ?? false)
  }

  #taskRef(step: Step, handler: boolean): TaskRef {
    const { id, name, place, call } = step
    const module = call.kind === 'module' ? call.module.name : call.kind === 'action' ? call.action.name : 'meta'
    return { id, name, module, play: this.#play.name, place, handler }
  }

  #emit(event: DistributiveOmit<Parameters<PlayContext['emit']>[0], 'at'>): void {
    this.#context.emit({ ...event, at: this.#context.now().toISOString() } as Parameters<PlayContext['emit']>[0])
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

const CHANGING: ReadonlySet<string> = new Set(['changed', 'known-after-apply', 'would-run'])

/** A rescue of what may not fail once it comes to that, or a handler of what may not run. */
function perhapsDone(host: HostState, reason: string): Settled {
  return { ...open({ host, item: undefined }, 'may-run', reason), hazy: true }
}

/** What stands in for a step while a host is connected to. */
const CONNECTING = { noLog: false } as Step

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
