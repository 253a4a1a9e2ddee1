import { nearest, Problem } from '../problem.ts'
import type { Unknown } from '../resource/unknown.ts'
import type { Value, ValueMap } from '../resource/value.ts'
import type { Names } from './names.ts'
import { noteVolatile, observe } from './observation.ts'
import {
  type Definition,
  type Definitions,
  definedNames,
  definitionPlace,
  findDefault,
  findDefinition,
  type Lexical,
} from './variables.ts'
import { lazyMap } from './view.ts'
import { evaluateWritten } from './written.ts'

/** What is known of hosts and groups. */
export interface HostSource {
  readonly hosts: ReadonlyMap<string, unknown>
  /** Names of hosts, by group. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  groupsOf(host: string): readonly string[]
  definition(host: string, name: string): Definition | undefined
  variableNames(host: string): Iterable<string>
}

/** What changes while a playbook runs. */
export interface LiveValues {
  registered(host: string, name: string): Value | undefined
  facts(host: string): ValueMap | Unknown
}

export interface ScopesOptions {
  inventory: HostSource
  /** The variables of `-e`. */
  commandLine: Definitions
  live: LiveValues
  /** Names that some task registers, with what to say when none has yet. */
  registers: ReadonlyMap<string, string>
  constants: ValueMap
}

/** Names that the engine gives a meaning to; nothing else may be called so. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(
  'inventory_hostname groups group_names hostvars facts play_hosts playbook_dir check_mode env this true false null cel optional'.split(
    ' ',
  ),
)

/** Every scope of a run: one for each host and place of the playbook, made when first asked for. */
export class Scopes {
  readonly options: ScopesOptions
  /** Counts the questions asked; within one of them, nothing is registered. */
  moment = 0
  readonly #scopes = new Map<Lexical | undefined, Map<string, HostScope>>()
  #hostvars: ValueMap | undefined
  #groups: ValueMap | undefined

  constructor(options: ScopesOptions) {
    this.options = options
  }

  /** Without a place of the playbook: what the inventory and the command line say. */
  of(host: string, place?: Lexical, playHosts: readonly string[] = []): HostScope {
    let hosts = this.#scopes.get(place)
    if (!hosts) {
      hosts = new Map()
      this.#scopes.set(place, hosts)
    }
    let scope = hosts.get(host)
    if (!scope) {
      scope = new HostScope(this, host, place, playHosts)
      hosts.set(host, scope)
    }
    return scope
  }

  get groups(): ValueMap {
    this.#groups ??= Object.fromEntries(this.options.inventory.groups)
    return this.#groups
  }

  /** Variables, registered values and facts of every host of the inventory, worked out when they are read. */
  get hostvars(): ValueMap {
    const { inventory, registers, commandLine } = this.options
    const known = new Map<string, ValueMap>()
    const ofHost = (host: string) => {
      const found = known.get(host)
      if (found) return found
      const scope = this.of(host)
      const names = new Set([...inventory.variableNames(host), ...commandLine.keys(), ...registers.keys()])
      const map = lazyMap([...names, 'facts', 'inventory_hostname', 'group_names'], (name) => scope.get(name))
      known.set(host, map)
      return map
    }
    this.#hostvars ??= lazyMap(inventory.hosts.keys(), ofHost)
    return this.#hostvars
  }
}

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

  hint(name: string): string | undefined {
    const { registers, inventory, commandLine } = this.#scopes.options
    const registered = registers.get(name)
    if (registered !== undefined) return registered
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

  hint(name: string): string | undefined {
    return this.#base.hint(name)
  }
}
