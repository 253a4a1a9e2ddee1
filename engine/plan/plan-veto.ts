import type { PlannedChange, Refusal, Veto } from '../execution/veto.ts'
import type { Playbook, Step } from '../language/playbook.ts'
import type { Difference } from '../report/event.ts'
import { count } from '../report/words.ts'
import { Unknown } from '../resource/unknown.ts'
import { comparePlans, keyOf, shown, taskWords } from './compare-plans.ts'
import { bare } from './host-plans.ts'
import type { HostPlan, PlannedTask, SavedPlan } from './saved-plan.ts'

export interface PlanVetoOptions {
  plan: Pick<SavedPlan, 'at' | 'by' | 'hosts'>
  /** What a check finds on the hosts now. */
  now: Readonly<Record<string, HostPlan>>
  playbook: Playbook
}

/** Holds a run to a saved plan: hosts that are no longer as it has them are left alone, and so is every change that it does not have. */
export function planVeto({ plan, now, playbook }: PlanVetoOptions): Veto {
  const made = `the plan that ${plan.by} made at ${plan.at}`
  const hint = 'look at what differs, and make a new plan with `check --save`'
  const stale = (message: string, differences: Difference[]): Refusal => ({
    failure: { code: 'PLAN_STALE', message, hint },
    differences,
  })
  const consequences = new Map(
    Object.entries(plan.hosts).map(([host, { tasks }]) => [host, handlersThatMayFollow(tasks, playbook)]),
  )
  return {
    refusal(host) {
      const own = plan.hosts[host]
      if (!own) return stale(`${made} knows nothing of ${host}`, [])
      if (own.lost !== undefined) return stale(`${made} is not for ${host}, which was ${own.lost} then`, [])
      // The run tells of that by itself.
      const { lost } = now[host] ?? {}
      if (lost === 'unreachable' || lost === 'locked') return undefined
      const differences = comparePlans(own, now[host] ?? { tasks: [] })
      if (differences.length === 0) return undefined
      return stale(`${host} is no longer as in ${made}: ${count(differences.length, 'task')} differ`, differences)
    },

    admit({ host, step, item, differences }) {
      const tasks = plan.hosts[host]?.tasks ?? []
      const key = keyOf({ id: step.id, ...(item ? { item } : {}) })
      const found = tasks.filter((task) => keyOf(task) === key)
      // What a loop goes through may be known only in the run.
      const open = tasks.some((task) => task.id === step.id && task.item === undefined && isOpen(task))
      if (open || consequences.get(host)?.has(step.id) || found.some((task) => allows(task, differences)))
        return undefined
      const wanted: PlannedTask = {
        id: step.id,
        name: step.name,
        status: 'changed',
        differences: differences.map(bare),
        ...(item ? { item } : {}),
      }
      return stale(`this change is not in ${made}, and was not made`, [shown(taskWords(wanted), found[0], wanted)])
    },
  }
}

/** Whether the plan leaves to the run what the task does. */
function isOpen({ status }: PlannedTask): boolean {
  return status === 'known-after-apply' || status === 'would-run' || status === 'may-run' || status === 'deferred'
}

function allows(task: PlannedTask, differences: PlannedChange['differences']): boolean {
  if (isOpen(task)) return true
  if (task.status !== 'changed' || task.differences.length !== differences.length) return false
  return task.differences.every((planned, index) => {
    const actual = differences[index]
    if (actual?.kind !== planned.kind || actual.what !== planned.what) return false
    // What only the run could know may have become anything, in any form.
    const isLeftOpen = isUnknown(planned.before) || isUnknown(planned.after)
    if (!isLeftOpen && planned.form !== actual.form) return false
    return (
      (isUnknown(planned.before) || planned.before === actual.before) &&
      (isUnknown(planned.after) || planned.after === actual.after)
    )
  })
}

function isUnknown(side: string | undefined): boolean {
  return side?.includes(UNKNOWN) === true
}

const UNKNOWN = new Unknown('').toString()

/** Ids of the handlers that tasks notify of which nobody knew whether they would change anything, and so on from handler to handler. */
function handlersThatMayFollow(tasks: readonly PlannedTask[], { plays }: Playbook): ReadonlySet<string> {
  const open = new Set(tasks.filter(isOpen).map(({ id }) => id))
  const found = new Set<string>()
  for (const { steps, handlers } of plays) {
    const due: Step[] = [...steps, ...handlers].filter(({ id }) => open.has(id))
    for (let step = due.pop(); step; step = due.pop()) {
      for (const handler of handlers) {
        if (!step.notify.includes(handler.handler) || found.has(handler.id)) continue
        found.add(handler.id)
        due.push(handler)
      }
    }
  }
  return found
}
