import type { Place } from '../problem.ts'
import type { Compiler } from './compiler.ts'
import type { Play } from './playbook.ts'
import { type Definition, definitionPlace, type Level, type Lexical } from './variables.ts'

/** One place that gives a variable a value for a host. */
export interface Candidate {
  level: Level
  /** The group, host, role, play, block or task that it belongs to. */
  owner: string
  /** Undefined on the command line. */
  place: Place | undefined
  /** As it is written. */
  text: string
  /** It is the value that every task of the play sees, unless a block or task inside has its own. */
  wins: boolean
}

/** Every definition of a variable that concerns a host, lowest precedence first. */
export function explainVariable(
  name: string,
  host: string,
  plays: readonly Play[],
  { commandLine, inventory }: Compiler,
): Candidate[] {
  const mine = plays.filter(({ hosts }) => hosts.includes(host))
  const lexical = new Set(
    mine.flatMap(({ steps, handlers }) =>
      [...steps, ...handlers].flatMap(({ inner }) => lexicalDefinitions(inner.scope, name)),
    ),
  )
  const at = (level: Level) => [...lexical].filter((definition) => definition.level === level)
  const given = commandLine.get(name)
  const definitions = [
    ...at('role default'),
    ...inventory.definitions(host, name),
    ...at('play'),
    ...(['role', 'block', 'task'] as const).flatMap(at),
    ...(given ? [given] : []),
  ]
  const winner = given ?? at('play').at(-1) ?? inventory.definition(host, name) ?? at('role default').at(-1)
  return definitions.map((definition) => ({
    level: definition.level,
    owner: definition.owner,
    place: definitionPlace(definition),
    text: textOf(definition),
    wins: definition === winner,
  }))
}

function lexicalDefinitions(scope: Lexical, name: string): Definition[] {
  const found: Definition[] = []
  for (let at: Lexical | undefined = scope; at; at = at.parent) {
    for (const definition of [at.variables.get(name), at.defaults?.get(name)]) if (definition) found.push(definition)
  }
  return found
}

function textOf({ value }: Definition): string {
  if (!value.node) return value.kind === 'literal' ? JSON.stringify(value.value) : ''
  const { source, start, end } = value.node.at
  return source.text.slice(start, end).trimEnd()
}
