import type { Place } from '../problem.ts'
import type { Value } from '../resource/value.ts'
import { literal, type Written } from './written.ts'
import { placeOf } from './yaml-node.ts'

/** Where a variable gets a value, lowest first; what is inner wins among plays, blocks and tasks. */
export type Level = 'role default' | 'group' | 'host' | 'play' | 'role' | 'block' | 'task' | 'command line'

/** One place that gives a variable a value. */
export interface Definition {
  name: string
  value: Written
  level: Level
  /** Whose it is: the name of the group, the host, the role, the play or the task. */
  owner: string
}

export type Definitions = ReadonlyMap<string, Definition>

/** The variables that hold at a place of the playbook: those of the play, the role, the blocks and the task around it. */
export interface Lexical {
  readonly parent: Lexical | undefined
  readonly variables: Definitions
  /** A role's defaults, below everything of the inventory. */
  readonly defaults?: Definitions
  /** The role's folder, where its templates and files are. */
  readonly folder?: string
}

/** Nothing is defined around it. */
export const NO_DEFINITIONS: Definitions = new Map()

/** The innermost definition around a place of the playbook. */
export function findDefinition(scope: Lexical | undefined, name: string): Definition | undefined {
  for (let at = scope; at; at = at.parent) {
    const found = at.variables.get(name)
    if (found) return found
  }
  return undefined
}

/** The default of the innermost role that has one. */
export function findDefault(scope: Lexical | undefined, name: string): Definition | undefined {
  for (let at = scope; at; at = at.parent) {
    const found = at.defaults?.get(name)
    if (found) return found
  }
  return undefined
}

/** Every name that a place of the playbook defines. */
export function definedNames(scope: Lexical | undefined): Set<string> {
  const names = new Set<string>()
  for (let at = scope; at; at = at.parent) {
    for (const name of at.variables.keys()) names.add(name)
    for (const name of at.defaults?.keys() ?? []) names.add(name)
  }
  return names
}

/** Where it is written; undefined on the command line. */
export function definitionPlace({ value }: Definition): Place | undefined {
  return value.node && placeOf(value.node)
}

/** The variables of `-e`. */
export function commandLineDefinitions(values: Readonly<Record<string, Value>>): Definitions {
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      { name, value: literal(value), level: 'command line', owner: '-e' },
    ]),
  )
}

/** Names that the engine gives a meaning to; nothing else may be called so. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(
  'inventory_hostname groups group_names hostvars facts play_hosts playbook_dir check_mode env now this true false null cel optional'.split(
    ' ',
  ),
)
