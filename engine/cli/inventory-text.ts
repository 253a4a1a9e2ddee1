import { stringify } from 'yaml'
import type { Inventory } from '../language/inventory.ts'
import { Problem } from '../problem.ts'
import { printableLine } from '../report/printable.ts'
import { findUnknown, type Value } from '../resource/value.ts'
import { knownHost } from './known-host.ts'

export interface InventoryView {
  limit?: string[]
  host?: string
  list?: true
  format: 'yaml' | 'json'
}

/** An inventory as a person or a program reads it: its tree, one host, or all hosts. */
export function showInventory(inventory: Inventory, { limit, host, list, format }: InventoryView): string {
  const hosts = limit ? inventory.select(limit.join(',')) : [...inventory.hosts.keys()]
  if (host !== undefined) return written(hostVariables(inventory, knownHost(inventory, host)), format)
  if (!list) return tree(inventory, 'all', new Set(hosts), 0).join('')
  const all = hosts.map((name) => [name, { groups: inventory.groupsOf(name), vars: hostVariables(inventory, name) }])
  return written(Object.fromEntries(all), format)
}

/** What inventory and command line say, evaluated; a variable that only a run can work out says so. */
function hostVariables(inventory: Inventory, host: string): Record<string, unknown> {
  const variables = inventory.variables(host)
  return Object.fromEntries(Object.keys(variables).map((name) => [name, plainValue(() => variables[name])]))
}

function plainValue(read: () => Value | undefined): unknown {
  try {
    const value = read()
    const unknown = findUnknown(value)
    return unknown ? `‹${unknown.reason}›` : JSON.parse(JSON.stringify(value ?? null))
  } catch (error) {
    if (error instanceof Problem) return `‹${error.message}›`
    throw error
  }
}

function written(value: Record<string, unknown>, format: InventoryView['format']): string {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`
  return stringify(value, { aliasDuplicateObjects: false })
}

/** Groups with their hosts and groups, indented; a host stands in the groups that name it themselves. */
function tree(inventory: Inventory, group: string, shown: ReadonlySet<string>, depth: number): string[] {
  const children = group === 'all' ? topGroups(inventory) : inventory.childrenOf(group)
  const inside = new Set(children.flatMap((child) => inventory.groups.get(child) ?? []))
  const own = (inventory.groups.get(group) ?? []).filter((host) => shown.has(host) && !inside.has(host))
  if (depth > 0 && !(inventory.groups.get(group) ?? []).some((host) => shown.has(host))) return []
  const indent = '  '.repeat(depth)
  return [
    `${indent}@${printableLine(group)}\n`,
    ...own.map((host) => `${indent}  ${printableLine(host)}\n`),
    ...children.flatMap((child) => tree(inventory, child, shown, depth + 1)),
  ]
}

/** Every group is below `all`, also when nobody has said so. */
function topGroups(inventory: Inventory): string[] {
  const names = [...inventory.groups.keys()].filter((name) => name !== 'all')
  const below = new Set(names.flatMap((name) => inventory.childrenOf(name)))
  return names.filter((name) => !below.has(name))
}
