import type { InventoryBuilder } from './inventory-builder.ts'
import { entryOf, type YamlNode } from './yaml-node.ts'

/** Takes in what an inventory program answers to `--list`: groups with lists of hosts, and `_meta.hostvars`. */
export function readScriptInventory(node: YamlNode, builder: InventoryBuilder): void {
  if (node.kind !== 'map') {
    builder.complain(node.at, 'INVENTORY_PROGRAM', 'an inventory program answers --list with a mapping of groups')
    return
  }
  for (const { key, value } of node.entries) {
    if (key !== '_meta') readGroup(key, value, builder)
  }
  const meta = entryOf(node, '_meta')?.value
  const hostvars = meta?.kind === 'map' ? entryOf(meta, 'hostvars')?.value : undefined
  if (hostvars?.kind !== 'map') return
  for (const { key, keyAt, value } of hostvars.entries) {
    if (!builder.hosts.has(key)) builder.addHosts(key, 'ungrouped', keyAt)
    builder.addVariables({ host: key }, value)
  }
}

function readGroup(name: string, node: YamlNode, builder: InventoryBuilder): void {
  const group = builder.group(name)
  if (node.kind === 'list') addHosts(name, node, builder)
  if (node.kind !== 'map') return
  const hosts = entryOf(node, 'hosts')?.value
  if (hosts) addHosts(name, hosts, builder)
  const vars = entryOf(node, 'vars')?.value
  if (vars) builder.addVariables({ group: name }, vars)
  const children = entryOf(node, 'children')?.value
  if (children?.kind !== 'list') return
  for (const child of children.items) {
    if (child.kind !== 'scalar') continue
    group.children.add(child.text)
    builder.group(child.text)
  }
}

function addHosts(group: string, node: YamlNode, builder: InventoryBuilder): void {
  if (node.kind !== 'list') return
  for (const item of node.items) if (item.kind === 'scalar') builder.addHosts(item.text, group, item.at)
}
