import type { KnownSecrets } from '../resource/known-secrets.ts'
import type { Unknown } from '../resource/unknown.ts'
import type { Value, ValueMap } from '../resource/value.ts'
import { HostScope } from './scope.ts'
import type { SourceFiles } from './source-files.ts'
import type { Definition, Definitions, Lexical } from './variables.ts'
import { lazyMap } from './view.ts'

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
  /** When the run began, in ISO 8601. */
  now(): string | Unknown
}

export interface ScopesOptions {
  inventory: HostSource
  /** The variables of `-e`. */
  commandLine: Definitions
  live: LiveValues
  /** Names that some task registers, with what to say when none has yet. */
  registers: ReadonlyMap<string, string>
  constants: ValueMap
  /** Absent where no playbook is at hand. */
  files?: SourceFiles
  /** Where it is noted what is made of secrets. */
  secrets?: KnownSecrets | undefined
}

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
