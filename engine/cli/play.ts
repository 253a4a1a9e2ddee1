import { setTimeout as sleep } from 'node:timers/promises'
import { runPlaybook } from '../execution/run.ts'
import type { Event, Mode } from '../report/event.ts'
import { sievedProblem } from '../report/sieve.ts'
import { controllerFiles } from './controller-files.ts'
import { exitCodeOf } from './exit-code.ts'
import { exitCodes } from './failure.ts'
import { askFor, hostOpener } from './hosts.ts'
import { interruptible } from './interrupts.ts'
import { enterLab, labAccess } from './lab-entry.ts'
import { isLab } from './lab-inventory.ts'
import { load } from './load.ts'
import { operator } from './operator.ts'
import type { CheckFlags, ConnectionFlags, GuardFlags, PlaybookFlags, ReportFlags } from './options.ts'
import { knownSecrets } from './process-secrets.ts'
import { startReport } from './report.ts'
import { checkReportFiles, startReportFiles } from './report-files.ts'

export type PlayFlags = PlaybookFlags &
  ConnectionFlags &
  ReportFlags &
  GuardFlags &
  CheckFlags & { lockTimeout?: number }

/** Runs or checks playbooks, one after the other, and gives the exit code. A run ends with the first that fails. */
export async function play(paths: readonly string[], flags: PlayFlags, mode: Mode): Promise<number> {
  checkReportFiles(flags.report ?? [])
  const { inventory, playbooks, assumed } = await load(paths, flags, mode)
  const access = labAccess()
  if (isLab(inventory) && !access) {
    if (assumed !== undefined) process.stderr.write(`no inventory was given (-i): using the lab of ${assumed}\n`)
    return await enterLab(inventory)
  }
  const report = startReport(flags, mode)
  const files = startReportFiles(flags.report ?? [])
  const emit = (event: Event) => {
    files.take(event)
    report.emit(event)
  }
  let worst: number = exitCodes.done
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
      for (const [index, { playbook, evaluatorFor }] of playbooks.entries()) {
        const open = openers[index]
        if (!open || signal.aborted || (mode === 'run' && worst >= exitCodes.failed)) break
        const summary = await runPlaybook({
          mode,
          playbook,
          evaluatorFor,
          open,
          emit,
          now: () => new Date(),
          sleep: (milliseconds) => sleep(milliseconds),
          controller: controllerFiles,
          secrets: knownSecrets,
          forks: flags.forks,
          operator: operator(),
          lockTimeoutMs: (flags.lockTimeout ?? 0) * 1000,
          ...(flags.guardSeconds ? { guardSeconds: flags.guardSeconds } : {}),
          signal,
          tellsOutput: flags.verbose > 0,
        })
        worst = Math.max(worst, exitCodeOf(summary, mode, flags.failOn))
      }
    })
  } finally {
    report.end()
    worst = Math.max(worst, files.write())
  }
  return worst
}
