import { type RunOptions, runPlaybook } from '../execution/run.ts'
import type { Compiled } from '../language/compile.ts'
import type { Event, RunSummary } from '../report/event.ts'
import { hostPlans } from './host-plans.ts'
import { keepHosts } from './kept-hosts.ts'
import { planGuard } from './plan-guard.ts'
import type { SavedPlan } from './saved-plan.ts'

export interface PlanRunOptions extends Omit<RunOptions, 'mode' | 'guard'> {
  plan: Pick<SavedPlan, 'at' | 'by' | 'hosts'>
  /** The playbook as compiled for check mode. */
  check: Pick<Compiled, 'playbook' | 'evaluatorFor'>
}

/**
 * Applies a saved plan and no more: locks the hosts and checks them again, leaves alone those that are no longer as the plan
 * has them, and runs the rest under its guard; all of that on one connection a host.
 */
export async function runByPlan({ plan, check, ...options }: PlanRunOptions): Promise<RunSummary> {
  const { playbook, operator, now } = options
  const lock = { by: operator, playbook: playbook.path, since: now().toISOString() }
  const hosts = keepHosts(options.open, lock)
  const shared = { ...options, open: hosts.open }
  const events: Event[] = []
  try {
    const { playbook: checked, evaluatorFor } = check
    const walk = { ...shared, playbook: checked, evaluatorFor }
    await runPlaybook({ ...walk, mode: 'check', emit: (event) => events.push(event) })
    const guard = planGuard({ plan, now: hostPlans(events, checked), playbook })
    return await runPlaybook({ ...shared, mode: 'run', guard })
  } finally {
    await hosts.close()
  }
}
