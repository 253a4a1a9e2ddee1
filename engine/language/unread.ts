import { nearest, Problem } from '../problem.ts'
import type { Compiler } from './compiler.ts'
import { TextFailure } from './names.ts'
import type { DraftPlay } from './play.ts'
import { ownNames } from './references.ts'
import type { Draft } from './task.ts'
import { isTemplate, parseTemplate } from './template.ts'
import { type Definition, definitionPlace, type Lexical } from './variables.ts'
import { namesIn } from './written.ts'

/**
 * Variables of a play, a role's call, a block or a task that nothing inside reads: they override nothing, perhaps by a slip of
 * spelling. What stands in files of variables is for whoever wants it.
 */
export function unreadDefinitions(draft: DraftPlay, compiler: Compiler): Problem[] {
  const readers = new Map<Lexical, Set<string>>()
  const follow = followerOf(draft.hosts, compiler)
  for (const step of [...draft.steps, ...draft.handlers]) {
    const chain = outwards(step.inner.scope)
    const read = follow(namesOf(step, compiler), chain)
    for (const scope of chain) readers.set(scope, new Set([...(readers.get(scope) ?? []), ...read]))
  }
  for (const { scope, schema } of draft.inputs)
    for (const at of outwards(scope))
      readers.set(at, new Set([...(readers.get(at) ?? []), ...Object.keys(schema.properties ?? {})]))
  return [...readers].flatMap(([scope, read]) => {
    // A role's own variables may be for some of its callers only.
    if (scope.folder !== undefined) return []
    const own = [...scope.variables.values()].filter((definition) => isInline(definition, draft))
    return own
      .filter(({ name }) => !read.has(name) && !compiler.read.has(name))
      .map((definition) => unread(definition, read))
  })
}

function unread(definition: Definition, read: ReadonlySet<string>): Problem {
  const { name, level, owner } = definition
  const near = nearest(name, read)
  return new Problem({
    code: 'UNREAD_VARIABLE',
    message: `nothing reads the variable '${name}' of the ${level} '${owner}'`,
    place: definitionPlace(definition),
    hint: near ? `did you mean '${near}'?` : undefined,
    severity: 'warning',
  })
}

function isInline(definition: Definition, { place }: DraftPlay): boolean {
  return definition.level !== 'play' || definitionPlace(definition)?.file === place.file
}

function namesOf(step: Draft, compiler: Compiler): Set<string> {
  const names = ownNames(step, compiler)
  const { user } = step.around.become
  if (user) namesIn(user, names)
  for (const name of namesInTemplate(step.name)) names.add(name)
  return names
}

/** A task that was given no name is called by its arguments, which may be no template that can be read. */
function namesInTemplate(text: string): Iterable<string> {
  if (!isTemplate(text)) return []
  try {
    return parseTemplate(text).names
  } catch (error) {
    if (error instanceof TextFailure) return []
    throw error
  }
}

/** All names that names lead to, by whatever definition may win. */
function followerOf(hosts: readonly string[], { inventory }: Compiler) {
  const ofInventory = new Map<string, Definition[]>()
  const inventoryOf = (name: string) => {
    const found = ofInventory.get(name) ?? [...new Set(hosts.flatMap((host) => inventory.definition(host, name) ?? []))]
    ofInventory.set(name, found)
    return found
  }
  return (names: ReadonlySet<string>, chain: readonly Lexical[]): ReadonlySet<string> => {
    const found = new Set<string>()
    const visit = (name: string) => {
      if (found.has(name)) return
      found.add(name)
      const lexical = chain.flatMap(({ variables, defaults }) => [variables.get(name), defaults?.get(name)])
      for (const definition of [...lexical, ...inventoryOf(name)])
        if (definition) for (const inner of namesIn(definition.value)) visit(inner)
    }
    for (const name of names) visit(name)
    return found
  }
}

function outwards(scope: Lexical | undefined): Lexical[] {
  return scope ? [scope, ...outwards(scope.parent)] : []
}
