import { resolve } from 'node:path'
import pLimit from 'p-limit'
import type { Expression } from '../language/expression.ts'
import type { Callable, Step } from '../language/playbook.ts'
import { Problem } from '../problem.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import { argsOf, type OutputListener, type ProgressListener } from './act.ts'
import { holds } from './acted.ts'
import { applyBatch, unreached } from './apply.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import { userKey } from './hosts.ts'
import { look, missingOf } from './looking.ts'
import { owe } from './owing.ts'
import { type PlannedJob, type PlannedTarget, planJobs } from './planning.ts'
import { checked, failed, open, problemFailure, type Settled } from './settled.ts'
import { refused, refusedChange } from './veto.ts'

/** What a step is performed with. */
export interface Performance {
  step: Step
  call: Callable
  position: number
  /** Everything from this step on, for looking ahead. */
  ahead: Iterable<{ step: Step; position: number }>
  /** Hosts that the step is for; with `run_once` only the first of them acts. */
  members: readonly HostState[]
  /** The handler whose debt ends with this step. */
  settles: string | undefined
  /** It is a handler, or a part of one. */
  handler: boolean
  /** Check mode: something was predicted that looking for its effect must wait for. */
  pending: boolean
  /** Check mode: hosts on which something happens before that nobody can foresee. */
  hazy: ReadonlySet<string>
  listen: OutputListener
  progress?: ProgressListener
}

/** Carries planned jobs out on all targets at once, or says what would come of them. */
export async function carryOut(
  context: PlayContext,
  performance: Performance,
  targets: readonly PlannedTarget[],
): Promise<Settled[]> {
  const isCheck = performance.step.checkMode ?? context.mode === 'check'
  const limit = pLimit(performance.step.throttle ?? Number.POSITIVE_INFINITY)
  const settled = await Promise.all(
    targets.map((target) =>
      limit(() =>
        isCheck
          ? checkTarget(context, performance, target)
          : runTarget(context, performance, target.target, target.jobs),
      ),
    ),
  )
  return settled.flat()
}

async function checkTarget(
  context: PlayContext,
  performance: Performance,
  { target, jobs, world }: PlannedTarget,
): Promise<Settled[]> {
  const { step, pending, hazy, handler } = performance
  // A task that only looks in a run, too, leaves nothing to build upon.
  if (context.mode === 'check' && step.checkMode !== true) context.hosts.accept(world)
  const settled: Settled[] = []
  for (const one of jobs) {
    const result = checked(one.job, step, one.planned, {
      pending,
      hazy: hazy.has(target),
      handler,
    })
    settled.push(...(result === 'look' ? await runTarget(context, performance, target, [one], true) : [result]))
  }
  return settled
}

/** Applies jobs in as few rounds as their order allows; what depends on an earlier one's real outcome is planned again. */
async function runTarget(
  context: PlayContext,
  performance: Performance,
  target: string,
  jobs: readonly PlannedJob[],
  onlyLooking = false,
): Promise<Settled[]> {
  const [first] = jobs
  if (!first) return []
  const { step, position, settles, listen, progress } = performance
  const refusal = refused(context, step, first)
  if (refusal) return [refusal, ...(await replan(context, performance, target, jobs.slice(1)))]
  if (step.until || isKeeping(first)) {
    const settled = isKeeping(first)
      ? await keep(context, first, step, position, onlyLooking)
      : await retry(context, performance, target, first)
    return [settled, ...(await replan(context, performance, target, jobs.slice(1)))]
  }
  const length = batchLength(jobs, (job) => refused(context, step, job) !== undefined)
  const batch = { step, position, target, jobs: jobs.slice(0, length), settles, listen, progress }
  const settled = await applyBatch(context, batch)
  return [...settled, ...(await replan(context, performance, target, jobs.slice(length)))]
}

async function replan(
  context: PlayContext,
  performance: Performance,
  target: string,
  rest: readonly PlannedJob[],
): Promise<Settled[]> {
  if (rest.length === 0) return []
  const { step, position } = performance
  const jobs = rest.map(({ job }) => job)
  let [planned] = planJobs(context.hosts, step, position, jobs)
  const wanted = missingOf(context, step, planned ? [planned] : [])
  if (wanted.size > 0) {
    const problem = (await look(context, wanted, position)).get(target)
    if (problem) return jobs.map((job) => unreached(job, problem))
    ;[planned] = planJobs(context.hosts, step, position, jobs)
  }
  return await runTarget(context, performance, target, planned?.jobs ?? [])
}

