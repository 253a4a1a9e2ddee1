import type { Task } from './arbitrary.ts'
import type { Case } from './case.ts'

/**
 * The smallest case that still fails, as far as leaving things out leads to it before `isLate`: tasks, hosts, damage, items of
 * loops, arguments, keywords. First large parts at once, as ddmin does (Zeller, Hildebrandt: Simplifying and Isolating
 * Failure-Inducing Input).
 */
export async function smallest(
  one: Case,
  fails: (smaller: Case) => Promise<boolean>,
  isLate: () => boolean,
): Promise<Case> {
  let least = one
  let failed: Case | undefined
  do {
    failed = undefined
    for (const smaller of smallerCases(least)) {
      if (isLate()) return least
      if (!(await fails(smaller))) continue
      failed = least = smaller
      break
    }
  } while (failed)
  return least
}

/** Each case with something left out, the most first. */
export function* smallerCases(one: Case): Generator<Case> {
  for (const tasks of shorter(one.tasks)) if (tasks.length > 0) yield { ...one, tasks }
  if (one.hosts > 1) yield { ...one, hosts: 1 }
  if (one.serial > 0) yield { ...one, serial: 0 }
  if (one.split > 0) yield { ...one, split: 0 }
  for (const moment of ['before', 'between'] as const) {
    if (one[moment].some((lines) => lines.length > 0)) yield { ...one, [moment]: one[moment].map(() => []) }
    for (const [host, lines] of one[moment].entries())
      for (const fewer of shorter(lines)) yield { ...one, [moment]: one[moment].with(host, fewer) }
  }
  for (const [index, task] of one.tasks.entries()) {
    for (const part of [task.block, task.rescue, task.always])
      if (Array.isArray(part)) yield { ...one, tasks: one.tasks.toSpliced(index, 1, ...part) }
    for (const simpler of simplerTasks(task)) yield { ...one, tasks: one.tasks.with(index, simpler) }
  }
  if (!one.goesOn) yield { ...one, goesOn: true }
}

/** A list without one half, one quarter, and so on down to one item. */
function* shorter<T>(list: readonly T[]): Generator<T[]> {
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let start = 0; start < list.length; start += size) yield list.toSpliced(start, size)
}

/** A task without a keyword, an argument or an item of its loop. */
function* simplerTasks(task: Task): Generator<Task> {
  for (const [key, value] of Object.entries(task)) {
    if (KEYWORDS.has(key)) yield without(task, key)
    if (key === 'loop' && Array.isArray(value) && value.length > 1)
      for (const loop of shorter(value)) if (loop.length > 0) yield { ...task, loop }
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const argument of Object.keys(value)) yield { ...task, [key]: without(value as Task, argument) }
    if (key !== 'block' && key !== 'rescue' && key !== 'always') continue
    for (const list of shorter(value as Task[])) if (list.length > 0) yield { ...task, [key]: list }
    for (const [index, inner] of (value as Task[]).entries())
      for (const simpler of simplerTasks(inner)) yield { ...task, [key]: (value as Task[]).with(index, simpler) }
  }
}

const KEYWORDS = new Set([
  ...['when', 'register', 'notify', 'rescue', 'always', 'delegate_to', 'run_once', 'no_log', 'throttle', 'serial'],
  ...['check_mode', 'become', 'become_user'],
])

function without(task: Task, key: string): Task {
  const { [key]: _, ...rest } = task
  return rest
}
