import type { Change } from '../../engine/resource/change.ts'
import { octal } from '../../engine/resource/command.ts'
import { type Plan, TaskFailure } from '../../engine/resource/module.ts'
import {
  ABSENT,
  type FileState,
  fileOf,
  predict,
  predictSome,
  read,
  type TreeState,
  tidy,
} from '../../engine/resource/read.ts'
import { type BelowChange, belowChanges, predictedBelow } from './file-tree.ts'
import { folderOf, foldersAbove, requireEnd, requireFolder } from './folders.ts'
import {
  type Accounts,
  newStatus,
  type Ownership,
  type OwnershipChange,
  ownerSpec,
  ownershipChanges,
  type Status,
  wantedStatus,
} from './ownership.ts'

export type FileChange =
  | (Change<'directory' | 'touch', string> & { mode: number; owner: string | undefined })
  | (Change<'link', string> & { owner: string | undefined })
  | Change<'remove' | 'remove-tree', string>
  | BelowChange
  | OwnershipChange

export interface FileHave extends Accounts {
  target: FileState
  /** The folders above that matter, the nearest first. */
  above: readonly FileState[]
  below: readonly TreeState[]
}

/** What a task `file` asks for. */
export interface FileWant extends Ownership {
  path: string
  state?: 'file' | 'directory' | 'link' | 'absent' | 'touch'
  src?: string
  force?: boolean
  recurse?: boolean
}

/** The changes that bring a path to its wanted state. */
export function planFile(want: FileWant, have: FileHave): Plan<FileChange> {
  if (want.state === 'absent') return planAbsent(tidy(want.path), have)
  if (want.state === 'directory') return planDirectory(want, have)
  if (want.state === 'link') return planLink(want, want.src ?? '', have)
  if (want.state === 'touch' && have.target.type === 'absent') return planTouch(want, have)
  return planKept(want, have)
}

/** The folders above a path that must be seen to plan it, the nearest first. */
export function foldersToSee({ path, state }: FileWant): string[] {
  const folders = foldersAbove(path)
  if (state === 'directory') return folders
  return folders.slice(0, 1)
}

function planAbsent(path: string, { target, above }: FileHave): Plan<FileChange> {
  if (path === '/') throw new TaskFailure('the root of the file system cannot be removed')
  requireEnd(folderOf(path), above[0] ?? ROOT)
  const after = [predict(read.file(path), ABSENT)]
  const result = { path, state: 'absent' }
  if (target.type === 'absent') return { changes: [], after, result }
  if (target.type !== 'directory') {
    return { changes: [{ kind: 'remove', what: path, from: wordFor(target), to: undefined }], after, result }
  }
  const from = 'directory with everything below it'
  return { changes: [{ kind: 'remove-tree', what: path, from, to: undefined }], after, result }
}

function planDirectory(want: FileWant, have: FileHave): Plan<FileChange> {
  const { target, above } = have
  if (target.type === 'directory') return planKept(want, have)
  if (target.type !== 'absent') throw inTheWay(want.path, target, 'a directory')
  const folders = foldersAbove(want.path)
  const missing = above.findIndex(({ type }) => type !== 'absent')
  const depth = missing < 0 ? above.length : missing
  const ground = above[depth] ?? ROOT
  if (ground.type === 'file' || ground.type === 'other') {
    throw new TaskFailure(`${folders[depth]} is a file, so there can be no folder in it`, 'remove it first')
  }
  requireEnd(folders[depth] ?? '/', ground)
  const changes: FileChange[] = []
  const after = []
  let parent = ground
  // Those above get the same owner and mode, as with Ansible: nobody named others.
  for (const what of [tidy(want.path), ...folders.slice(0, depth)].toReversed()) {
    const status = newStatus(want, parent, have, { mode: 0o755, directory: true })
    const owner = ownerSpec(want)
    const to = ['directory', octal(status.mode), ...(owner === undefined ? [] : [owner])].join(' ')
    changes.push({ kind: 'directory', what, from: undefined, to, mode: status.mode, owner })
    parent = { type: 'directory', size: 0, ...status }
    after.push(predictSome(read.status(what), { type: 'directory', ...status }))
  }
  return { changes, after, result: resultOf(want.path, parent) }
}

