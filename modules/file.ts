import { type Static, Type } from '@sinclair/typebox'
import { Arg } from '../engine/resource/arguments.ts'
import type { Change } from '../engine/resource/change.ts'
import { octal, sh } from '../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../engine/resource/module.ts'
import {
  ABSENT,
  type FileState,
  fileOf,
  predict,
  predictSome,
  read,
  type TreeState,
  tidy,
} from '../engine/resource/read.ts'
import { type BelowChange, belowChanges, belowLegs, predictedBelow } from './file-tree.ts'
import { foldersAbove } from './folders.ts'
import {
  type Accounts,
  chmod,
  chown,
  newStatus,
  type OwnershipChange,
  ownerSpec,
  ownershipArgs,
  ownershipChanges,
  ownershipLegs,
  ownershipReads,
  type Status,
  wantedStatus,
} from './ownership.ts'

type FileChange =
  | (Change<'directory' | 'touch', string> & { mode: number; owner: string | undefined })
  | (Change<'link', string> & { owner: string | undefined })
  | Change<'remove' | 'remove-tree', string>
  | BelowChange
  | OwnershipChange

interface FileHave extends Accounts {
  target: FileState
  /** The folders above that matter, the nearest first. */
  above: readonly FileState[]
  below: readonly TreeState[]
}

const args = Arg.object(
  {
    path: Arg.path({ description: 'Path on the host.' }),
    state: Type.Optional(
      Arg.choice(['file', 'directory', 'link', 'absent', 'touch'], {
        description:
          '`directory` is made with the folders above it, `link` points to `src`, `touch` makes an empty file where none is, `absent` removes it and everything below; `file`, or leaving it out, expects it to be there.',
      }),
    ),
    src: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'What a link points to, as it is written in the link; it need not exist.',
      }),
    ),
    force: Type.Optional(Type.Boolean({ description: 'Lets a link take the place of a file.' })),
    recurse: Type.Optional(
      Type.Boolean({
        description:
          'Gives owner, group and mode to everything below a directory as well; a symbolic mode with X tells folders from files.',
      }),
    ),
    ...ownershipArgs,
  },
  {
    allOf: [
      Arg.rule('needs `src` with `state: link`, and takes it only there', {
        anyOf: [
          { required: ['src', 'state'], properties: { state: { type: 'string', const: 'link' } } },
          {
            not: {
              anyOf: [
                { required: ['src'] },
                { required: ['state'], properties: { state: { type: 'string', const: 'link' } } },
              ],
            },
          },
        ],
      }),
      Arg.rule('takes `force` only with `state: link`', {
        anyOf: [{ required: ['src'] }, { not: { required: ['force'] } }],
      }),
      Arg.rule('takes no `mode` with `state: link`, since a link has none of its own', {
        not: { required: ['src', 'mode'] },
      }),
      Arg.rule('takes `recurse` only with a directory', {
        anyOf: [{ not: { required: ['recurse'] } }, { properties: { state: { type: 'string', const: 'directory' } } }],
      }),
    ],
  },
)

