import type { Playbook } from '../language/playbook.ts'
import type { Difference, Event } from '../report/event.ts'
import type { HostPlan, PlannedTask } from './saved-plan.ts'

/** What a check has found on each host, made of its events: all that a run would or might do. */
export function hostPlans(events: readonly Event[], playbook: Playbook): Record<string, HostPlan> {
  const acting = new Set(
    playbook.plays.flatMap(({ steps, handlers }) =>
      [...steps, ...handlers].flatMap(({ id, checkMode }) => (checkMode === false ? [id] : [])),
    ),
  )
  const plans: Record<string, HostPlan> = Object.fromEntries(
    playbook.plays.flatMap(({ hosts }) => hosts.map((name) => [name, { tasks: [] }])),
  )
  for (const event of events) {
    if (event.type === 'run-finished') {
      for (const [name, { lost }] of Object.entries(event.summary.hosts)) {
        const plan = plans[name]
        if (plan && lost !== undefined) plan.lost = lost
      }
    }
    // A task that acts in check mode has no plan: it has acted.
    if (event.type !== 'task-result' || acting.has(event.task.id)) continue
    const { id, name } = event.task
    const { status, item, reason, differences } = event.result
    if (status === 'ok' || status === 'skipped') continue
    const task: PlannedTask = {
      id,
      name,
      status,
      differences: differences.map(bare),
      ...(item ? { item } : {}),
      ...(reason === undefined ? {} : { reason }),
    }
    plans[event.host]?.tasks.push(task)
  }
  return plans
}

/** JSON knows no undefined, and a plan that was read must equal one that was just made. */
export function bare({ kind, what, form, before, after }: Difference): PlannedTask['differences'][number] {
  return {
    kind,
    what,
    form,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  }
}
