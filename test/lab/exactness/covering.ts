import type { Case } from './case.ts'
import { flat } from './steady.ts'

/** What the boot of its hosts costs a case, in tasks. */
const BOOT = 12

/**
 * A few of the cases that call each of these modules so many times, or as often as all of them do: by turns the case that
 * brings most of what is still missing for its length. The same cases give the same few. What seldom finds what it needs is
 * called so many times more often.
 */
export function covering<T extends { one: Case }>(
  drawn: readonly T[],
  modules: readonly string[],
  times: number,
  seldom: Readonly<Record<string, number>> = {},
): T[] {
  const left = drawn.map((each) => ({ each, calls: callsOf(each.one, modules) }))
  const missing = new Map(modules.map((name) => [name, times * (seldom[name] ?? 1)]))
  const worth = ({ each, calls }: (typeof left)[number]) =>
    [...calls].reduce((sum, [name, count]) => sum + Math.min(count, missing.get(name) ?? 0), 0) /
    (each.one.tasks.length + BOOT)
  const chosen: T[] = []
  for (;;) {
    left.sort((a, b) => worth(b) - worth(a))
    const next = left.shift()
    if (!next || worth(next) === 0) return chosen
    chosen.push(next.each)
    for (const [name, count] of next.calls) missing.set(name, Math.max(0, (missing.get(name) ?? 0) - count))
  }
}

/** How often a playbook calls each of these modules. */
function callsOf(one: Case, modules: readonly string[]): Map<string, number> {
  const called = one.tasks.flatMap(flat).flatMap(Object.keys)
  return new Map(modules.map((name) => [name, called.filter((key) => key === name).length]))
}
