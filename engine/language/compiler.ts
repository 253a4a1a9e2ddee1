import { nearest, type Problem } from '../problem.ts'
import type { AnyAction } from '../resource/action.ts'
import type { AnyModule } from '../resource/module.ts'
import type { ArgumentSchema } from './argument-schema.ts'
import type { ClearTexts } from './encrypted/clear-texts.ts'
import type { RoleInputs } from './inputs.ts'
import type { Inventory } from './inventory.ts'
import { ANSIBLE_KEYWORDS, ANSIBLE_MODULE_HINTS, ANSIBLE_MODULES } from './keywords.ts'
import type { Callable } from './playbook.ts'
import type { SourceFiles } from './source-files.ts'
import type { Draft } from './task.ts'
import type { Definitions } from './variables.ts'
import type { Entry } from './yaml-node.ts'

/** All modules and actions that a playbook may call. */
export interface Registry {
  modules: readonly AnyModule[]
  actions: readonly AnyAction[]
}

/** What every part of the compilation shares. */
export interface Compiler {
  problems: Problem[]
  warnings: Problem[]
  callables: Callables
  inventory: Inventory
  commandLine: Definitions
  files: SourceFiles
  /** Opens encrypted files of variables. */
  clearTexts: ClearTexts | undefined
  /** The playbook's folder, as it was named. */
  folder: string
  /** The handlers of the roles of the play, and the folders of those whose handlers are among them. */
  handlers: Draft[]
  roles: Set<string>
  /** What the roles of the play want their variables to be. */
  inputs: RoleInputs[]
  /** Names of handlers, topics and registered values of tasks that could not be read, so that nobody asks for them in vain. */
  broken: Set<string>
  /** Variables that plays read themselves, to know their hosts and files. */
  read: Set<string>
  /** Arguments of `module_defaults`, and those of them that some task takes. */
  defaults: { given: { module: string; entry: Entry }[]; taken: Set<Entry> }
  /** The files that are being read, one including the next, so that a circle is found. */
  open: readonly string[]
}

/** The modules and actions by name. */
export class Callables {
  readonly #byName = new Map<string, Callable>()

  constructor({ modules, actions }: Registry) {
    for (const module of modules) this.#byName.set(module.name, { kind: 'module', module })
    for (const action of actions) this.#byName.set(action.name, { kind: 'action', action })
  }

  get(name: string): Callable | undefined {
    return this.#byName.get(name)
  }

  /** What to say about a key that is neither keyword nor module. */
  hint(name: string, keywords: Iterable<string>): string | undefined {
    const bare = name.replace(/^(ansible\.(builtin|posix|legacy)|community\.\w+)\./, '')
    const keyword = Object.hasOwn(ANSIBLE_KEYWORDS, bare) ? ANSIBLE_KEYWORDS[bare] : undefined
    if (keyword !== undefined) return keyword
    const ours = (Object.hasOwn(ANSIBLE_MODULES, bare) ? ANSIBLE_MODULES[bare] : undefined) ?? bare.replaceAll('_', '-')
    if (this.#byName.has(ours)) return `write ${ours}`
    if (Object.hasOwn(ANSIBLE_MODULE_HINTS, bare)) return ANSIBLE_MODULE_HINTS[bare]
    if (bare.startsWith('with_')) return 'write loop, with an expression where it is no plain list'
    const near = nearest(name, [...keywords, ...this.#byName.keys()])
    return near === undefined ? undefined : `did you mean '${near}'?`
  }
}

/** The schema of a module's or action's arguments. */
export function schemaOf(call: Callable): ArgumentSchema {
  return (call.kind === 'module' ? call.module.args : call.action.args) as ArgumentSchema
}

export function nameOf(call: Callable): string {
  return call.kind === 'module' ? call.module.name : call.action.name
}
