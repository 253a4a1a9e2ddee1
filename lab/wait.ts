import { setTimeout } from 'node:timers/promises'
import { Problem } from '../engine/problem.ts'

/** Looks until the condition holds; LAB_TIMEOUT with the sentence when it does not within the limit. */
export async function until(
  sentence: string,
  holds: () => boolean | Promise<boolean>,
  { limitMs = 60_000, everyMs = 20 } = {},
): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await holds())) {
    if (Date.now() > end) {
      throw new Problem({ code: 'LAB_TIMEOUT', message: `after ${limitMs / 1000} s it does not hold that ${sentence}` })
    }
    await setTimeout(everyMs)
  }
}
