import type { Inventory } from '../language/inventory.ts'
import type { Play } from '../language/playbook.ts'
import { commandLineDefinitions, type Definition, definitionPlace, type Lexical } from '../language/variables.ts'
import { printableLine } from '../report/printable.ts'
import { HIDDEN } from '../resource/secret.ts'
import type { ValueMap } from '../resource/value.ts'
import { knownHost } from './known-host.ts'

export interface Question {
  variable: string
  host: string
  inventory: Inventory
  plays: readonly Play[]
  /** The variables of `-e`. */
  vars: ValueMap
}

/** Every definition of a variable for a host, lowest first, with its place; the last one wins where it holds. */
export function explanation(question: Question): string {
  const { variable, host, inventory } = question
  knownHost(inventory, host)
  const found = definitionsFor(question)
  if (found.length === 0) return `nothing gives '${variable}' a value for ${host}\n`
  const all = found.map((definition) => [
    `${definition.level} ${definition.owner}`,
    whereWords(definition),
    textOf(definition),
  ])
  // A folder of variables that lies beside both inventory and playbook is read for both.
  const rows = all.filter((row, index) => all.findIndex((other) => other.join() === row.join()) === index)
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${variable} for ${host}; the lowest line wins where it holds\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function definitionsFor({ variable, host, inventory, plays, vars }: Question): Definition[] {
  const scopes = plays
    .filter((play) => play.hosts.includes(host))
    .flatMap(({ steps, handlers }) => [...steps, ...handlers].flatMap(({ inner }) => outwards(inner.scope).reverse()))
  const distinct = [...new Set(scopes)]
  const of = (definitions: ReadonlyMap<string, Definition> | undefined) => definitions?.get(variable) ?? []
  const typed = commandLineDefinitions(vars)
  return [
    ...new Set([
      ...distinct.flatMap((scope) => of(scope.defaults)),
      ...inventory.definitions(host, variable),
      ...distinct.flatMap((scope) => of(scope.variables)),
      ...[of(typed)].flat(),
    ]),
  ]
}

/** A scope and those around it. */
function outwards(scope: Lexical | undefined): Lexical[] {
  return scope ? [scope, ...outwards(scope.parent)] : []
}

function whereWords(definition: Definition): string {
  const place = definitionPlace(definition)
  return place ? `${place.file}:${place.line}` : 'command line'
}

function textOf(definition: Definition): string {
  const { value } = definition
  if (value.kind === 'literal') return printableLine(JSON.stringify(value.value))
  return printableLine(definitionPlace(definition)?.source?.trim() ?? HIDDEN)
}
