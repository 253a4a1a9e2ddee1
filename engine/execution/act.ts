import type { Step } from '../language/playbook.ts'
import { clearDebt, type Debt, recordDebt } from '../remote/debt.ts'
import type { Listener, StreamName } from '../remote/frame-pair.ts'
import type { Job as RemoteJob } from '../remote/host.ts'
import type { StepResult } from '../remote/shell.ts'
import type { Difference } from '../report/event.ts'
import { printableLine } from '../report/printable.ts'
import type { Change } from '../resource/change.ts'
import { type Command, sh } from '../resource/command.ts'
import type { AnyModule, Plan } from '../resource/module.ts'
import type { AnyRead } from '../resource/read.ts'
import type { Job } from './jobs.ts'
import type { PlannedJob } from './planning.ts'
import { failed, type Settled } from './settled.ts'
import { censorLine, showCommand } from './show.ts'
import { isTouched } from './sightings.ts'
import { looksFor } from './world.ts'

/** What a job sends to its host: debts first, then its own commands, and the end of a debt last. */
export interface Errand {
  job: Job
  commands: readonly Command[]
  /** Debts that the last of the commands before its own record, one each. */
  debts: readonly Debt[]
  /** How many of the commands come before the job's own, and how many are its own. */
  before: number
  own: number
  timeoutMs: number
}

/** Told what a job prints while it runs; nobody when nobody asked, or nobody may see it. */
export type OutputListener = ((job: Job, stream: StreamName, line: string) => void) | undefined

/** Told how far a file is that a job sends. */
export type ProgressListener = ((job: Job, sent: number, size: number) => void) | undefined

/** The commands of a planned job; none when there is nothing to do. `settles` is the handler whose debt ends with it. */
export function errand(
  { job, planned }: PlannedJob,
  step: Step,
  debts: readonly Debt[],
  settles: string | undefined,
): Errand | undefined {
  const own = ownCommands({ job, planned })
  const ending = settles === undefined || isImpossible(planned) ? [] : [clearDebt(settles)]
  if (own.length === 0 && ending.length === 0) return undefined
  const first = own.length > 0 ? debts.map(recordDebt) : []
  const seconds =
    job.call.kind === 'action' && job.args.kind === 'known' ? job.call.action.seconds?.(job.args.args) : undefined
  const timeoutMs = seconds === undefined ? step.timeoutMs : seconds * 1000 + 10_000
  const commands = [...first, ...own, ...ending]
  return { job, commands, debts: own.length > 0 ? debts : [], before: first.length, own: own.length, timeoutMs }
}

export function toRemoteJob(
  { job, commands, before, own, timeoutMs }: Errand,
  listen: OutputListener,
  progress: ProgressListener,
): RemoteJob {
  const onProgress = progress && ((sent: number, size: number) => progress(job, sent, size))
  if (!listen || (job.call.kind === 'action' && job.call.action.terse)) return { commands, timeoutMs, onProgress }
  const listeners = commands.map(({ secrets }, at): Listener | undefined => {
    if (at < before || at >= before + own) return undefined
    return (stream, line) => listen(job, stream, printableLine(censorLine(line, secrets)))
  })
  return { commands, timeoutMs, listeners, onProgress }
}

/** Whether a job changes nothing, by its action's nature or with these arguments. */
export function onlyLooks({ job, planned }: PlannedJob): boolean {
  if (job.call.kind !== 'action') return false
  if (job.call.action.looks) return true
  return planned.kind === 'decision' && planned.decision.due && planned.decision.looks === true
}

/** What a job may have changed: the reads that tell, or undefined when it may be anything on the host. */
export function touchedBy({ job, planned }: PlannedJob): readonly AnyRead[] | undefined {
  if (job.call.kind === 'action') return onlyLooks({ job, planned }) ? [] : undefined
  if (job.call.module.touches !== 'reads' || planned.kind !== 'plan') return undefined
  const { module } = job.call
  const { sets } = module
  const set = Object.entries(module.reads(argsOf(job))).flatMap(([name, read]) =>
    sets === undefined || sets.includes(name) ? (read as AnyRead | AnyRead[]) : [],
  )
  return [...set.flatMap(looksFor), ...(planned.plan.after ?? []).map(({ read }) => read)]
}

/** Accounts that are another after a job, or none. */
export function changedAccounts({ planned }: PlannedJob): string[] {
  if (planned.kind !== 'plan' || planned.plan.changes.length === 0) return []
  return (planned.plan.after ?? []).flatMap(({ read }) => (read.kind === 'account' ? [read.name] : []))
}

/** The reads of a module's job that tell whether it has come about, as far as they are not known apart from what is `touched`. */
export function verifyingReads(
  { job, planned }: PlannedJob,
  touched: readonly AnyRead[] | undefined,
  isKnown: (read: AnyRead) => boolean,
): readonly AnyRead[] {
  if (job.call.kind !== 'module' || planned.kind !== 'plan' || planned.plan.changes.length === 0) return []
  const reads = readsOf(job.call.module, argsOf(job))
  if (!touched) return reads
  return reads.filter((read) => touched.some((change) => isTouched(read, change)) || !isKnown(read))
}

/** The first command of an errand that went wrong, as a failure that shows it. */
export function brokenCommand(
  errand: Errand,
  results: readonly StepResult[],
  step: Step,
  differences: readonly Difference[],
): Settled | undefined {
  const index = results.findIndex(({ code, skipped }) => !skipped && code !== 0)
  const command = errand.commands[index]
  const result = results[index]
  if (!command || !result) return undefined
  const shown = showCommand(command, result, step.noLog)
  const words = shown.stderr.split('\n').findLast((line) => line.trim() !== '')
  return failed(
    errand.job,
    {
      code: 'COMMAND_FAILED',
      message: words
        ? `a command ended with exit code ${result.code}: ${words}`
        : `a command ended with exit code ${result.code}`,
      command: shown,
    },
    differences,
  )
}

export function argsOf(job: Job): object {
  if (job.args.kind !== 'known') throw new Error('arguments that are not known cannot be applied')
  return job.args.args
}

/** What ends in a failure without anything being done: a handler like that is still owed. */
function isImpossible(planned: PlannedJob['planned']): boolean {
  if (planned.kind === 'decision') return !planned.decision.due && planned.decision.failure !== undefined
  return planned.kind !== 'plan'
}

function ownCommands({ job, planned }: PlannedJob): Command[] {
  const { call } = job
  if (call.kind === 'module' && planned.kind === 'plan') return legs(call.module, planned.plan, argsOf(job))
  if (call.kind === 'action' && planned.kind === 'decision' && planned.decision.due && call.action.run) {
    const commands: Command[] = [call.action.run(argsOf(job))].flat()
    return commands.map((command) => within(job.environment, command))
  }
  return []
}

/** The command with the task's `environment`; it ends with the step, which has a shell of its own. */
function within(environment: Job['environment'], command: Command): Command {
  const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return words.length === 0 ? command : sh`export ${words}\n${command}`
}

function legs(module: AnyModule, plan: Plan<Change>, args: object): Command[] {
  return plan.changes.flatMap((change) => {
    const leg = module.apply[change.kind]
    if (!leg) throw new Error(`${module.name} has no leg for the change '${change.kind}': this is a bug in the module`)
    return leg(change, args)
  })
}

function readsOf(module: AnyModule, args: object): AnyRead[] {
  return (Object.values(module.reads(args)).flat() as AnyRead[]).flatMap(looksFor)
}