/** A file, directory or link with its owner and mode, or its absence. */
export const file = defineModule({
  name: 'file',
  summary:
    'A file, directory or link with its owner and mode, or its absence; `touch` never changes the times of what is there.',
  args,
  examples: [
    `- file: { path: /srv/example/a/b, state: directory, owner: daemon, group: daemon, mode: "u=rwx,g=rx,o=" }
- file: { path: /srv/example/a/flag, state: touch, mode: "0640" }
- file: { path: /srv/example/current, state: link, src: a/b }
- file: { path: /srv/example/a/flag, state: file, group: adm }
- file: { path: /srv/example/gone, state: absent }`,
    `- file: { path: /srv/example-tree/x, state: directory }
- file: { path: /srv/example-tree/x/y, state: touch }
- file: { path: /srv/example-tree, state: directory, recurse: true, owner: daemon, mode: "u=rwX,go=rX" }`,
  ],

  resource: ({ path }) => `file:${tidy(path)}`,

  reads: (want) => ({
    target: read.status(want.path),
    above: foldersToSee(want).map((folder) => read.status(folder)),
    below: want.recurse ? [read.tree(want.path)] : [],
    ...ownershipReads(want),
  }),

  plan(want, have): Plan<FileChange> {
    if (want.state === 'absent') return planAbsent(tidy(want.path), have)
    if (want.state === 'directory') return planDirectory(want, have)
    if (want.state === 'link') return planLink(want, want.src ?? '', have)
    if (want.state === 'touch' && have.target.type === 'absent') return planTouch(want, have)
    return planKept(want, have)
  },

  apply: {
    ...ownershipLegs,
    ...belowLegs,
    // mkdir sets the mode itself, so that nothing but the folder that it made can be meant.
    directory: ({ what, mode, owner }) => sh.all([sh`mkdir -m ${`0${octal(mode)}`} -- ${what}`, ...chown(what, owner)]),
    touch: ({ what, mode, owner }) =>
      sh.all([sh`( umask 077; set -C; : >${what} )`, ...chown(what, owner), chmod(what, mode)]),
    link: ({ what, to, owner }) => sh.all([sh`ln -sfT -- ${to ?? ''} ${what}`, ...chown(what, owner)]),
    remove: ({ what }) => sh`rm -f -- ${what}`,
    'remove-tree': ({ what }) => sh`rm -rf --one-file-system -- ${what}`,
  },
})

type Want = Static<typeof args>

function foldersToSee({ path, state }: Want): string[] {
  const folders = foldersAbove(path)
  if (state === 'directory') return folders
  return state === 'link' || state === 'touch' ? folders.slice(0, 1) : []
}

function planAbsent(path: string, { target }: FileHave): Plan<FileChange> {
  if (path === '/') throw new TaskFailure('the root of the file system cannot be removed')
  const after = [predict(read.file(path), ABSENT)]
  const result = { path, state: 'absent' }
  if (target.type === 'absent') return { changes: [], after, result }
  if (target.type !== 'directory') {
    return { changes: [{ kind: 'remove', what: path, from: wordFor(target), to: undefined }], after, result }
  }
  const from = 'directory with everything below it'
  return { changes: [{ kind: 'remove-tree', what: path, from, to: undefined }], after, result }
}

function planDirectory(want: Want, have: FileHave): Plan<FileChange> {
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

function planTouch(want: Want, have: FileHave): Plan<FileChange> {
  requireFolder(want.path, have)
  const status = newStatus(want, have.above[0] ?? ROOT, have, { mode: 0o644 })
  const state = fileOf('', status)
  const change = { what: tidy(want.path), from: undefined, to: 'empty file', mode: status.mode, owner: ownerSpec(want) }
  return {
    changes: [{ kind: 'touch', ...change }],
    after: [predict(read.file(want.path), state)],
    result: resultOf(want.path, state),
  }
}

function planLink(want: Want, to: string, have: FileHave): Plan<FileChange> {
  const { target } = have
  const path = tidy(want.path)
  const isFile = target.type === 'file' || target.type === 'other'
  if (target.type === 'directory' || (isFile && !want.force)) throw inTheWay(path, target, 'a link')
  if (target.type === 'absent') requireFolder(path, have)
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
function planKept(want: Want, have: FileHave): Plan<FileChange> {
  const { target } = have
  const path = tidy(want.path)
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

function requireFolder(path: string, { above }: FileHave): void {
  const [parent = ROOT] = above
  const [folder = '/'] = foldersAbove(path)
  if (parent.type === 'absent') {
    throw new TaskFailure(
      `the folder ${folder} does not exist`,
      'create it with a task `file` and `state: directory` before this one',
    )
  }
  if (parent.type === 'file') throw new TaskFailure(`${folder} is a file, not a folder`)
}

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
