import { basename, dirname, resolve } from 'node:path'
import { nearest, Problem } from '../problem.ts'
import type { ValueMap } from '../resource/value.ts'
import type { Around } from './around.ts'
import { checkFacts } from './check-facts.ts'
import { checkHosts } from './check-hosts.ts'
import { Callables, type Compiler, type Registry } from './compiler.ts'
import { createEvaluator } from './create-evaluator.ts'
import type { ClearTexts } from './encrypted/clear-texts.ts'
import type { Evaluator, Runtime } from './evaluator.ts'
import { finishPlay } from './finish-play.ts'
import type { Inventory } from './inventory.ts'
import { idleDefaults } from './module-defaults.ts'
import { compilePlay, type DraftPlay } from './play.ts'
import type { BecomeMethod, Playbook } from './playbook.ts'
import { compilePlaybook } from './playbook-file.ts'
import { collecting, sortProblems, throwProblems } from './problem-list.ts'
import { Scopes, type ScopesOptions } from './scopes.ts'
import { selectByTags } from './selection.ts'
import { SourceFiles } from './source-files.ts'
import type { Draft } from './task.ts'
import { commandLineDefinitions } from './variables.ts'
import { unreadVariables } from './warnings.ts'

export interface CompileOptions {
  playbookPath: string
  inventory: Inventory
  /** A pattern of hosts; what it leaves out takes no part, and is still seen through `hostvars`. */
  limit?: string | undefined
  tags?: readonly string[]
  skipTags?: readonly string[]
  /** The variables of `-e`. */
  extraVars?: Readonly<Record<string, unknown>>
  registry: Registry
  checkMode: boolean
  /** The environment variables of the controller, for `env`. */
  environment?: Readonly<Record<string, string | undefined>>
  /** Opens encrypted files of variables; without it they are a problem. */
  clearTexts?: ClearTexts
  /** As whom plays work that do not say. */
  become?: { isOn: boolean; user?: string; method?: BecomeMethod }
}

/** A playbook that is right as far as can be told without its hosts. */
export interface Compiled {
  playbook: Playbook
  /** With what is said about hosts beside the playbook. */
  inventory: Inventory
  evaluatorFor(runtime: Runtime): Evaluator
  /** What is legal and suspicious. */
  warnings: readonly Problem[]
}

/** Compiles a playbook for an inventory; throws all that is wrong as one Problems. */
export function compile(options: CompileOptions): Compiled {
  const { playbookPath, limit, extraVars = {}, registry, checkMode } = options
  const problems: Problem[] = []
  const folder = dirname(playbookPath)
  const compiler: Compiler = {
    problems,
    warnings: [],
    callables: new Callables(registry),
    inventory: options.inventory.withVarsOf(folder, problems),
    commandLine: commandLineDefinitions(extraVars as ValueMap),
    files: new SourceFiles(folder, options.clearTexts),
    clearTexts: options.clearTexts,
    folder,
    handlers: [],
    roles: new Set(),
    inputs: [],
    broken: new Set(),
    read: new Set(),
    defaults: { given: [], taken: new Set() },
    open: [],
  }
  const limited = limit === undefined ? undefined : limitedHosts(limit, compiler)
  const become: Around['become'] = {
    isOn: options.become?.isOn ?? false,
    user: literalUser(options),
    method: options.become?.method ?? 'sudo',
  }
  const drafts = compilePlaybook(playbookPath, compiler, (node, position, folder) =>
    compilePlay(node, { playbook: basename(playbookPath), position, limited, become }, { ...compiler, folder }),
  )
  if (limited && limited.size > 0 && problems.length === 0 && drafts.every(({ hosts }) => hosts.length === 0)) {
    problems.push(new Problem({ code: 'EMPTY_LIMIT', message: `no play has a host that is in --limit '${limit}'` }))
  }
  const selected = selectByTags(drafts, options, compiler)
  const named = uniquePlays(drafts)
  const plays = named.map((draft) => finishPlay(draft, selected, compiler))
  problems.push(...checkFacts(plays))
  const shared: Omit<ScopesOptions, 'live'> = {
    inventory: compiler.inventory,
    commandLine: compiler.commandLine,
    registers: new Map([...[...compiler.broken].map((name) => [name, ''] as const), ...registersOf(drafts, selected)]),
    files: compiler.files,
    constants: { check_mode: checkMode, playbook_dir: resolve(folder), env: environmentOf(options) },
    secrets: options.clearTexts?.secrets,
  }
  const found = checkHosts(
    plays.map((play, index) => ({ play, inputs: named[index]?.inputs ?? [] })),
    shared,
    compiler,
  )
  for (const problem of found) (problem.severity === 'error' ? problems : compiler.warnings).push(problem)
  if (problems.length > 0) throwProblems(problems)
  return {
    playbook: { path: playbookPath, folder: resolve(folder), plays },
    inventory: compiler.inventory,
    evaluatorFor: (runtime) => createEvaluator(new Scopes({ ...shared, live: runtime }), compiler.files),
    warnings: sortProblems([...compiler.warnings, ...unreadVariables(plays, compiler), ...idleDefaults(compiler)]),
  }
}

