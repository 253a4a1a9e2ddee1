import { Predictions } from '../../engine/execution/prediction.ts'
import type { AnyAction, Decision } from '../../engine/resource/action.ts'
import type { Change } from '../../engine/resource/change.ts'
import type { Command } from '../../engine/resource/command.ts'
import { type AnyModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import {
  ABSENT,
  type AccountState,
  type AnyRead,
  type FileState,
  type GroupState,
  read as look,
  NO_CONNECTION,
  type PackageState,
  type RawState,
  type UnitState,
} from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import type { ExampleTask } from './examples.ts'

/** What became of a task: a plan, a decision, a failure in words, or nothing since something is not known yet. */
export type Decided =
  | { kind: 'plan'; plan: Plan<Change> }
  | { kind: 'decision'; decision: Decision }
  | { kind: 'failure'; message: string }
  | { kind: 'unknown' }

/** A host on which almost everything is absent, and on which every plan comes true as predicted. */
export class FreshHost {
  readonly #predictions = new Predictions()

  decide({ call, args }: ExampleTask): Decided {
    const results = this.#gather(call, args)
    if (results === undefined) return { kind: 'unknown' }
    deepFreeze(results)
    try {
      if (!('plan' in call)) return { kind: 'decision', decision: call.decide(args, results) }
      const have = call.state ? call.state(results, args) : results
      return { kind: 'plan', plan: call.plan(args, deepFreeze(have)) }
    } catch (error) {
      if (error instanceof TaskFailure) return { kind: 'failure', message: error.message }
      throw error
    }
  }

  /** Lets what was decided come true. */
  accept(decided: Decided): void {
    if (decided.kind !== 'plan' || decided.plan.changes.length === 0) return
    for (const prediction of decided.plan.after ?? []) {
      this.#predictions.add(prediction, this.#predictions.answer(prediction.read, { state: bare(prediction.read) }))
    }
  }

  /** The looks of a task that are commands of their own. */
  looks({ call, args }: ExampleTask): Command[] {
    return readsOf(call, args).flatMap((read) => (read.kind === 'raw' ? [read.command] : []))
  }

  /** What a task runs once it is decided. */
  commands({ call, args }: ExampleTask, decided: Decided): Command[] {
    if ('plan' in call) {
      const changes = decided.kind === 'plan' ? decided.plan.changes : []
      return changes.flatMap((change) => [call.apply[change.kind]?.(change, args) ?? []].flat())
    }
    return [call.run?.(args) ?? []].flat()
  }

  #gather(call: AnyModule | AnyAction, args: object): Record<string, unknown> | undefined {
    const answers = new Map<string, unknown>()
    for (const read of readsOf(call, args)) {
      // No link is on this host, so a folder is what it is.
      const plain = read.kind === 'file' && read.follows ? look.status(read.path) : read
      const answer = this.#predictions.answer(plain, { state: bare(read) })
      if (answer === undefined || answer instanceof Unknown || 'denied' in answer) return undefined
      answers.set(read.key, answer.state)
    }
    const reads: Record<string, AnyRead | readonly AnyRead[]> = call.reads?.(args) ?? {}
    return Object.fromEntries(
      Object.entries(reads).map(([name, read]) => [
        name,
        'key' in read ? answers.get(read.key) : read.map(({ key }) => answers.get(key)),
      ]),
    )
  }
}

function readsOf(call: AnyModule | AnyAction, args: object): AnyRead[] {
  return Object.values(call.reads?.(args) ?? {}).flat() as AnyRead[]
}

const FOLDERS = ['/', '/etc', '/home', '/opt', '/root', '/srv', '/tmp', '/usr', '/var']
const BELOW =
  /^\/(etc|usr|var)\/(local|lib|bin|sbin|ssh|systemd|sudoers\.d|sysctl\.d|ufw|cron\.d|local\/bin|systemd\/system)$/

/** What a read sees on a host that has folders and the accounts of every system, and nothing else. */
function bare(read: AnyRead): unknown {
  switch (read.kind) {
    case 'file': {
      const folder: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 4096 }
      return FOLDERS.includes(read.path) || BELOW.test(read.path) ? folder : ABSENT
    }
    case 'tree':
      return { entries: [] }
    case 'unit': {
      const unit: UnitState = {
        ...{ load: 'not-found', active: 'inactive', sub: 'dead', enabled: '', needsReload: false, fragment: '' },
        ...{ dropIns: [], mainPid: 0, activeSince: 0 },
      }
      return unit
    }
    case 'account': {
      const present = ['root', 'daemon', 'nobody'].includes(read.name)
      const account: AccountState = {
        ...{ present, uid: present ? 1 : -1, gid: present ? 1 : -1, group: present ? read.name : '', comment: '' },
        ...{
          home: present ? '/root' : '',
          shell: present ? '/bin/sh' : '',
          groups: [],
          passwordHash: present ? '*' : '',
        },
      }
      return account
    }
    case 'group': {
      const present = ['root', 'daemon', 'adm', 'sudo'].includes(read.name)
      const group: GroupState = { present, gid: present ? 1 : -1, members: [] }
      return group
    }
    case 'package': {
      const state: PackageState = { installed: false, version: '', held: false, candidate: '1.0' }
      return state
    }
    case 'connection':
      return NO_CONNECTION
    case 'raw': {
      const state: RawState = { code: 1, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
      return state
    }
  }
}

/** Makes a change of anything inside throw. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
