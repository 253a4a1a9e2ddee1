import type { Compiler } from './compiler.ts'
import type { Expression } from './expression.ts'
import type { References } from './playbook.ts'
import type { Draft } from './task.ts'
import { type Definition, findDefault, findDefinition, type Lexical } from './variables.ts'
import { namesIn, type Written } from './written.ts'
import { placeOf } from './yaml-node.ts'

/** What a step needs to know: the names in it, and those that the variables behind them lead to. */
export function referencesOf(draft: Draft, compiler: Compiler, hosts: readonly string[]): References {
  const names = new Set<string>()
  for (const name of ownNames(draft, compiler))
    follow(name, draft.inner.scope, names, (each) => definitionsOf(each, draft.inner.scope, compiler, hosts))
  for (const own of [draft.loop?.variable, draft.loop?.indexVariable, 'result'])
    if (own !== undefined) names.delete(own)
  return { variables: [...names], hostvars: names.has('hostvars'), facts: names.has('facts') }
}

function follow(
  name: string,
  scope: Lexical,
  names: Set<string>,
  definitions: (name: string) => readonly Definition[],
): void {
  if (names.has(name)) return
  names.add(name)
  for (const { value } of definitions(name))
    for (const inner of namesIn(value)) follow(inner, scope, names, definitions)
}

/** Every definition that may win for one of the hosts. */
function definitionsOf(
  name: string,
  scope: Lexical,
  { commandLine, inventory }: Compiler,
  hosts: readonly string[],
): Definition[] {
  const winner = commandLine.get(name) ?? findDefinition(scope, name)
  if (winner) return [winner]
  const ofHosts = new Set(hosts.flatMap((host) => inventory.definition(host, name) ?? []))
  return ofHosts.size > 0 ? [...ofHosts] : [findDefault(scope, name)].flatMap((found) => found ?? [])
}

/** The names that a step reads itself. */
export function ownNames(
  { when, loop, until, changedWhen, failedWhen, delegateTo, roll, blocks, inner, place }: Draft,
  compiler: Compiler,
): Set<string> {
  const names = new Set<string>()
  const written: (Written | undefined)[] = [
    loop?.items,
    loop?.label,
    delegateTo,
    ...inner.environment,
    ...(inner.args?.values ?? []).map(([, value]) => value),
  ]
  const ordered = [roll, ...blocks.map((block) => block.roll)].flatMap((each) =>
    each?.order.kind === 'by' ? [each.order.by] : [],
  )
  const expressions: (Expression | undefined)[] = [
    ...when,
    until?.condition,
    ...(changedWhen ?? []),
    ...(failedWhen ?? []),
    ...ordered,
    ...(inner.args?.expressions ?? []).flatMap(([, list]) => list),
  ]
  for (const each of written) if (each) namesIn(each, names)
  for (const each of expressions) for (const name of each?.names ?? []) names.add(name)
  for (const [key, value] of inner.args?.values ?? []) {
    const isTemplate = inner.args?.at.schema.properties?.[key]?.lockstep === 'template'
    if (!isTemplate || value.kind !== 'literal' || typeof value.value !== 'string') continue
    const { template } = compiler.files.template(value.value, inner.scope, value.node ? placeOf(value.node) : place)
    for (const name of template.names) names.add(name)
  }
  return names
}
