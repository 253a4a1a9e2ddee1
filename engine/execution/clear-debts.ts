import { wholeHandlers } from '../language/whole-handlers.ts'
import { clearDebt } from '../remote/debt.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import type { PlayContext } from './context.ts'
import type { HostState } from './host-state.ts'

/** Clears the debts that nothing is owed for any more: their handler ran in parts or was not needed, or the change did not come. */
export async function clearPaidDebts(
  { debts, hosts, mode, play }: PlayContext,
  batch: readonly HostState[],
  position: number,
): Promise<void> {
  if (mode === 'check') return
  await Promise.all(
    batch.map(async (host) => {
      const paid = wholeHandlers(play.handlers).filter(
        ({ handler }) => debts.stands(host.name, handler) && !host.notified.has(handler),
      )
      for (const { handler: name, timeoutMs } of paid) {
        if (host.lost) return
        for (const become of debts.keepers(host.name, name)) {
          try {
            const jobs = [{ commands: [clearDebt(name)], timeoutMs }]
            await hosts.go({ host: host.name, become, step: position, jobs, reads: [] })
          } catch (error) {
            // The next run finds the debt and pays it again.
            if (!(error instanceof RemoteProblem)) throw error
            return
          }
          debts.clear(host.name, name, become)
        }
      }
    }),
  )
}
