import type { Amount } from '../language/playbook.ts'

/** The hosts in batches: sizes in turn, the last one repeated; all at once without `serial`. */
export function batches<T>(serial: readonly Amount[] | undefined, members: readonly T[]): T[][] {
  if (!serial || serial.length === 0) return members.length === 0 ? [] : [[...members]]
  const parts: T[][] = []
  let start = 0
  for (let turn = 0; start < members.length; turn++) {
    const amount = serial[Math.min(turn, serial.length - 1)]
    const size = amount ? Math.max(1, countOf(amount, members.length, 'down')) : members.length
    parts.push(members.slice(start, start + size))
    start += size
  }
  return parts
}

/** A number of hosts; a share is rounded. */
export function countOf(amount: Amount, of: number, round: 'down' | 'up'): number {
  if (amount.kind === 'count') return amount.count
  return round === 'down' ? Math.floor((of * amount.percent) / 100) : Math.ceil((of * amount.percent) / 100)
}
