import type { HostSource } from './scopes.ts'
import type { Definition } from './variables.ts'

/**
 * One host of each kind, for what is too much work to be tried on every host. Hosts are of one kind when they are in the same
 * groups and have variables of the same names and types; a truth counts with its value, since conditions ask for it.
 */
export function unlike(hosts: readonly string[], inventory: HostSource): string[] {
  const kinds = new Map<string, string>()
  for (const host of hosts) {
    const variables = [...inventory.variableNames(host)].map(
      (name) => `${name}: ${shapeOfDefinition(inventory.definition(host, name))}`,
    )
    const kind = [...inventory.groupsOf(host), '', ...variables].join('\n')
    if (!kinds.has(kind)) kinds.set(kind, host)
  }
  return [...kinds.values()]
}

/** A template is as it is written: what it makes is a matter of the variables that it reads. */
function shapeOfDefinition(definition: Definition | undefined): string {
  const { value } = definition ?? {}
  if (!value) return ''
  if (value.kind === 'literal') return shapeOf(value.value)
  const { source, start, end } = value.node.at
  return source.text.slice(start, end)
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].join()}]`
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object') return typeof value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return 'text'
  return `{${Object.entries(value).map(([key, part]) => `${key}:${shapeOf(part)}`)}}`
}
