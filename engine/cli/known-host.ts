import type { Inventory } from '../language/inventory.ts'
import { nearest, Problem } from '../problem.ts'

/** The host, when the inventory has it; otherwise UNKNOWN_HOST with the one that was perhaps meant. */
export function knownHost(inventory: Inventory, host: string): string {
  if (inventory.hosts.has(host)) return host
  const near = nearest(host, inventory.hosts.keys())
  throw new Problem({
    code: 'UNKNOWN_HOST',
    message: `the inventory has no host '${host}'`,
    hint: near ? `did you mean '${near}'?` : undefined,
  })
}
