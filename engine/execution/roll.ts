import type { Amount, Order, OrderBy } from '../language/playbook.ts'
import type { Value } from '../resource/value.ts'

/** How many hosts the batch of this turn takes: sizes in turn, the last one repeated; all of them without `serial`. */
export function batchSize(serial: readonly Amount[] | undefined, turn: number, of: number): number {
  const amount = serial?.[Math.min(turn, serial.length - 1)]
  return amount ? Math.max(1, countOf(amount, of, 'down')) : of
}

/** A number of hosts; a share is rounded. */
export function countOf(amount: Amount, of: number, round: 'down' | 'up'): number {
  if (amount.kind === 'count') return amount.count
  return round === 'down' ? Math.floor((of * amount.percent) / 100) : Math.ceil((of * amount.percent) / 100)
}

/** The hosts in the order of a roll; equal ones stay in inventory order. */
export function orderHosts<H extends { name: string }>(
  order: Order,
  hosts: readonly H[],
  rank: (order: OrderBy, host: H) => Value,
): H[] {
  switch (order.kind) {
    case 'inventory':
      return [...hosts]
    case 'reverse_inventory':
      return hosts.toReversed()
    case 'sorted':
      return hosts.toSorted((a, b) => compare(a.name, b.name))
    case 'reverse_sorted':
      return hosts.toSorted((a, b) => compare(b.name, a.name))
    case 'shuffle':
      return shuffle(hosts, order.seed)
    case 'by': {
      const keys = new Map(hosts.map((host) => [host, rank(order, host)]))
      return hosts.toSorted((a, b) => compare(keys.get(a) ?? null, keys.get(b) ?? null))
    }
  }
}

/** Numbers by size, true after false, everything else as text; lists part by part. */
function compare(a: Value, b: Value): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      const order = compare(a[index] ?? null, b[index] ?? null)
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** The same hosts give the same order, so that a run can be repeated: a hash of seed and name decides. */
function shuffle<H extends { name: string }>(hosts: readonly H[], seed: string): H[] {
  const keys = new Map(hosts.map((host) => [host, hash(`${seed}\n${host.name}`)]))
  return hosts.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
}

function hash(text: string): number {
  let value = 2166136261
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16777619) >>> 0
  return value
}
