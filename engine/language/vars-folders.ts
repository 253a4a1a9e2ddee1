import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { InventoryBuilder } from './inventory-builder.ts'
import { readSealedSource } from './read-source.ts'
import { parseYaml } from './yaml.ts'
import type { YamlNode } from './yaml-node.ts'

/** Adds what `group_vars` and `host_vars` in a folder say: `NAME.yml`, or all files of a folder NAME in the order of their names. */
export function readVarsFolders(folder: string, builder: InventoryBuilder): void {
  const known = resolve(folder)
  if (builder.folders.has(known)) return
  builder.folders.add(known)
  for (const { name, node } of readNamed(join(folder, 'group_vars'), builder)) {
    // A file for a group that this inventory lacks is for another one.
    if (builder.groups.has(name)) builder.addVariables({ group: name }, node)
  }
  for (const { name, node } of readNamed(join(folder, 'host_vars'), builder)) {
    if (builder.hosts.has(name)) builder.addVariables({ host: name }, node)
  }
}

function readNamed(folder: string, { problems, clearTexts }: InventoryBuilder): { name: string; node: YamlNode }[] {
  if (!existsSync(folder)) return []
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry)
    const name = entry.replace(/(\.(ya?ml|json))?(\.age)?$/, '')
    const files = statSync(path).isDirectory() ? entriesOf(path).map((file) => join(path, file)) : [path]
    return files.flatMap((file) => {
      const node = parseYaml(readSealedSource(file, clearTexts), problems)
      return node ? [{ name, node }] : []
    })
  })
}

function entriesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter(
      (name) =>
        !name.startsWith('.') &&
        !name.endsWith('~') &&
        (!name.includes('.') || /\.((ya?ml|json)(\.age)?|age)$/.test(name)),
    )
    .sort()
}