function planTouch(want: FileWant, have: FileHave): Plan<FileChange> {
  requireFolder(want.path, have.above[0] ?? ROOT)
  const status = newStatus(want, have.above[0] ?? ROOT, have, { mode: 0o644 })
  const state = fileOf('', status)
  const change = { what: tidy(want.path), from: undefined, to: 'empty file', mode: status.mode, owner: ownerSpec(want) }
  return {
    changes: [{ kind: 'touch', ...change }],
    after: [predict(read.file(want.path), state)],
    result: resultOf(want.path, state),
  }
}

function planLink(want: FileWant, to: string, have: FileHave): Plan<FileChange> {
  const { target } = have
  const path = tidy(want.path)
  const isFile = target.type === 'file' || target.type === 'other'
  if (target.type === 'directory' || (isFile && !want.force)) throw inTheWay(path, target, 'a link')
  if (target.type === 'absent') requireFolder(path, have.above[0] ?? ROOT)
  requireEnd(folderOf(path), have.above[0] ?? ROOT)
  const isLink = target.type === 'link'
  if (isLink && target.target === to) return planKept(want, have)
  const status: Status = isLink
    ? wantedStatus(want, target, have)
    : { ...newStatus(want, have.above[0] ?? ROOT, have, { mode: 0o777 }), mode: 0o777 }
  // A link is replaced, not changed, so it is given back to the one who had it.
  const owner = isLink ? `${status.owner}:${status.group}` : ownerSpec(want)
  const after: FileState = { type: 'link', size: Buffer.byteLength(to), target: to, ...status }
  return {
    changes: [{ kind: 'link', what: path, from: isLink ? target.target : wordFor(target), to, owner }],
    after: [predict(read.status(path), after)],
    result: resultOf(path, after),
  }
}

/** What is there keeps its kind: only owner and mode can differ. */
function planKept(want: FileWant, have: FileHave): Plan<FileChange> {
  const { target } = have
  const path = tidy(want.path)
  requireEnd(folderOf(path), have.above[0] ?? ROOT)
  if (target.type === 'absent') {
    throw new TaskFailure(`${path} does not exist`, 'say `state: directory` or `state: touch`, or write it with `copy`')
  }
  const isFile = target.type === 'file' || target.type === 'other'
  if ((want.state === 'file' || want.state === 'touch') && !isFile) throw inTheWay(path, target, 'a file')
  if (target.type === 'link' && want.mode !== undefined) throw inTheWay(path, target, 'a file or directory')
  const status = wantedStatus(want, target, have)
  const below = want.recurse && target.type === 'directory' ? belowChanges(path, want, have.below[0], have) : []
  const { type } = target
  return {
    changes: [...ownershipChanges(path, target, status), ...below],
    after: [predictSome(read.status(path), { type, ...status }), ...predictedBelow(path, below, have.below[0])],
    result: resultOf(path, { ...target, ...status }),
  }
}

const ROOT: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }

function inTheWay(path: string, have: FileState, wanted: string): TaskFailure {
  const hint =
    have.type === 'link'
      ? 'name the path that it points to, or remove the link first with `state: absent`'
      : 'remove it first with `state: absent`, if it is not needed'
  return new TaskFailure(`${path} is ${wordFor(have, 'a ')}, not ${wanted}`, hint)
}

function wordFor({ type, target }: FileState, article = ''): string | undefined {
  if (type === 'absent') return undefined
  if (type === 'link') return `${article}link to ${target ?? 'another path'}`
  return type === 'other' ? `${article}device, pipe or socket` : article + type
}

function resultOf(path: string, { type, mode, owner, group }: FileState) {
  return { path: tidy(path), state: type, mode: octal(mode), owner, group }
}
