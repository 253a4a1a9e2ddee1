import { setTimeout } from 'node:timers/promises'
import { Problem } from '../engine/problem.ts'

const PAUSES_MS = [2000, 5000, 15_000]

/** Does again what a network that fails for a moment may have spoiled; the last failure is the caller's. */
export async function withPatience<T>(log: (line: string) => void, attempt: () => Promise<T>): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      log(`${error.message.split('\n').slice(0, 2).join(' ')}; trying again in ${pauseMs / 1000} s`)
    }
    await setTimeout(pauseMs)
  }
  return await attempt()
}
