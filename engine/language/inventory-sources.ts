import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { Problem } from '../problem.ts'
import type { InventoryBuilder } from './inventory-builder.ts'
import { readIniInventory } from './inventory-ini.ts'
import { readScriptInventory } from './inventory-script.ts'
import { readYamlInventory } from './inventory-yaml.ts'
import { noteSource, readBytes, readSealedSource } from './read-source.ts'
import { SourceText } from './source-text.ts'
import { readVarsFolders } from './vars-folders.ts'
import { parseYaml } from './yaml.ts'

/** Reads one `-i`: a file in YAML or INI, a folder of such files, a program that answers `--list`, or names with a comma. */
export function readInventorySource(given: string, builder: InventoryBuilder): void {
  if (given.includes(',')) {
    const source = new SourceText('-i', given)
    for (const name of given
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)) {
      builder.addHosts(name, 'ungrouped', {
        source,
        start: given.indexOf(name),
        end: given.indexOf(name) + name.length,
      })
    }
    return
  }
  if (!existsSync(given)) {
    throw new Problem({
      code: 'INVENTORY_MISSING',
      message: `there is no inventory ${given}`,
      hint: `a path is relative to the folder that you are in; hosts by name end with a comma, as in -i ${given},`,
    })
  }
  if (!statSync(given).isDirectory()) {
    readFile(given, builder)
    readVarsFolders(dirname(given), builder)
    return
  }
  for (const name of readdirSync(given).sort()) {
    const path = join(given, name)
    if (!IGNORED.test(name) && statSync(path).isFile()) readFile(path, builder)
  }
  readVarsFolders(given, builder)
}

const IGNORED = /^\.|~$|\.(orig|bak|retry|swp|rpmsave|md|pyc|hbs|key|pub)$/

function readFile(path: string, builder: InventoryBuilder): void {
  if (isProgram(path)) {
    const answer = listOf(path)
    noteSource(`${path} --list`, Buffer.from(answer))
    const parsed = parseYaml(new SourceText(path, answer), builder.problems)
    if (parsed) readScriptInventory(parsed, builder)
    return
  }
  const source = readSealedSource(path, builder.clearTexts)
  if (!isYaml(path, source.text)) {
    readIniInventory(source, builder)
    return
  }
  const node = parseYaml(source, builder.problems)
  if (node) readYamlInventory(node, builder)
}

function isYaml(path: string, text: string): boolean {
  const extension = extname(path.replace(/\.age$/, ''))
  if (['.yml', '.yaml', '.json'].includes(extension)) return true
  return extension === '' && /^(---|all:|\w[\w-]*:\s*$)/m.test(text) && !/^\s*\[/m.test(text)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
  return readBytes(path).toString('latin1', 0, 2) === '#!'
}

function listOf(path: string): string {
  try {
    return execFileSync(resolve(path), ['--list'], {
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const said = 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : ''
    throw new Problem({
      code: 'INVENTORY_PROGRAM',
      message: `${path} --list failed${said ? `: ${said}` : `: ${error.message}`}`,
    })
  }
}