/** An action with `until` is tried until its condition holds. */
async function retry(
  context: PlayContext,
  { step, position, settles, listen }: Performance,
  target: string,
  job: PlannedJob,
): Promise<Settled> {
  const { condition, retries, delayMs } = step.until ?? { condition: undefined, retries: 0, delayMs: 0 }
  for (let attempt = 1; ; attempt++) {
    const [settled] = await applyBatch(context, { step, position, target, jobs: [job], settles, listen })
    if (!settled) throw new Error('a batch of one job has one end')
    if (settled.status === 'unreachable') return { ...settled, attempts: attempt }
    const held = condition === undefined ? false : holdsNow(context, condition, step, job, settled)
    if (held === true) return { ...settled, attempts: attempt }
    if (attempt > retries || context.signal?.aborted) {
      if (settled.failure) return { ...settled, attempts: attempt }
      if (held instanceof Problem) return { ...failed(job.job, problemFailure(held)), attempts: attempt }
      return {
        ...failed(job.job, { code: 'NEVER_HELD', message: `its until condition did not hold in ${attempt} attempts` }),
        attempts: attempt,
      }
    }
    await context.sleep(delayMs)
  }
}

/** What an attempt that went wrong does not have cannot be asked for: that is another attempt's turn. */
function holdsNow(
  { evaluator }: PlayContext,
  condition: Expression,
  step: Step,
  { job }: PlannedJob,
  { value }: Settled,
): boolean | Problem {
  try {
    return holds(evaluator, [condition], step, job, value as never) === true
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

/** Brings a file to the controller, when it differs from what is there. */
async function keep(
  context: PlayContext,
  { job, planned }: PlannedJob,
  step: Step,
  position: number,
  onlyLooking: boolean,
): Promise<Settled> {
  if (job.call.kind !== 'action' || planned.kind !== 'decision') throw new Error('only an action keeps files')
  const reads = context.hosts
    .world(job.target)
    .gather(job.call.action.reads?.(argsOf(job)) ?? {}, userKey(step.become), 0)
  if (reads.kind !== 'results') throw new Error('what is fetched was read before')
  const wanted = job.call.action.keep?.(argsOf(job), reads.results, job.host.name)
  if (!wanted) return open(job, 'ok', '', { changed: false })
  const path = resolve(context.folder, wanted.path)
  const have = await context.controller.read(path)
  const value = { changed: !have?.equals(wanted.content), dest: path }
  if (have?.equals(wanted.content)) return { host: job.host, item: job.item, status: 'ok', differences: [], value }
  const difference = {
    kind: 'fetch',
    what: path,
    form: 'bytes' as const,
    before: have && `${have.length} bytes`,
    after: `${wanted.content.length} bytes`,
  }
  if (!onlyLooking) {
    const refusal = refusedChange(context, step, job, [difference])
    if (refusal) return refusal
    try {
      await owe(context, job, step, position)
    } catch (error) {
      if (error instanceof RemoteProblem) return unreached(job, error)
      throw error
    }
    await context.controller.write(path, wanted.content, wanted.mode)
  }
  return { host: job.host, item: job.item, status: 'changed', differences: [difference], value }
}

/**
 * Modules are planned on each other's predictions; a guard of an action is not, so it looks again before each item. What stands
 * behind something that is refused is planned without it.
 */
function batchLength(jobs: readonly PlannedJob[], isRefused: (job: PlannedJob) => boolean): number {
  const stop = jobs.findIndex(
    (job, index) =>
      index > 0 &&
      (job.planned.kind === 'unknown' || (job.planned.kind === 'decision' && job.planned.guarded) || isRefused(job)),
  )
  return stop < 0 ? jobs.length : stop
}

function isKeeping({ job, planned }: PlannedJob): boolean {
  return (
    job.call.kind === 'action' &&
    job.call.action.keep !== undefined &&
    planned.kind === 'decision' &&
    planned.decision.due
  )
}
