import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import type { Change } from '../engine/resource/change.ts'
import { type Content, octal, sh, type WriteOptions } from '../engine/resource/command.ts'
import { type Module, type Plan, TaskFailure } from '../engine/resource/module.ts'
import { type FileState, fileOf, type Prediction, predict, read, tidy } from '../engine/resource/read.ts'
import { Secret } from '../engine/resource/secret.ts'
import { folderOf, requireFolder } from './folders.ts'
import {
  type Accounts,
  newStatus,
  type Ownership,
  type OwnershipChange,
  ownershipArgs,
  ownershipChanges,
  ownershipLegs,
  ownershipReads,
  type Status,
  wantedStatus,
} from './ownership.ts'

/** Bytes that are read back to be compared and shown; larger files are compared by their SHA-256. */
const SHOWN_LIMIT = 8 * 1024 * 1024

/** Arguments of every module that writes a file. */
export const contentArgs = {
  ...ownershipArgs,
  validate: Type.Optional(
    Type.String({
      pattern: '%s',
      description:
        'Shell command that must succeed on the new file before it takes the place of the old one; %s stands for the new file.',
    }),
  ),
  backup: Type.Optional(
    Type.Boolean({ description: 'Keeps the old file beside the new one, as NAME.HASH~ with a hash of what it holds.' }),
  ),
}

/** What a task says about a file beside its content. */
export interface FileWishes extends Ownership {
  validate?: string
  backup?: boolean
}

/** What must be seen to write a file. */
export interface FileHave extends Accounts {
  file: FileState
  parent: FileState
}

export type ContentChange =
  | (Change<'backup', string> & { path: string })
  | (Change<'write', Content> & { path: string; options: WriteOptions })
  | OwnershipChange

/** A module that decides nothing but what a file holds: place, owner, mode, backup and writing are the same for all of them. */
export function defineContentModule<S extends TSchema & { static: FileWishes }>(
  module: Pick<Module<S>, 'name' | 'summary' | 'args' | 'examples' | 'resource'> & {
    /** Where the file is, and about how many bytes it will have. */
    file(want: Static<S>): { path: string; size?: number }
    /** What it shall hold; undefined when nothing has to be done, not even about its owner. Pure; may throw TaskFailure. */
    content(want: Static<S>, have: FileHave): Content | undefined
  },
): Module<S, ReturnType<typeof contentReads>, ContentChange> {
  const { name, summary, args, examples } = module
  return {
    ...{ name, summary, args, examples },
    sets: ['file'],
    touches: 'reads',
    resource: (want) => module.resource(want),
    reads(want) {
      const { path, size } = module.file(want)
      return contentReads(path, want, size)
    },
    plan(want, have) {
      const { path } = module.file(want)
      const content = module.content(want, have)
      if (content === undefined) return { changes: [], result: { path: tidy(path) } }
      requireFilePlace(path, have)
      return contentPlan(tidy(path), content, want, have)
    },
    apply: {
      ...ownershipLegs,
      backup: ({ what, path }) => sh`cp -pT --remove-destination -- ${path} ${what}`,
      write: ({ path, to, options }) => sh.write(path, to ?? '', options),
    },
  }
}

/** The reads of a module that writes the file at `path`; `size` is that of what will be written, as far as it is known. */
function contentReads(path: string, want: Ownership, size = 0) {
  return {
    file: size > SHOWN_LIMIT ? read.digest(path) : read.file(path),
    parent: read.folder(folderOf(path)),
    ...ownershipReads(want),
  }
}

/** The changes that give the file at `path` this content, owner and mode. */
function contentPlan(path: string, content: Content, want: FileWishes, have: FileHave): Plan<ContentChange> {
  const { file } = have
  const bytes = content instanceof Secret ? Buffer.from(content.reveal()) : Buffer.from(content)
  const isNew = file.type === 'absent'
  const isSecret = content instanceof Secret
  const status = isNew
    ? newStatus(want, have.parent, have, { mode: isSecret ? 0o600 : 0o644 })
    : wantedStatus(want, file, have)
  const differs = isNew || !holds(file, bytes)
  const changes: ContentChange[] = []
  if (differs) {
    if (want.backup && !isNew) {
      const to = backupPath(path, file)
      changes.push({ kind: 'backup', what: to, from: undefined, to: `what ${path} holds now`, path })
    }
    // What replaces a file keeps both halves of its ownership; what is new takes from its folder what the task leaves out.
    const { owner, group } = isNew ? want : status
    const options = { mode: status.mode, owner, group, validate: want.validate }
    const write = { kind: 'write', what: path, path, options } as const
    if (isSecret) changes.push({ ...write, from: isNew ? undefined : new Secret(''), to: content, secret: true })
    else changes.push({ ...write, from: shown(file), to: textOrBytes(bytes) })
  }
  // The write sets owner and mode as well; they are listed for the reader, and are right on their own when it is not due.
  if (!isNew) changes.push(...ownershipChanges(path, file, status))
  const after = [predicted(path, bytes, status, file)]
  if (differs && want.backup && !isNew) after.push(predict(read.file(backupPath(path, file)), file))
  const warnings =
    isSecret && want.mode === undefined && (status.mode & 0o044) !== 0
      ? [`${path} holds a secret and others may read it (${octal(status.mode)}): give it a mode`]
      : []
  return {
    changes,
    after,
    result: { path, mode: octal(status.mode), owner: status.owner, group: status.group, size: bytes.length },
    ...(warnings.length > 0 ? { warnings } : {}),
  }
}

function requireFilePlace(path: string, { file, parent }: FileHave): void {
  if (file.type === 'directory' || path.endsWith('/')) {
    throw new TaskFailure(`${path} is a directory, not a file`, 'name the file itself, with its folder')
  }
  if (file.type === 'link') {
    throw new TaskFailure(
      `${path} is a link to ${file.target ?? 'another path'}`,
      'name the file that it points to, or remove the link first with `file` and `state: absent`',
    )
  }
  if (file.type === 'other') throw new TaskFailure(`${path} is neither a file nor a directory`)
  requireFolder(path, parent)
}

function predicted(path: string, bytes: Buffer, status: Status, file: FileState): Prediction {
  if (file.sha256 === undefined || file.content) return predict(read.file(path), fileOf(bytes, status))
  return predict(read.digest(path), { ...status, type: 'file', size: bytes.length, sha256: digestOf(bytes) })
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function holds(file: FileState, bytes: Buffer): boolean {
  if (file.content) return file.content.equals(bytes)
  return file.size === bytes.length && file.sha256 === digestOf(bytes)
}

function shown(file: FileState): string | Buffer | undefined {
  if (file.type === 'absent') return undefined
  return file.content ? textOrBytes(file.content) : `${file.size} bytes with the SHA-256 ${file.sha256}`
}

function textOrBytes(bytes: Buffer): string | Buffer {
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : bytes
}

/** Named after what it holds, so that the same backup is never made twice; the tilde keeps most programs from reading it. */
function backupPath(path: string, file: FileState): string {
  const hash = file.sha256 ?? digestOf(file.content ?? Buffer.alloc(0))
  return `${path}.${hash.slice(0, 12)}~`
}
