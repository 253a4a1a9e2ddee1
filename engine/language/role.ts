import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { nearest, Problem } from '../problem.ts'
import { type Around, definitionsOf } from './around.ts'
import type { Compiler } from './compiler.ts'
import { Fields } from './fields.ts'
import { readInputs } from './inputs.ts'
import { readSealedSource, readSource } from './read-source.ts'
import type { Draft } from './task.ts'
import { compileTaskFile, includeFile } from './tasks.ts'
import { type Definitions, type Level, type Lexical, NO_DEFINITIONS } from './variables.ts'
import { parseYaml } from './yaml.ts'
import { type Entry, entryOf, keyPlace, placeOf, type Span } from './yaml-node.ts'

/** A role's name and where it is asked for. */
export interface RoleCall {
  name: string
  at: Span
  /** What holds around the call, its own `vars` left out. */
  outer: Lexical
  /** The file in `tasks/` that is done in the place of main.yml. */
  tasks?: Entry | undefined
}

/** Compiles the steps of a role: a folder `roles/NAME` with tasks, handlers, defaults, vars, templates and files. */
export function compileRole(call: RoleCall, around: Around, compiler: Compiler): Draft[] {
  const { name, at, outer } = call
  const folder = findRole(call, compiler)
  if (folder === undefined) return []
  checkMeta(folder, name, compiler)
  const defaults = variablesOf(folder, 'defaults', 'role default', name, compiler)
  const variables = variablesOf(folder, 'vars', 'role', name, compiler)
  // What the call says in `vars` is inner to the role's own.
  const role: Lexical = { parent: outer, variables, defaults, folder }
  const scope = around.scope === outer ? role : { parent: role, variables: around.scope.variables }
  const inner = { ...around, scope, folder: join(folder, 'tasks'), path: `${around.path}/${name}` }
  const place = placeOf({ at })
  const inputs = readInputs(folder, { role: name, scope, place, when: around.when }, compiler)
  if (inputs) compiler.inputs.push(inputs)
  const handlers = partOf(folder, 'handlers')
  if (handlers !== undefined && !compiler.roles.has(folder)) {
    compiler.roles.add(folder)
    compiler.handlers.push(
      ...compileTaskFile(
        handlers,
        { ...inner, path: `${inner.path}/handlers`, blocks: [], handler: 'each' },
        compiler,
        place,
      ),
    )
  }
  if (call.tasks) return includeFile(call.tasks, inner, compiler)
  const tasks = partOf(folder, 'tasks')
  return tasks === undefined ? [] : compileTaskFile(tasks, inner, compiler, place)
}

function findRole({ name, at }: RoleCall, compiler: Compiler): string | undefined {
  const places = [join(compiler.folder, 'roles'), join(compiler.folder, '..', 'roles')]
  const candidates = name.includes('/') ? [join(compiler.folder, name)] : places.map((place) => join(place, name))
  const found = candidates.find((path) => existsSync(path) && statSync(path).isDirectory())
  if (found !== undefined) return found
  const known = places.flatMap((place) => (existsSync(place) ? readdirSync(place) : []))
  const near = nearest(name, known)
  compiler.problems.push(
    new Problem({
      code: 'UNKNOWN_ROLE',
      message: `there is no role '${name}'`,
      place: placeOf({ at }),
      hint: near ? `did you mean '${near}'?` : `looked for ${candidates.join(', ')}`,
    }),
  )
  return undefined
}

/** Roles that a role needs are part of what it does, so that they stand among its tasks. */
function checkMeta(folder: string, role: string, compiler: Compiler): void {
  const path = partOf(folder, 'meta')
  const node = path === undefined ? undefined : parseYaml(readSource(path), compiler.problems)
  const entry = node?.kind === 'map' ? entryOf(node, 'dependencies') : undefined
  if (entry?.value.kind !== 'list' || entry.value.items.length === 0) return
  compiler.problems.push(
    new Problem({
      code: 'WRONG_KEYWORD',
      message: `the role ${role} has dependencies, which have no effect here`,
      place: keyPlace(entry),
      hint: 'write include: { role: NAME } for each of them as the first of its tasks',
    }),
  )
}

function partOf(folder: string, part: string): string | undefined {
  return ['main.yml', 'main.yaml'].map((file) => join(folder, part, file)).find((path) => existsSync(path))
}

function variablesOf(folder: string, part: string, level: Level, owner: string, compiler: Compiler): Definitions {
  const sealed = join(folder, part, 'main.yml.age')
  const paths = [partOf(folder, part), existsSync(sealed) ? sealed : undefined].filter((path) => path !== undefined)
  const all = paths.flatMap((path) => {
    const node = parseYaml(readSealedSource(path, compiler.clearTexts), compiler.problems)
    if (!node) return []
    if (node.kind === 'map') return [...definitionsOf(node, new Fields(node, compiler.problems), level, owner)]
    compiler.problems.push(
      new Problem({ code: 'WRONG_TYPE', message: 'variables are a mapping of names to values', place: placeOf(node) }),
    )
    return []
  })
  return all.length === 0 ? NO_DEFINITIONS : new Map(all)
}
