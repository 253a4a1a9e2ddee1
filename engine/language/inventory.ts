import { type Place, Problem } from '../problem.ts'
import { Unknown } from '../resource/unknown.ts'
import type { ValueMap } from '../resource/value.ts'
import type { ClearTexts } from './encrypted/clear-texts.ts'
import { selectHosts } from './host-pattern.ts'
import { InventoryBuilder } from './inventory-builder.ts'
import { readInventorySource } from './inventory-sources.ts'
import { throwProblems } from './problem-list.ts'
import { type HostSource, Scopes } from './scopes.ts'
import { commandLineDefinitions, type Definition, type Definitions, NO_DEFINITIONS } from './variables.ts'
import { readVarsFolders } from './vars-folders.ts'
import { lazyMap } from './view.ts'
import { literal } from './written.ts'

export interface InventoryOptions {
  /** The variables of `-e`. */
  extraVars?: Readonly<Record<string, unknown>>
  /** Opens encrypted files of variables; without it they are a problem. */
  clearTexts?: ClearTexts
}

/** Reads every `-i`; throws Problems. */
export function loadInventory(
  sources: readonly string[],
  { extraVars = {}, clearTexts }: InventoryOptions = {},
): Inventory {
  const problems: Problem[] = []
  const builder = new InventoryBuilder(problems, clearTexts)
  for (const source of sources) {
    try {
      readInventorySource(source, builder)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problems.push(error)
    }
  }
  const inventory = problems.length === 0 ? new Inventory(builder, extraVars as ValueMap) : undefined
  if (inventory) return inventory
  return throwProblems(problems)
}

