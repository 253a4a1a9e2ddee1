import { type RunOptions, runPlaybook } from '../execution/run.ts'
import type { Compiled } from '../language/compile.ts'
import type { Event, RunSummary } from '../report/event.ts'
import { hostPlans } from './host-plans.ts'
import { keepHosts } from './kept-hosts.ts'
import { planVeto } from './plan-veto.ts'
import type { SavedPlan } from './saved-plan.ts'

export interface PlanRunOptions extends Omit<RunOptions, 'mode' | 'veto'> {
  plan: Pick<SavedPlan, 'at' | 'by' | 'hosts'>
  /** The playbook as compiled for check mode. */
  check: Pick<Compiled, 'playbook' | 'evaluatorFor'>
}

/**
 * Applies a saved plan and no more: locks the hosts and checks them again, leaves alone those that are no longer as the plan
 * has them, and runs the rest under its veto; all of that on one connection a host.
 */
export async function runByPlan({ plan, check, ...options }: PlanRunOptions): Promise<RunSummary> {
  const { playbook, operator, now } = options
  const lock = { by: operator, playbook: playbook.path, since: now().toISOString() }
  const hosts = keepHosts(options.open, lock)
  const events: Event[] = []
  try {
    const { playbook: checked, evaluatorFor } = check
    const walk = { ...options, playbook: checked, evaluatorFor, open: hosts.passage() }
    await runPlaybook({ ...walk, mode: 'check', emit: (event) => events.push(event) })
    const veto = planVeto({ plan, now: hostPlans(events, checked), playbook })
    return await runPlaybook({ ...options, open: hosts.passage(), mode: 'run', veto })
  } finally {
    await hosts.close()
  }
}
