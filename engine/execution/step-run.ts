import pLimit from 'p-limit'
import type { Callable, Step } from '../language/playbook.ts'
import { factsRead } from '../remote/facts.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import { argsOf } from './act.ts'
import { holds } from './acted.ts'
import { applyBatch, unreached } from './apply.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'
import { userKey } from './hosts.ts'
import { type Drafted, draft, type Job } from './jobs.ts'
import { lookAhead, type Wanted, want } from './look-ahead.ts'
import { type PlannedJob, type PlannedTarget, planJobs } from './planning.ts'
import { checked, failed, open, problemFailure, type Settled, skipped } from './settled.ts'

/** What a step is performed with. */
export interface Performance {
  step: Step
  call: Callable
  position: number
  /** Everything from this step on, for looking ahead. */
  ahead: readonly { step: Step; position: number }[]
  /** Hosts that the step is for; with `run_once` only the first of them acts. */
  members: readonly HostState[]
  /** The handler whose debt ends with this step. */
  settles: string | undefined
  /** Check mode: something was predicted that looking for its effect must wait for. */
  pending: boolean
  /** Check mode: hosts on which something happens before that nobody can foresee. */
  hazy: ReadonlySet<string>
}

/** Performs a step on all its hosts at once, and says of each (host, item) how it ended. */
export async function perform(context: PlayContext, performance: Performance): Promise<Settled[]> {
  const { step, call, position } = performance
  const members = step.runOnce ? performance.members.slice(0, 1) : performance.members
  const unreachable = new Map<string, RemoteProblem>()
  const elsewhere: Settled[] = []
  for (;;) {
    const drafts = members.flatMap((host) => draft(context.evaluator, step, call, host))
    const jobs = drafts.flatMap(jobsOf)
    const reachable = jobs.filter(({ target }) => !unreachable.has(target))
    const targets = planJobs(context.hosts, step, position, reachable)
    const wanted = missingOf(context, step, targets)
    if (wanted.size === 0) {
      const lost = jobs.flatMap((job) => {
        const problem = unreachable.get(job.target)
        return problem ? [unreached(job, problem)] : []
      })
      return [...drafts.flatMap(undone), ...lost, ...elsewhere, ...(await carryOut(context, performance, targets))]
    }
    const ahead = lookAhead({ ...context, ahead: performance.ahead, members: performance.members })
    for (const name of unreachable.keys()) ahead.delete(name)
    for (const [name, problem] of await look(context, mergeWanted(wanted, ahead), position)) {
      unreachable.set(name, problem)
      const host = context.states.get(name)
      if (!host || host.lost) continue
      if (problem.unreachable || problem.lost) host.lost = 'unreachable'
      if (!members.includes(host)) elsewhere.push(unreached({ host, item: undefined }, problem))
    }
  }
}

/** Goes to every host for what is wanted, at the same time; gives those that could not be asked. */
export async function look(context: PlayContext, wanted: Wanted, step: number): Promise<Map<string, RemoteProblem>> {
  const unreachable = new Map<string, RemoteProblem>()
  const trips = [...wanted].map(async ([host, users]) => {
    for (const { become, reads } of users.values()) {
      try {
        await context.hosts.go({ host, become, step, jobs: [], reads: reads.values() })
      } catch (error) {
        if (!(error instanceof RemoteProblem)) throw error
        unreachable.set(host, error)
        return
      }
    }
  })
  await Promise.all(trips)
  for (const host of unreachable.keys()) context.registry.factsWanted.delete(host)
  return unreachable
}

