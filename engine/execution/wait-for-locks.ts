import type { LockHolder } from '../remote/lock.ts'
import type { Event } from '../report/event.ts'
import type { Hosts } from './hosts.ts'

interface Waiting {
  hosts: Hosts
  names: readonly string[]
  lock: LockHolder
  timeoutMs: number
  emit: (event: Event) => void
  now: () => Date
  sleep: (milliseconds: number) => Promise<void>
  signal?: AbortSignal | undefined
}

const PAUSE_MS = 500

/**
 * Locks all hosts of the run or none, again and again until the time is over. What is locked even then is told by the first
 * trip to it. The pauses differ by chance, so that two runs do not stand in each other's way for ever.
 */
export async function waitForLocks({
  hosts,
  names,
  lock,
  timeoutMs,
  emit,
  now,
  sleep,
  signal,
}: Waiting): Promise<void> {
  const end = now().getTime() + timeoutMs
  const told = new Set<string>()
  for (;;) {
    const inTheWay = await hosts.tryLockAll(names, lock)
    if (inTheWay.length === 0) return
    for (const { host, message } of inTheWay) {
      if (told.has(message)) continue
      told.add(message)
      emit({ type: 'lock-awaited', at: now().toISOString(), host, message })
    }
    const left = end - now().getTime()
    if (left <= 0 || signal?.aborted) return
    await sleep(Math.min(left, PAUSE_MS * (1 + Math.random())))
  }
}