/** Hosts, groups, and what is said about them. */
export class Inventory implements HostSource {
  /** In the order in which they were first named, with the names of their groups, parents first. */
  readonly hosts: ReadonlyMap<string, readonly string[]>
  /** Names of all hosts in a group and its children, in inventory order. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  readonly #builder: InventoryBuilder
  readonly #extraVars: ValueMap
  readonly #own = new Map<string, Definitions>()
  readonly #shared = new WeakMap<readonly string[], Definitions>()
  readonly #sharedByNames = new Map<string, Definitions>()
  #scopes: Scopes | undefined

  constructor(builder: InventoryBuilder, extraVars: ValueMap) {
    this.#builder = builder
    this.#extraVars = extraVars
    const { hosts, groups } = arrange(builder)
    this.hosts = hosts
    this.groups = groups
  }

  /** The same hosts, with what `group_vars` and `host_vars` beside a playbook say about them on top. */
  withVarsOf(folder: string, problems: Problem[]): Inventory {
    const builder = new InventoryBuilder(problems, this.#builder.clearTexts)
    for (const [name, layers] of this.#builder.hosts) builder.hosts.set(name, [...layers])
    for (const [name, group] of this.#builder.groups)
      builder.groups.set(name, { ...group, variables: [...group.variables] })
    for (const known of this.#builder.folders) builder.folders.add(known)
    readVarsFolders(folder, builder)
    return new Inventory(builder, this.#extraVars)
  }

  /** The hosts that a pattern chooses; throws a Problem when it names something that is not there. */
  select(pattern: string, place?: Place): string[] {
    return selectHosts(pattern, this, place)
  }

  /** What inventory and command line say about a host; each value is worked out when it is read, and may throw a Problem. */
  variables(host: string): ValueMap {
    this.#scopes ??= new Scopes({
      inventory: this,
      commandLine: commandLineDefinitions(this.#extraVars),
      live: {
        registered: () => undefined,
        facts: () => new Unknown('facts, which are known in a run'),
        now: () => new Unknown('the time of a run'),
      },
      registers: new Map(),
      constants: {},
      secrets: this.#builder.clearTexts?.secrets,
    })
    const scope = this.#scopes.of(host)
    return lazyMap(new Set([...this.variableNames(host), ...Object.keys(this.#extraVars)]), (name) => scope.get(name))
  }

  groupsOf(host: string): readonly string[] {
    return this.hosts.get(host) ?? ONLY_ALL
  }

  /** Groups directly below a group. */
  childrenOf(group: string): readonly string[] {
    return [...(this.#builder.groups.get(group)?.children ?? [])]
  }

  definition(host: string, name: string): Definition | undefined {
    return this.#hostDefinitions(host).get(name) ?? this.#groupDefinitions(host).get(name)
  }

  /** Every definition of a variable for a host, the one that wins last. */
  definitions(host: string, name: string): Definition[] {
    const layers = [
      ...this.groupsOf(host).flatMap((group) => this.#builder.groups.get(group)?.variables ?? []),
      ...(this.#builder.hosts.get(host) ?? []),
    ]
    return layers.filter((definition) => definition.name === name)
  }

  variableNames(host: string): Iterable<string> {
    return new Set([...this.#hostDefinitions(host).keys(), ...this.#groupDefinitions(host).keys()])
  }

  #hostDefinitions(host: string): Definitions {
    const layers = this.#builder.hosts.get(host)
    if (!layers) return host === 'localhost' ? LOCALHOST : NO_DEFINITIONS
    let own = this.#own.get(host)
    if (!own) {
      own = byName(layers)
      this.#own.set(host, own)
    }
    return own
  }

  /** Hosts in the same groups share what those say. */
  #groupDefinitions(host: string): Definitions {
    const groups = this.groupsOf(host)
    let shared = this.#shared.get(groups)
    if (!shared) {
      const key = groups.join('\n')
      shared =
        this.#sharedByNames.get(key) ??
        byName(groups.flatMap((group) => this.#builder.groups.get(group)?.variables ?? []))
      this.#sharedByNames.set(key, shared)
      this.#shared.set(groups, shared)
    }
    return shared
  }
}

const ONLY_ALL: readonly string[] = ['all']

/** The machine that Lockstep runs on, when no inventory says otherwise. */
const LOCALHOST: Definitions = new Map([
  ['connection', { name: 'connection', value: literal('local'), level: 'host', owner: 'localhost' }],
])

function byName(layers: readonly Definition[]): Definitions {
  return layers.length === 0 ? NO_DEFINITIONS : new Map(layers.map((definition) => [definition.name, definition]))
}

function arrange(builder: InventoryBuilder): Pick<Inventory, 'hosts' | 'groups'> {
  const depths = depthsOf(builder)
  const order = [...builder.groups.keys()].sort(
    (a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0) || (a < b ? -1 : 1),
  )
  const memberships = new Map([...builder.hosts.keys()].map((host) => [host, [] as string[]]))
  const positions = new Map([...builder.hosts.keys()].map((host, index) => [host, index]))
  const groups = new Map<string, readonly string[]>()
  const members = new Map<string, ReadonlySet<string>>([['all', new Set(builder.hosts.keys())]])
  for (const name of order) {
    const inside = [...membersOf(name, builder, members)].sort(
      (a, b) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0),
    )
    groups.set(name, inside)
    for (const host of inside) memberships.get(host)?.push(name)
  }
  return { hosts: memberships, groups }
}

function membersOf(
  name: string,
  builder: InventoryBuilder,
  known: Map<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const found = known.get(name)
  if (found) return found
  const group = builder.groups.get(name)
  const inside = new Set(group?.hosts)
  for (const child of group?.children ?? []) for (const host of membersOf(child, builder, known)) inside.add(host)
  known.set(name, inside)
  return inside
}

/** How far below `all` a group is, by its longest way; a group that is its own ancestor is a problem. */
function depthsOf(builder: InventoryBuilder): ReadonlyMap<string, number> {
  const depths = new Map<string, number>([['all', 0]])
  const visit = (name: string, depth: number, path: readonly string[]) => {
    if (path.includes(name)) {
      throw new Problem({
        code: 'GROUP_CIRCLE',
        message: `the group '${name}' is its own child: ${[...path, name].join(' → ')}`,
      })
    }
    if (depth > 0 && (depths.get(name) ?? -1) >= depth) return
    depths.set(name, depth)
    for (const child of builder.groups.get(name)?.children ?? []) visit(child, depth + 1, [...path, name])
  }
  for (const name of builder.groups.keys()) visit(name, name === 'all' ? 0 : 1, [])
  return depths
}
