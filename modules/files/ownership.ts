import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { type Command, octal, sh } from '../../engine/resource/command.ts'
import { modeOf } from '../../engine/resource/mode.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import { type AccountState, type FileState, type GroupState, read } from '../../engine/resource/read.ts'
import { groundOf } from './folders.ts'

/** Arguments of everything that puts a file on a host. */
export const ownershipArgs = {
  owner: Type.Optional(
    Arg.account({
      description: 'Account that owns it, by name; when left out it stays as it is, and is root for what is new.',
    }),
  ),
  group: Type.Optional(
    Arg.account({ description: 'Group that it belongs to, by name; when left out it stays as it is.' }),
  ),
  mode: Type.Optional(
    Arg.mode({
      description:
        'Permission bits in quotes, as in "0644", or symbolic as in u=rwX,go=rX; when left out they stay as they are.',
    }),
  ),
}

/** What a task says about owner and mode. */
export interface Ownership {
  owner?: string
  group?: string
  mode?: string
}

/** Owner and mode of a path, as it has them or shall have them. */
export type Status = Pick<FileState, 'mode' | 'owner' | 'group'>

/** What came back for `ownershipReads`. */
export interface Accounts {
  accounts: readonly AccountState[]
  groups: readonly GroupState[]
}

export type OwnershipChange =
  | (Change<'owner', string> & { path: string; special: number | undefined })
  | (Change<'mode', string> & { path: string })

/** The accounts that must be there before anything can be given to them. */
export function ownershipReads({ owner, group }: Ownership) {
  return {
    accounts: owner === undefined || owner === 'root' ? [] : [read.account(owner)],
    groups: group === undefined || group === 'root' ? [] : [read.group(group)],
  }
}

/** Owner and mode that something there shall have; fails when it is to be given to nobody. */
export function wantedStatus(want: Ownership, have: FileState, known: Accounts): Status {
  const owner = want.owner ?? have.owner
  const group = want.group ?? have.group
  if (owner !== have.owner || group !== have.group) requireAccounts(want, known)
  const current = { mode: have.mode, directory: have.type === 'directory' }
  return { mode: want.mode === undefined ? have.mode : modeOf(want.mode, current), owner, group }
}

/** Owner and mode that something new will have in its folder; `mode` is what it is made with unless the task says. */
export function newStatus(
  want: Ownership,
  parent: FileState,
  known: Accounts,
  made: { mode: number; directory?: boolean },
): Status {
  requireAccounts(want, known)
  // In a setgid folder everything new gets the folder's group, and a new folder the bit as well.
  const ground = groundOf(parent)
  const inherits = ground.type === 'directory' && (ground.mode & 0o2000) !== 0
  const mode = made.mode | (inherits && made.directory ? 0o2000 : 0)
  return {
    mode: want.mode === undefined ? mode : modeOf(want.mode, { ...made, mode }),
    owner: want.owner ?? 'root',
    group: want.group ?? (inherits ? ground.group : 'root'),
  }
}

/** The changes from one owner and mode to another. */
export function ownershipChanges(path: string, have: FileState, want: Status): OwnershipChange[] {
  const changes: OwnershipChange[] = []
  const from = `${have.owner}:${have.group}`
  const to = `${want.owner}:${want.group}`
  // The kernel takes setuid and setgid from a file that gets another owner, so they are given back.
  const special = have.type === 'file' && have.mode & 0o6000 ? have.mode : undefined
  if (from !== to) changes.push({ kind: 'owner', what: `owner of ${path}`, from, to, path, special })
  if (have.mode !== want.mode && have.type !== 'link') {
    changes.push({ kind: 'mode', what: `mode of ${path}`, from: octal(have.mode), to: octal(want.mode), path })
  }
  return changes
}

/** The legs of `apply` for these changes. */
export const ownershipLegs = {
  owner: ({ path, to, special }: Extract<OwnershipChange, { kind: 'owner' }>): Command =>
    sh.all([...chown(path, to), ...(special === undefined ? [] : [chmod(path, special)])]),
  mode: ({ path, to }: Extract<OwnershipChange, { kind: 'mode' }>): Command =>
    chmod(path, Number.parseInt(to ?? '', 8)),
}

/** `owner`, `owner:group` or `:group`, as chown wants it; undefined when the task names neither. */
export function ownerSpec({ owner, group }: Ownership): string | undefined {
  if (group === undefined) return owner
  return `${owner ?? ''}:${group}`
}

/** Gives a path away, never what a link points at; nothing when nobody is named. */
export function chown(path: string, to: string | undefined): Command[] {
  return to === undefined ? [] : [sh`chown -h -- ${to} ${path}`]
}

/** Five digits, since chmod keeps the setgid bit of a folder when it sees four; chmod itself would follow a link. */
export function chmod(path: string, mode: number): Command {
  return sh`if [ -L ${path} ]; then echo ${`lockstep: ${path} has become a link`} >&2; false; else chmod ${`0${octal(mode)}`} -- ${path}; fi`
}

function requireAccounts({ owner, group }: Ownership, { accounts, groups }: Accounts): void {
  if (accounts.some(({ present }) => !present)) {
    throw new TaskFailure(`the host has no account ${owner}`, 'create it with a task `user` before this one')
  }
  if (groups.some(({ present }) => !present)) {
    throw new TaskFailure(`the host has no group ${group}`, 'create it with a task `group` before this one')
  }
}
