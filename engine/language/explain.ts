import type { Place } from '../problem.ts'
import { HIDDEN } from '../resource/secret.ts'
import type { Inventory } from './inventory.ts'
import type { Play } from './playbook.ts'
import {
  type Definition,
  type Definitions,
  definitionPlace,
  findDefault,
  findDefinition,
  type Level,
  type Lexical,
} from './variables.ts'

/** One place that gives a variable a value for a host. */
export interface Candidate {
  level: Level
  /** The group, host, role, play, block or task that it belongs to. */
  owner: string
  /** Undefined on the command line. */
  place: Place | undefined
  /** As it is written. */
  text: string
  /** In how many of the tasks for the host it is the one that holds; without any task, whether it is the one of the host. */
  wins: { tasks: number; of: number }
}

/** Where to look for definitions; plays may be none. */
export interface Explained {
  plays: readonly Play[]
  inventory: Inventory
  /** The variables of `-e`. */
  commandLine: Definitions
}

/** Every definition of a variable that concerns a host, lowest precedence first, inner ones behind those around them. */
export function explainVariable(name: string, host: string, { plays, inventory, commandLine }: Explained): Candidate[] {
  const scopes: (Lexical | undefined)[] = plays
    .filter(({ hosts }) => hosts.includes(host))
    .flatMap(({ steps, handlers }) => [...steps, ...handlers].map(({ inner }) => inner.scope))
  const given = commandLine.get(name)
  const winners = (scopes.length > 0 ? scopes : [undefined]).map(
    (scope) => given ?? findDefinition(scope, name) ?? inventory.definition(host, name) ?? findDefault(scope, name),
  )
  const around = scopes.flatMap((scope) => outwards(scope).reverse())
  const definitions = new Set([
    ...around.flatMap(({ defaults }) => defaults?.get(name) ?? []),
    ...inventory.definitions(host, name),
    ...around.flatMap(({ variables }) => variables.get(name) ?? []),
    ...(given ? [given] : []),
  ])
  return [...definitions].map((definition) => ({
    level: definition.level,
    owner: definition.owner,
    place: definitionPlace(definition),
    text: textOf(definition),
    wins: { tasks: winners.filter((winner) => winner === definition).length, of: winners.length },
  }))
}

/** A scope and those around it. */
function outwards(scope: Lexical | undefined): Lexical[] {
  return scope ? [scope, ...outwards(scope.parent)] : []
}

function textOf(definition: Definition): string {
  const { value } = definition
  if (value.kind === 'literal') return JSON.stringify(value.value)
  // Lines of encrypted files are not at hand.
  if (definitionPlace(definition)?.source === undefined) return HIDDEN
  const { source, start, end } = value.node.at
  return source.text.slice(start, end).trimEnd()
}
