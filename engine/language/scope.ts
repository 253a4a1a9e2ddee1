import { nearest, Problem } from '../problem.ts'
import type { KnownSecrets } from '../resource/known-secrets.ts'
import type { Value } from '../resource/value.ts'
import { hintForAnsibleName } from './ansible-names.ts'
import { FunctionError } from './functions/define.ts'
import type { Names } from './names.ts'
import { noteVolatile, observe } from './observation.ts'
import type { Scopes } from './scopes.ts'
import {
  type Definition,
  definedNames,
  definitionPlace,
  findDefault,
  findDefinition,
  type Lexical,
  RESERVED_NAMES,
} from './variables.ts'
import { evaluateWritten } from './written.ts'

/** What can be named for one host at one place of the playbook. */
export class HostScope implements Names {
  readonly host: string
  readonly #scopes: Scopes
  readonly #place: Lexical | undefined
  readonly #playHosts: readonly string[]
  /** Values that will be the same at every asking. */
  readonly #settled = new Map<string, Value>()
  /** Values that hold until something is registered or gathered. */
  readonly #passing = new Map<string, Value>()
  #passingSince = -1
  readonly #open: string[] = []

  constructor(scopes: Scopes, host: string, place: Lexical | undefined, playHosts: readonly string[]) {
    this.host = host
    this.#scopes = scopes
    this.#place = place
    this.#playHosts = playHosts
  }

  get(name: string): Value | undefined {
    return this.lookUp(name, this)
  }

  /** The value of a name; a variable that is a template reads `names` in turn. */
  lookUp(name: string, names: Names): Value | undefined {
    const settled = this.#settled.get(name)
    if (settled !== undefined) return settled
    if (names === this) {
      const passing = this.#passingValue(name)
      if (passing !== undefined) return passing
    }
    if (RESERVED_NAMES.has(name)) return this.#reserved(name)
    const definition = this.definition(name)
    if (definition) return this.#valueOf(definition, names)
    if (!this.#scopes.options.registers.has(name)) return undefined
    noteVolatile()
    return this.#scopes.options.live.registered(this.host, name)
  }

  /** The definition that wins here. */
  definition(name: string): Definition | undefined {
    const { commandLine, inventory } = this.#scopes.options
    return (
      commandLine.get(name) ??
      findDefinition(this.#place, name) ??
      inventory.definition(this.host, name) ??
      findDefault(this.#place, name)
    )
  }

  get secrets(): KnownSecrets | undefined {
    return this.#scopes.options.secrets
  }

  hint(name: string): string | undefined {
    const { registers, inventory, commandLine } = this.#scopes.options
    const registered = registers.get(name)
    if (registered !== undefined) return registered
    const ansible = hintForAnsibleName(name)
    if (ansible !== undefined) return ansible
    const known = [
      ...definedNames(this.#place),
      ...inventory.variableNames(this.host),
      ...commandLine.keys(),
      ...registers.keys(),
      ...RESERVED_NAMES,
    ]
    const near = nearest(name, known)
    return near === undefined ? undefined : `did you mean '${near}'?`
  }

  file(path: string): string {
    const { files } = this.#scopes.options
    if (!files) throw new FunctionError('file is read only in a playbook')
    return files.text(path, this.#place)
  }

  #passingValue(name: string): Value | undefined {
    const { moment } = this.#scopes
    if (this.#passingSince !== moment) {
      this.#passing.clear()
      this.#passingSince = moment
    }
    const found = this.#passing.get(name)
    if (found !== undefined) noteVolatile()
    return found
  }

  #reserved(name: string): Value | undefined {
    const { inventory, live, constants } = this.#scopes.options
    switch (name) {
      case 'inventory_hostname':
        return this.host
      case 'groups':
        return this.#scopes.groups
      case 'group_names':
        return inventory.groupsOf(this.host).filter((group) => group !== 'all')
      case 'hostvars':
        return this.#scopes.hostvars
      case 'play_hosts':
        return this.#playHosts
      case 'facts':
        noteVolatile()
        return live.facts(this.host)
      case 'now':
        noteVolatile()
        return live.now()
      default:
        return constants[name]
    }
  }

  #valueOf({ name, value, ...definition }: Definition, names: Names): Value {
    if (value.kind === 'literal') return value.value
    if (this.#open.includes(name)) {
      const circle = [...this.#open.slice(this.#open.indexOf(name)), name].join(' → ')
      throw new Problem({
        code: 'VARIABLE_CIRCLE',
        message: `the variable '${name}' needs its own value: ${circle}`,
        place: definitionPlace({ name, value, ...definition }),
      })
    }
    this.#open.push(name)
    try {
      return observe((observation) => {
        const found = evaluateWritten(value, names)
        if (!observation.volatile) this.#settled.set(name, found)
        else if (names === this) this.#passing.set(name, found)
        return found
      })
    } finally {
      this.#open.pop()
    }
  }
}

/** A scope with more names in front, such as a loop's item. */
export class ExtendedScope implements Names {
  readonly #base: HostScope
  readonly #more: ReadonlyMap<string, Value>

  constructor(base: HostScope, more: ReadonlyMap<string, Value>) {
    this.#base = base
    this.#more = more
  }

  get(name: string): Value | undefined {
    const own = this.#more.get(name)
    if (own === undefined) return this.#base.lookUp(name, this)
    noteVolatile()
    return own
  }

  get secrets(): KnownSecrets | undefined {
    return this.#base.secrets
  }

  hint(name: string): string | undefined {
    return this.#base.hint(name)
  }

  file(path: string): string {
    return this.#base.file(path)
  }
}
