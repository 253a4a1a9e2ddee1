import { isDeepStrictEqual } from 'node:util'
import { coloursFor } from '../report/colours.ts'
import { differenceLines } from '../report/difference-lines.ts'
import type { Difference } from '../report/event.ts'
import { wordFor } from '../report/status.ts'
import type { HostPlan, PlannedTask } from './saved-plan.ts'

/** Where a host is no longer as a plan has it: a difference for each task, with what the plan says before and what is so now after. */
export function comparePlans(plan: HostPlan, now: HostPlan): Difference[] {
  const left = byKey(plan.tasks)
  const right = byKey(now.tasks)
  const keys = new Set([...left.keys(), ...right.keys()])
  return [...keys].flatMap((key) => {
    const [before, after] = [left.get(key), right.get(key)]
    const one = after ?? before
    return !one || isDeepStrictEqual(before, after) ? [] : [shown(taskWords(one), before, after)]
  })
}

/** The same for a change of one task that the plan does not have. */
export function shown(what: string, before: PlannedTask | undefined, after: PlannedTask | undefined): Difference {
  return { kind: 'plan', what, form: 'text', before: before && linesOf(before), after: after && linesOf(after) }
}

/** `copy /etc/motd`, or `copy (item)` of a loop. */
export function taskWords({ name, item }: Pick<PlannedTask, 'name' | 'item'>): string {
  return item ? `${name} (${item.label})` : name
}

const PLAIN = coloursFor(false)
const MOST_LINES = 40

function linesOf({ status, reason, differences }: PlannedTask): string {
  const details = differences.flatMap((difference) =>
    differenceLines({ before: undefined, after: undefined, ...difference }, { colours: PLAIN, most: MOST_LINES }),
  )
  const word = wordFor({ status }, 'check')
  return [reason === undefined ? word : `${word}: ${reason}`, ...details].map((line) => `${line}\n`).join('')
}

/** A handler may come twice in a play, and then in this order. */
function byKey(tasks: readonly PlannedTask[]): Map<string, PlannedTask> {
  const found = new Map<string, PlannedTask>()
  for (const task of tasks) {
    let key = keyOf(task)
    while (found.has(key)) key += '+'
    found.set(key, task)
  }
  return found
}

/** The task, and the item of its loop. */
export function keyOf({ id, item }: Pick<PlannedTask, 'id' | 'item'>): string {
  return JSON.stringify([id, item?.index ?? null, item?.label ?? null])
}
