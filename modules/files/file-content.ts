import { isUtf8 } from 'node:buffer'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import type { Change } from '../../engine/resource/change.ts'
import { type Content, octal, SENT_FROM, sh, type WriteOptions } from '../../engine/resource/command.ts'
import { digestOf, HELD_LIMIT, LargeFile } from '../../engine/resource/large-file.ts'
import { type Commands, type Module, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { ABSENT, type FileState, fileOf, type Prediction, predict, read, tidy } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { temporaryOf } from '../../engine/resource/write-text.ts'
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
  /** Of a file that is sent in pieces: the temporary file that an interrupted run may have left. */
  rest: readonly FileState[]
}

/** What a file shall hold. */
export type FileContent = Content | LargeFile

export type ContentChange =
  | (Change<'backup', string> & { path: string })
  | (Change<'write', FileContent> & { path: string; options: WriteOptions })
  | Change<'clear', string>
  | OwnershipChange

/** A module that decides nothing but what a file holds: place, owner, mode, backup and writing are the same for all of them. */
export function defineContentModule<S extends TSchema & { static: FileWishes }>(
  module: Pick<Module<S>, 'name' | 'summary' | 'args' | 'examples' | 'resource'> & {
    /** Where the file is, and how many bytes it will have, as far as that is known before the host is. */
    file(want: Static<S>): { path: string; size?: number }
    /** What it shall hold; undefined when nothing has to be done, not even about its owner. Pure; may throw TaskFailure. */
    content(want: Static<S>, have: FileHave): FileContent | undefined
  },
): Module<S, ReturnType<typeof contentReads>, ContentChange> {
  const { name, summary, args, examples } = module
  return {
    ...{ name, summary, args, examples },
    sets: ['file', 'rest'],
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
      write: ({ path, to, options }) => written(path, to ?? '', options),
      clear: ({ what }) => sh`rm -f -- ${what}`,
    },
  }
}

/** The reads of a module that writes the file at `path`; `size` is that of what will be written, as far as it is known. */
function contentReads(path: string, want: Ownership, size = 0) {
  return {
    file: size > HELD_LIMIT ? read.digest(path) : read.file(path),
    parent: read.folder(folderOf(path)),
    rest: size >= SENT_FROM ? [read.status(temporaryOf(tidy(path)))] : [],
    ...ownershipReads(want),
  }
}

/** The command that makes the file what it shall be. */
function written(path: string, content: FileContent, options: WriteOptions): Commands {
  // No part of a secret is ever left on a host.
  const isWhole = content instanceof Secret || sizeOf(content) < SENT_FROM
  return isWhole && !(content instanceof LargeFile)
    ? sh.write(path, content, options)
    : sh.send(path, wantedOf(content), options)
}

/** The changes that give the file at `path` this content, owner and mode. */
function contentPlan(path: string, content: FileContent, want: FileWishes, have: FileHave): Plan<ContentChange> {
  const { file } = have
  const wanted = wantedOf(content)
  const isNew = file.type === 'absent'
  const isSecret = content instanceof Secret
  const status = isNew
    ? newStatus(want, have.parent, have, { mode: isSecret ? 0o600 : 0o644 })
    : wantedStatus(want, file, have)
  const differs = isNew || !holds(file, wanted)
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
    else if (wanted instanceof LargeFile) changes.push({ ...write, from: digestWords(file), to: wanted })
    else changes.push({ ...write, from: shown(file), to: textOrBytes(wanted) })
  }
  // The write sets owner and mode as well; they are listed for the reader, and are right on their own when it is not due.
  if (!isNew) changes.push(...ownershipChanges(path, file, status))
  const after = [predicted(path, wanted, status, file)]
  if (differs && want.backup && !isNew) after.push(predict(read.file(backupPath(path, file)), file))
  if (have.rest.some(({ type }) => type === 'file')) {
    const what = temporaryOf(path)
    if (!differs) changes.push({ kind: 'clear', what, from: 'what an interrupted run had sent', to: undefined })
    after.push(predict(read.status(what), ABSENT))
  }
  const warnings =
    isSecret && want.mode === undefined && (status.mode & 0o044) !== 0
      ? [`${path} holds a secret and others may read it (${octal(status.mode)}): give it a mode`]
      : []
  return {
    changes,
    after,
    result: { path, mode: octal(status.mode), owner: status.owner, group: status.group, size: sizeOf(wanted) },
    ...(warnings.length > 0 ? { warnings } : {}),
  }
}

/** How many bytes an argument's content has, where it can be told; 0 for a secret, which is never sent in pieces. */
export function sizeOf(content: unknown): number {
  if (content instanceof LargeFile) return content.size
  if (Buffer.isBuffer(content)) return content.length
  return typeof content === 'string' ? Buffer.byteLength(content) : 0
}

function wantedOf(content: FileContent): Buffer | LargeFile {
  if (content instanceof LargeFile || Buffer.isBuffer(content)) return content
  return Buffer.from(content instanceof Secret ? content.reveal() : content)
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

function predicted(path: string, wanted: Buffer | LargeFile, status: Status, file: FileState): Prediction {
  if (Buffer.isBuffer(wanted) && (file.sha256 === undefined || file.content))
    return predict(read.file(path), fileOf(wanted, status))
  return predict(read.digest(path), { ...status, type: 'file', size: sizeOf(wanted), sha256: sha256Of(wanted) })
}

function sha256Of(wanted: Buffer | LargeFile): string {
  return Buffer.isBuffer(wanted) ? digestOf(wanted) : wanted.sha256
}

function holds(file: FileState, wanted: Buffer | LargeFile): boolean {
  if (file.content && Buffer.isBuffer(wanted)) return file.content.equals(wanted)
  return file.size === sizeOf(wanted) && sha256OfState(file) === sha256Of(wanted)
}

function sha256OfState({ sha256, content = Buffer.alloc(0) }: FileState): string {
  return sha256 ?? digestOf(content)
}

function shown(file: FileState): string | Buffer | undefined {
  return file.content && file.type !== 'absent' ? textOrBytes(file.content) : digestWords(file)
}

function digestWords(file: FileState): string | undefined {
  return file.type === 'absent' ? undefined : `${file.size} bytes with the SHA-256 ${sha256OfState(file)}`
}

function textOrBytes(bytes: Buffer): string | Buffer {
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : bytes
}

/** Named after what it holds, so that the same backup is never made twice; the tilde keeps most programs from reading it. */
function backupPath(path: string, file: FileState): string {
  return `${path}.${sha256OfState(file).slice(0, 12)}~`
}
