import { Problem } from '../problem.ts'
import type { ClearTexts } from './encrypted/clear-texts.ts'
import { expandRange } from './host-range.ts'
import { type Definition, RESERVED_NAMES } from './variables.ts'
import { compileValue } from './written.ts'
import { type Entry, keyPlace, placeOf, type Span, type YamlNode } from './yaml-node.ts'

/** One owner's variables, lowest precedence first; later ones take the place of earlier ones of the same name. */
export type Layers = Definition[]

export interface GroupDraft {
  hosts: Set<string>
  children: Set<string>
  variables: Layers
}

/** Collects hosts, groups and variables from every source of an inventory. */
export class InventoryBuilder {
  readonly hosts = new Map<string, Layers>()
  readonly groups = new Map<string, GroupDraft>()
  readonly problems: Problem[]
  readonly clearTexts: ClearTexts | undefined
  /** Folders whose `group_vars` and `host_vars` are in already. */
  readonly folders = new Set<string>()

  constructor(problems: Problem[], clearTexts?: ClearTexts) {
    this.problems = problems
    this.clearTexts = clearTexts
    this.group('all')
  }

  group(name: string): GroupDraft {
    let group = this.groups.get(name)
    if (!group) {
      group = { hosts: new Set(), children: new Set(), variables: [] }
      this.groups.set(name, group)
    }
    return group
  }

  /** Adds the hosts that a name or a range stands for, and gives their names. */
  addHosts(pattern: string, group: string, at: Span): readonly string[] {
    const names = expandRange(pattern)
    if (!names) {
      this.complain(
        at,
        'HOST_RANGE',
        `'${pattern}' is no range of hosts`,
        'a range is [first:last] or [first:last:step], as in web[01:10]',
      )
      return []
    }
    for (const name of names) {
      if (!this.hosts.has(name)) this.hosts.set(name, [])
      this.group(group).hosts.add(name)
    }
    return names
  }

  /** Adds one variable to a host or a group. */
  addVariable(owner: { host: string } | { group: string }, { key, keyAt, value }: Entry): void {
    const isHost = 'host' in owner
    const layers = isHost ? this.hosts.get(owner.host) : this.group(owner.group).variables
    if (!this.#isFit(key, keyAt)) return
    layers?.push({
      name: key,
      value: compileValue(value, this.problems),
      level: isHost ? 'host' : 'group',
      owner: isHost ? owner.host : owner.group,
    })
  }

  addVariables(owner: { host: string } | { group: string }, node: YamlNode): void {
    if (node.kind === 'map') for (const entry of node.entries) this.addVariable(owner, entry)
    else if (node.kind !== 'scalar' || node.value !== null) {
      this.problems.push(
        new Problem({
          code: 'WRONG_TYPE',
          message: 'variables are a mapping of names to values',
          place: placeOf(node),
        }),
      )
    }
  }

  complain(at: Span, code: string, message: string, hint?: string): void {
    this.problems.push(new Problem({ code, message, place: placeOf({ at }), hint }))
  }

  #isFit(name: string, at: Span): boolean {
    const entry = { keyAt: at } as Entry
    const problem = variableNameProblem(name)
    if (problem) this.problems.push(new Problem({ ...problem, place: keyPlace(entry) }))
    return problem === undefined
  }
}

/** What is wrong with a name that a variable is given. */
export function variableNameProblem(name: string): { code: string; message: string; hint?: string } | undefined {
  const ours = ANSIBLE_NAMES[name]
  if (ours !== undefined) return { code: 'ANSIBLE_NAME', message: `'${name}' is Ansible's name`, hint: ours }
  if (name.startsWith('ansible_')) {
    return {
      code: 'ANSIBLE_NAME',
      message: `'${name}' is Ansible's name, which has no meaning here`,
      hint: 'docs/language.md lists the names that have',
    }
  }
  if (RESERVED_NAMES.has(name))
    return { code: 'RESERVED_NAME', message: `'${name}' has a meaning of its own and cannot be a variable` }
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    return {
      code: 'VARIABLE_NAME',
      message: `'${name}' is no name of a variable`,
      hint: 'a name is made of letters, digits and underscores, and begins with no digit',
    }
  }
  return undefined
}

const ANSIBLE_NAMES: Readonly<Record<string, string>> = {
  ansible_host: "write 'address'",
  ansible_ssh_host: "write 'address'",
  ansible_port: "write 'port'",
  ansible_ssh_port: "write 'port'",
  ansible_user: "write 'remote_user'",
  ansible_ssh_user: "write 'remote_user'",
  ansible_ssh_private_key_file: "write 'private_key_file'",
  ansible_private_key_file: "write 'private_key_file'",
  ansible_connection: "write 'connection'",
  ansible_become: 'write become: true in the playbook',
  ansible_become_user: 'write become_user in the playbook',
  ansible_become_method: 'write become_method in the playbook',
  ansible_password: 'passwords are asked for: --ask-pass',
  ansible_ssh_pass: 'passwords are asked for: --ask-pass',
  ansible_become_password: 'passwords are asked for: --ask-become-pass',
  ansible_become_pass: 'passwords are asked for: --ask-become-pass',
  ansible_ssh_common_args: "write 'jump', or what ssh should know into ~/.ssh/config",
  ansible_ssh_extra_args: 'write what ssh should know into ~/.ssh/config',
  ansible_python_interpreter: 'hosts need no Python; leave it out',
}
