import { setTimeout as sleep } from 'node:timers/promises'
import { type RunOptions, runPlaybook } from '../execution/run.ts'
import type { Compiled } from '../language/compile.ts'
import { runByPlan } from '../plan/run-by-plan.ts'
import type { SavedPlan } from '../plan/saved-plan.ts'
import { Problem } from '../problem.ts'
import type { Event, Mode, RunSummary } from '../report/event.ts'
import { printableLine } from '../report/printable.ts'
import { sievedProblem } from '../report/sieve.ts'
import { controllerFiles } from './controller-files.ts'
import { exitCodeOf } from './exit-code.ts'
import { exitCodes } from './failure.ts'
import { askFor, hostOpener } from './hosts.ts'
import { interruptible } from './interrupts.ts'
import { enterLab, labAccess } from './lab-entry.ts'
import { isLab } from './lab-inventory.ts'
import { type Loaded, load } from './load.ts'
import { operator } from './operator.ts'
import type { CheckFlags, ConnectionFlags, GuardFlags, PlaybookFlags, RecordFlags, ReportFlags } from './options.ts'
import { compareSources, readPlan, savePlan } from './plan-file.ts'
import { askedByPlan } from './plan-flags.ts'
import { compareVariables } from './plan-variables.ts'
import { knownSecrets } from './process-secrets.ts'
import { startRecording } from './recording.ts'
import { startReport } from './report.ts'
import { checkReportFiles, startReportFiles } from './report-files.ts'

export type PlayFlags = PlaybookFlags &
  ConnectionFlags &
  ReportFlags &
  GuardFlags &
  CheckFlags &
  RecordFlags & {
    lockTimeout?: number
    /** Where the plan of a check goes. */
    save?: string
    /** The plan that a run is held to. */
    plan?: string
  }

/** Runs or checks playbooks, one after the other, and gives the exit code. A run ends with the first that fails. */
export async function play(given: readonly string[], givenFlags: PlayFlags, mode: Mode): Promise<number> {
  const plan = givenFlags.plan === undefined ? undefined : readPlan(givenFlags.plan)
  const { paths, flags } = plan ? askedByPlan(plan, given, givenFlags) : { paths: given, flags: givenFlags }
  if (flags.save !== undefined && paths.length > 1) throw onePlaybook()
  checkReportFiles(flags.report ?? [])
  const loaded = await load(paths, flags, mode)
  if (plan) {
    compareVariables(plan, loaded.vars)
    compareSources(plan, loaded.sources())
  }
  const { inventory, playbooks, assumed } = loaded
  const access = labAccess()
  if (isLab(inventory) && !access) {
    if (assumed !== undefined) process.stderr.write(`no inventory was given (-i): using the lab of ${assumed}\n`)
    return await enterLab(inventory)
  }
  const report = startReport(flags, mode)
  const files = startReportFiles(flags.report ?? [])
  const by = operator()
  const record = startRecording({ paths, flags, mode, loaded, operator: by, warn: report.emit })
  const events: Event[] = []
  const emit = (event: Event) => {
    files.take(event)
    report.emit(event)
    record.emit(event)
    if (flags.save !== undefined) events.push(event)
  }
  let worst: number = exitCodes.done
  let isDone = false
  try {
    for (const problem of playbooks.flatMap(({ warnings }) => warnings)) {
      emit({ type: 'warning', at: new Date().toISOString(), problem: sievedProblem(problem, knownSecrets) })
    }
    const answers = await askFor(flags)
    await interruptible(report.notice, async (signal) => {
      const lab = isLab(inventory) ? access : undefined
      // All of them first: what is wrong about an address is told before any host is contacted.
      const openers = await Promise.all(
        playbooks.map((one) =>
          hostOpener({ inventory: one.inventory, plays: one.playbook.plays, flags, lab, signal, answers }),
        ),
      )
      for (const [index, compiled] of playbooks.entries()) {
        const open = openers[index]
        if (!open || signal.aborted || (mode === 'run' && worst >= exitCodes.failed)) break
        const summary = await one(compiled, plan, {
          mode,
          playbook: compiled.playbook,
          evaluatorFor: compiled.evaluatorFor,
          open,
          emit,
          now: () => new Date(),
          sleep: (milliseconds) => sleep(milliseconds),
          controller: controllerFiles,
          secrets: knownSecrets,
          forks: flags.forks,
          operator: by,
          lockTimeoutMs: (flags.lockTimeout ?? 0) * 1000,
          ...(flags.guardSeconds ? { guardSeconds: flags.guardSeconds } : {}),
          signal,
          tellsOutput: flags.verbose > 0,
        })
        worst = Math.max(worst, exitCodeOf(summary, mode, flags.failOn))
      }
    })
    isDone = true
  } finally {
    report.end()
    worst = Math.max(worst, files.write())
    record.end(isDone ? worst : undefined)
  }
  return worst

  async function one(compiled: Compiled, plan: SavedPlan | undefined, options: RunOptions): Promise<RunSummary> {
    if (plan) {
      const [check] = (await load(paths, flags, 'check')).playbooks
      if (!check) throw new Error('a plan is of one playbook')
      report.notice(printableLine(`comparing the hosts with the plan that ${plan.by} made at ${plan.at}`))
      return await runByPlan({ ...options, plan, check })
    }
    const summary = await runPlaybook(options)
    if (flags.save !== undefined && !summary.interrupted) await save(flags.save, compiled, loaded)
    return summary
  }

  async function save(to: string, compiled: Compiled, { vars, sources }: Loaded): Promise<void> {
    await savePlan(to, {
      path: compiled.playbook.path,
      flags,
      assumed,
      compiled,
      vars,
      sources: sources(),
      events,
      operator: by,
    })
    report.notice(`the plan is saved; apply it with: lockstep run --plan ${to}`)
  }
}

function onePlaybook(): Problem {
  return new Problem({
    code: 'BAD_OPTION',
    message: '--save takes one playbook: the plan of the next could not know what the first has changed',
    hint: 'save a plan of each, or make one playbook that includes them',
  })
}
