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
  format: 'text' | 'yaml' | 'json'
}

/** An inventory as a person or a program reads it: its tree, one host, or all hosts. */
export function showInventory(inventory: Inventory, { limit, host, list, format }: InventoryView): string {
  const hosts = limit ? inventory.select(limit.join(',')) : [...inventory.hosts.keys()]
  if (host !== undefined) {
    const variables = hostVariables(inventory, knownHost(inventory, host))
    return format === 'text' ? variableLines(variables, '') : written(variables, format)
  }
  if (list) {
    const all = hosts.map(
      (name) => [name, { groups: inventory.groupsOf(name), vars: hostVariables(inventory, name) }] as const,
    )
    if (format !== 'text') return written(Object.fromEntries(all), format)
    return all.map(([name, { groups, vars }]) => hostLine(name, groups) + variableLines(vars, '  ')).join('')
  }
  const shown = new Set(hosts)
  return format === 'text'
    ? lines('all', graph(inventory, 'all', shown), 0).join('')
    : written({ all: graph(inventory, 'all', shown) }, format)
}

function hostLine(name: string, groups: readonly string[]): string {
  return printableLine(`${name} (${groups.join(', ')})`).concat('\n')
}

/** One variable a line; what is no text is JSON. */
function variableLines(variables: Record<string, unknown>, indent: string): string {
  return Object.entries(variables)
    .map(
      ([name, value]) =>
        `${indent}${name}: ${printableLine(typeof value === 'string' ? value : JSON.stringify(value))}\n`,
    )
    .join('')
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

function written(value: Record<string, unknown>, format: 'yaml' | 'json'): string {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`
  return stringify(value, { aliasDuplicateObjects: false })
}

interface Group {
  hosts?: string[]
  children?: Record<string, Group>
}

/** A group with the hosts that it names itself and the groups below it, as far as they hold hosts that are shown. */
function graph(inventory: Inventory, group: string, shown: ReadonlySet<string>): Group {
  const members = (name: string) => (inventory.groups.get(name) ?? []).filter((host) => shown.has(host))
  const names = group === 'all' ? topGroups(inventory) : inventory.childrenOf(group)
  const inside = new Set(names.flatMap(members))
  const hosts = members(group).filter((host) => !inside.has(host))
  const children = names.filter((name) => members(name).length > 0)
  return {
    ...(hosts.length > 0 ? { hosts } : {}),
    ...(children.length > 0
      ? { children: Object.fromEntries(children.map((name) => [name, graph(inventory, name, shown)])) }
      : {}),
  }
}

/** Groups with their hosts and groups, indented. */
function lines(name: string, { hosts = [], children = {} }: Group, depth: number): string[] {
  const indent = '  '.repeat(depth)
  return [
    `${indent}@${printableLine(name)}\n`,
    ...hosts.map((host) => `${indent}  ${printableLine(host)}\n`),
    ...Object.entries(children).flatMap(([child, group]) => lines(child, group, depth + 1)),
  ]
}

/** Every group is below `all`, also when nobody has said so. */
function topGroups(inventory: Inventory): string[] {
  const names = [...inventory.groups.keys()].filter((name) => name !== 'all')
  const below = new Set(names.flatMap((name) => inventory.childrenOf(name)))
  return names.filter((name) => !below.has(name))
}
