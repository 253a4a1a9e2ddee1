import { type Expression, expressionOf } from './expression.ts'
import type { Fields } from './fields.ts'
import { variableNameProblem } from './inventory-builder.ts'
import type { BecomeMethod, BlockPath, SectionName } from './playbook.ts'
import type { Definition, Definitions, Level, Lexical } from './variables.ts'
import { compileValue, type Written } from './written.ts'
import { type Entry, keyPlace, type MapNode, placeOf } from './yaml-node.ts'

/** What a play, a role, a block or an include hands down to the tasks inside it. */
export interface Around {
  scope: Lexical
  /** Where relative paths of includes lead from. */
  folder: string
  /** Names what is being compiled, as a part of the ids of its tasks. */
  path: string
  section: SectionName
  /** Among handlers: whether each task is one, or part of the one that is named. */
  handler: undefined | 'each' | { name: string; listen: readonly string[] }
  blocks: readonly BlockPath[]
  when: readonly Expression[]
  tags: readonly string[]
  notify: readonly { name: string; entry: Entry }[]
  environment: readonly Written[]
  moduleDefaults: ReadonlyMap<string, readonly Entry[]>
  become: { isOn: boolean; user: Written | undefined; method: BecomeMethod }
  delegateTo: Written | undefined
  runOnce: boolean
  checkMode: boolean | undefined
  diff: boolean | undefined
  noLog: boolean
  ignoreErrors: boolean
  ignoreUnreachable: boolean
  anyErrorsFatal: boolean
  throttle: number | undefined
  timeoutMs: number
}

/** What a task may take when nothing around it says how long. */
export const DEFAULT_TIMEOUT_MS = 10 * 60_000

/** The surroundings inside of something that has these keywords. */
export function inside(around: Around, fields: Fields, level: Level, owner: string): Around {
  const environment = fields.map('environment')
  const delegateTo = fields.value('delegate_to')
  const timeout = fields.number('timeout', 1)
  return {
    ...around,
    scope: withVariables(around.scope, fields, level, owner),
    when: [...around.when, ...conditions(fields, 'when')],
    tags: [...new Set([...around.tags, ...tagsOf(fields)])],
    notify: [...around.notify, ...notified(fields)],
    environment: environment ? [...around.environment, compileValue(environment, fields.problems)] : around.environment,
    moduleDefaults: moduleDefaultsOf(fields, around.moduleDefaults),
    become: becomeOf(fields, around.become),
    delegateTo: delegateTo ? compileValue(delegateTo, fields.problems) : around.delegateTo,
    runOnce: fields.truth('run_once') ?? around.runOnce,
    checkMode: fields.truth('check_mode') ?? around.checkMode,
    diff: fields.truth('diff') ?? around.diff,
    noLog: fields.truth('no_log') ?? around.noLog,
    ignoreErrors: fields.truth('ignore_errors') ?? around.ignoreErrors,
    ignoreUnreachable: fields.truth('ignore_unreachable') ?? around.ignoreUnreachable,
    anyErrorsFatal: fields.truth('any_errors_fatal') ?? around.anyErrorsFatal,
    throttle: fields.number('throttle', 1) ?? around.throttle,
    timeoutMs: timeout === undefined ? around.timeoutMs : timeout * 1000,
  }
}

/** A list of expressions, or one. */
export function conditions(fields: Fields, name: string): Expression[] {
  return fields.scalars(name).map((node) => expressionOf(node, fields.problems))
}

/** The definitions of a mapping of variables. */
export function definitionsOf(node: MapNode, fields: Fields, level: Level, owner: string): Definitions {
  const definitions = new Map<string, Definition>()
  for (const entry of node.entries) {
    const { key: name, value } = entry
    const problem = variableNameProblem(name)
    if (problem) fields.complain(problem.code, problem.message, keyPlace(entry), problem.hint)
    definitions.set(name, { name, value: compileValue(value, fields.problems), level, owner })
  }
  return definitions
}

/** Adds a level of variables, when there are any. */
export function withDefinitions(scope: Lexical, variables: Definitions): Lexical {
  return variables.size === 0 ? scope : { parent: scope, variables }
}

function withVariables(scope: Lexical, fields: Fields, level: Level, owner: string): Lexical {
  const node = fields.map('vars')
  return node ? withDefinitions(scope, definitionsOf(node, fields, level, owner)) : scope
}

function tagsOf(fields: Fields): string[] {
  return fields.scalars('tags').flatMap(({ text }) =>
    text
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
  )
}

function notified(fields: Fields): Around['notify'] {
  return fields
    .scalars('notify')
    .map((node) => ({ name: node.text, entry: { key: 'notify', keyAt: node.at, value: node } }))
}

function becomeOf(fields: Fields, outer: Around['become']): Around['become'] {
  const user = fields.value('become_user')
  const method = fields.choice('become_method', ['sudo', 'su', 'doas'])
  return {
    isOn: fields.truth('become') ?? outer.isOn,
    user: user ? compileValue(user, fields.problems) : outer.user,
    method: method ?? outer.method,
  }
}

function moduleDefaultsOf(fields: Fields, outer: Around['moduleDefaults']): Around['moduleDefaults'] {
  const node = fields.map('module_defaults')
  if (!node) return outer
  const defaults = new Map(outer)
  for (const { key, value } of node.entries) {
    if (value.kind === 'map')
      defaults.set(key, [
        ...value.entries,
        ...(outer.get(key) ?? []).filter((entry) => !value.entries.some((own) => own.key === entry.key)),
      ])
    else fields.complain('WRONG_TYPE', `the defaults of ${key} are a mapping of arguments`, placeOf(value))
  }
  return defaults
}