function limitedHosts(limit: string, { inventory, problems, warnings }: Compiler): ReadonlySet<string> {
  const hosts = collecting(problems, () => inventory.select(limit))
  if (hosts?.length === 0)
    problems.push(
      new Problem({
        code: 'EMPTY_LIMIT',
        message: `no host of the inventory is in --limit '${limit}'`,
        hint: hintFor(limit, inventory),
      }),
    )
  else if (hosts) warnings.push(...unmatched(limit, inventory))
  return new Set(hosts)
}

/** Parts of a limit that choose no host: the others hide it. */
function unmatched(limit: string, inventory: Inventory): Problem[] {
  const parts = limit.split(',').map((part) => part.trim())
  return parts
    .filter((part) => part !== '' && !/^[!&]/.test(part) && inventory.select(part).length === 0)
    .map(
      (part) =>
        new Problem({
          code: 'UNMATCHED_LIMIT',
          message: `no host of the inventory is in '${part}' of --limit`,
          hint: hintFor(part, inventory),
          severity: 'warning',
        }),
    )
}

function hintFor(limit: string, inventory: Inventory): string | undefined {
  const near = nearest(limit, [...inventory.groups.keys(), ...inventory.hosts.keys()])
  return near ? `did you mean '${near}'?` : undefined
}

function environmentOf({ environment = {} }: CompileOptions): ValueMap {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function literalUser({ become }: CompileOptions): Around['become']['user'] {
  return become?.user === undefined ? undefined : { kind: 'literal', value: become.user, node: undefined }
}

/** Ids are made of the names of plays, which need not be unique. */
function uniquePlays(drafts: readonly DraftPlay[]): DraftPlay[] {
  const seen = new Map<string, number>()
  return drafts.map((draft) => {
    const count = (seen.get(draft.id) ?? 0) + 1
    seen.set(draft.id, count)
    if (count === 1) return draft
    const id = `${draft.id} (${count})`
    const renamed = (step: Draft): Draft => ({ ...step, id: step.id.replace(draft.id, id) })
    return { ...draft, id, steps: draft.steps.map(renamed), handlers: draft.handlers.map(renamed) }
  })
}

/** What to say about a registered name that has no value. */
function registersOf(drafts: readonly DraftPlay[], selected: (step: Draft) => boolean): ReadonlyMap<string, string> {
  const registers = new Map<string, string>()
  for (const { steps, handlers } of drafts) {
    for (const step of [...steps, ...handlers]) {
      if (step.register === undefined || (registers.has(step.register) && !selected(step))) continue
      const where = `'${step.name}' (${step.place.file}:${step.place.line})`
      const left =
        selected(step) || handlers.includes(step)
          ? `it is registered by ${where}, which has not run there by then`
          : `it is registered by ${where}, which the tags leave out`
      registers.set(step.register, left)
    }
  }
  return registers
}