async function carryOut(
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
  const { step, pending, hazy, settles } = performance
  if (context.mode === 'check') context.hosts.accept(world)
  const settled: Settled[] = []
  for (const one of jobs) {
    const result = checked(one.job, step, one.planned, {
      pending,
      hazy: hazy.has(target),
      handler: settles !== undefined,
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
  const { step, position, settles } = performance
  if (step.until || isKeeping(first)) {
    const settled = isKeeping(first)
      ? await keep(context, first, step, onlyLooking)
      : await retry(context, performance, target, first)
    return [settled, ...(await replan(context, performance, target, jobs.slice(1)))]
  }
  const length = batchLength(jobs)
  const settled = await applyBatch(context, { step, position, target, jobs: jobs.slice(0, length), settles })
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
  { step, position, settles }: Performance,
  target: string,
  job: PlannedJob,
): Promise<Settled> {
  const { condition, retries, delayMs } = step.until ?? { condition: undefined, retries: 0, delayMs: 0 }
  for (let attempt = 1; ; attempt++) {
    const [settled] = await applyBatch(context, { step, position, target, jobs: [job], settles })
    if (!settled) throw new Error('a batch of one job has one end')
    const done = condition && holds(context.evaluator, [condition], step, job.job, settled.value as never) === true
    if (done) return { ...settled, attempts: attempt }
    if (attempt > retries || context.signal?.aborted || settled.status === 'unreachable') {
      if (settled.failure) return { ...settled, attempts: attempt }
      return {
        ...failed(job.job, { code: 'NEVER_HELD', message: `its until condition did not hold in ${attempt} attempts` }),
        attempts: attempt,
      }
    }
    await context.sleep(delayMs)
  }
}

/** Brings a file to the controller, when it differs from what is there. */
async function keep(
  context: PlayContext,
  { job, planned }: PlannedJob,
  step: Step,
  onlyLooking: boolean,
): Promise<Settled> {
  if (job.call.kind !== 'action' || planned.kind !== 'decision') throw new Error('only an action keeps files')
  const reads = context.hosts
    .world(job.target)
    .gather(job.call.action.reads?.(argsOf(job)) ?? {}, userKey(step.become), 0)
  if (reads.kind !== 'results') throw new Error('what is fetched was read before')
  const wanted = job.call.action.keep?.(argsOf(job), reads.results, job.host.name)
  if (!wanted) return open(job, 'ok', '', { changed: false })
  const have = await context.controller.read(wanted.path)
  const value = { changed: !have?.equals(wanted.content), dest: wanted.path }
  if (have?.equals(wanted.content)) return { host: job.host, item: job.item, status: 'ok', differences: [], value }
  if (!onlyLooking) await context.controller.write(wanted.path, wanted.content, wanted.mode)
  const difference = {
    kind: 'fetch',
    what: wanted.path,
    form: 'bytes' as const,
    before: have && `${have.length} bytes`,
    after: `${wanted.content.length} bytes`,
  }
  return { host: job.host, item: job.item, status: 'changed', differences: [difference], value }
}

/** Modules are planned on each other's predictions; a guard of an action is not, so it looks again before each item. */
function batchLength(jobs: readonly PlannedJob[]): number {
  const stop = jobs.findIndex(
    ({ planned }, index) =>
      index > 0 && (planned.kind === 'unknown' || (planned.kind === 'decision' && planned.guarded)),
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

function missingOf(context: PlayContext, step: Step, targets: readonly PlannedTarget[]): Wanted {
  const wanted: Wanted = new Map()
  for (const { target, jobs } of targets) {
    for (const { planned } of jobs) if (planned.kind === 'missing') want(wanted, target, step.become, planned.reads)
  }
  for (const host of context.registry.factsWanted) want(wanted, host, step.become, [factsRead])
  context.registry.factsWanted.clear()
  return wanted
}

function mergeWanted(into: Wanted, more: Wanted): Wanted {
  for (const [host, users] of more)
    for (const { become, reads } of users.values()) want(into, host, become, reads.values())
  return into
}

function jobsOf(drafted: Drafted): Job[] {
  return drafted.kind === 'job' ? [drafted.job] : []
}

/** Drafts that never become jobs. */
function undone(drafted: Drafted): Settled[] {
  switch (drafted.kind) {
    case 'job':
      return []
    case 'skipped':
      return [skipped(drafted, drafted.reason)]
    case 'may-run':
      return [open(drafted, 'may-run', `depends on ${drafted.unknown.reason}`)]
    case 'failure':
      return [failed(drafted, problemFailure(drafted.problem))]
  }
}
