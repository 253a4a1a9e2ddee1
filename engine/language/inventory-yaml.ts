import { nearest, Problem } from '../problem.ts'
import type { InventoryBuilder } from './inventory-builder.ts'
import { entryOf, keyPlace, type MapNode, placeOf, type YamlNode } from './yaml-node.ts'

/** Reads an inventory in YAML: groups by name, each with `hosts`, `vars` and `children`. */
export function readYamlInventory(node: YamlNode, builder: InventoryBuilder): void {
  if (node.kind !== 'map') {
    complain(builder, node, 'an inventory is a mapping of groups', 'write all: with hosts: below it')
    return
  }
  for (const { key, value } of node.entries) readGroup(key, value, builder)
}

const PARTS = ['hosts', 'vars', 'children']

function readGroup(name: string, node: YamlNode, builder: InventoryBuilder): void {
  const group = builder.group(name)
  if (isNothing(node)) return
  if (node.kind !== 'map') {
    complain(builder, node, `the group '${name}' is a mapping of hosts, vars and children`)
    return
  }
  for (const entry of node.entries) {
    if (PARTS.includes(entry.key)) continue
    const near = nearest(entry.key, PARTS)
    builder.problems.push(
      new Problem({
        code: 'UNKNOWN_KEYWORD',
        message: `a group has no '${entry.key}'`,
        place: keyPlace(entry),
        hint: near
          ? `did you mean '${near}'?`
          : `it has ${PARTS.join(', ')}; a host is named below hosts:, a variable below vars:`,
      }),
    )
  }
  readHosts(name, node, builder)
  const vars = entryOf(node, 'vars')
  if (vars) builder.addVariables({ group: name }, vars.value)
  const children = entryOf(node, 'children')?.value
  if (!children || isNothing(children)) return
  if (children.kind !== 'map') {
    complain(builder, children, 'children is a mapping of groups', 'write each name with a colon behind it')
    return
  }
  for (const { key, value } of children.entries) {
    group.children.add(key)
    readGroup(key, value, builder)
  }
}

function readHosts(group: string, node: MapNode, builder: InventoryBuilder): void {
  const hosts = entryOf(node, 'hosts')?.value
  if (!hosts || isNothing(hosts)) return
  if (hosts.kind !== 'map') {
    complain(builder, hosts, 'hosts is a mapping of host names', 'write each name with a colon behind it')
    return
  }
  for (const { key, keyAt, value } of hosts.entries) {
    for (const host of builder.addHosts(key, group, keyAt)) builder.addVariables({ host }, value)
  }
}

function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null
}

function complain(builder: InventoryBuilder, node: YamlNode, message: string, hint?: string): void {
  builder.problems.push(new Problem({ code: 'WRONG_TYPE', message, place: placeOf(node), hint }))
}
