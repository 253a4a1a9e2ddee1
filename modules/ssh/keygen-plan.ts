import type { Change } from '../../engine/resource/change.ts'
import { octal } from '../../engine/resource/command.ts'
import { modeOf } from '../../engine/resource/mode.ts'
import { type Plan, type Results, TaskFailure } from '../../engine/resource/module.ts'
import {
  type FileState,
  fileOf,
  type Prediction,
  predict,
  predictSome,
  read,
  textOf,
} from '../../engine/resource/read.ts'
import type { Secret } from '../../engine/resource/secret.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { folderOwner, foldersAbove } from '../files/owned-file.ts'
import { type KeyInside, type KeyPlace, keyInsideRead } from './key-pair.ts'
import { bitsOf, fingerprintOf, formatPublicKey, keyTypeOf, type PublicKey, parsePublicKey } from './openssh-key.ts'

export type KeygenChange =
  | (Change<'generate', string> & { place: KeyPlace; mode: number })
  /** The public half, from the private one. */
  | (Change<'publish', string> & { place: KeyPlace })
  | (Change<'comment', string> & { place: KeyPlace })
  | (Change<'owner', string> & { path: string })
  | (Change<'mode', string> & { place: KeyPlace })

/** What a task says about its key pair. */
export interface KeygenWant {
  path: string
  type?: string
  size?: number
  comment?: string
  passphrase?: Secret | undefined
  owner?: string
  group?: string
  mode?: string
  regenerate?: 'never' | 'fail' | 'mismatch' | 'always'
}

export type KeygenHave = Results<ReturnType<typeof keyReads>>

/** What must be seen of a key pair. */
export function keyReads(path: string) {
  return {
    private: read.status(path),
    public: read.file(`${path}.pub`),
    inside: keyInsideRead(path),
    folders: foldersAbove(path).map((folder) => read.folder(folder)),
    tool: read.status('/usr/bin/ssh-keygen'),
  }
}

/** Where the key lies and whose it is; fails where none can lie. */
export function placeOf({ path, owner, group }: KeygenWant, have: KeygenHave): KeyPlace {
  if (have.tool.type === 'absent') {
    throw new TaskFailure('the host has no ssh-keygen', 'install the package openssh-client before this task')
  }
  for (const [name, { type }] of [
    [path, have.private],
    [`${path}.pub`, have.public],
  ] as const) {
    if (type === 'absent' || type === 'file') continue
    throw new TaskFailure(`${name} is not a file but a ${type}`, 'remove it, or choose another path')
  }
  const writer = folderOwner(path, have.folders)
  if (writer !== 'root' && owner !== undefined && owner !== writer) {
    throw new TaskFailure(
      `a key of ${owner} in a folder of ${writer} could be swapped by ${writer}`,
      `let it belong to ${writer}, or choose a folder of root`,
    )
  }
  return { path, writer, owner: owner ?? (writer === 'root' ? have.private.owner || 'root' : writer), group }
}

/** What is not as asked for, as the rest of a sentence that begins with the key. */
export function faultsOf(
  { type = 'ed25519', size, comment, passphrase, regenerate }: KeygenWant,
  have: KeygenHave,
  inside: KeyInside,
): string[] {
  if (inside.kind === 'none') return ['cannot be read by ssh-keygen']
  const key = publicKey(have, inside)
  const faults: string[] = []
  if (key && keyTypeOf(key) !== type) faults.push(`is of the type ${keyTypeOf(key)}`)
  if (key && size !== undefined && bitsOf(key) !== size) faults.push(`has ${bitsOf(key)} bits`)
  // ssh-keygen does not open a key that others may read, so nothing is known of its sealing then.
  const isClosed = (have.private.mode & 0o077) === 0
  if (inside.kind === 'sealed' && isClosed && passphrase === undefined) faults.push('has a passphrase')
  if (inside.kind === 'open' && passphrase !== undefined) faults.push('has no passphrase')
  if (regenerate === 'always' && comment !== undefined && key?.comment !== comment) faults.push('has another comment')
  return faults
}

/** The public half; what the `.pub` file says counts as long as it belongs to the private one. */
function publicKey(have: KeygenHave, inside: KeyInside): PublicKey | undefined {
  const written = parsePublicKey(textOf(have.public) ?? '')
  if (inside.kind === 'open') return written?.blob === inside.key.blob ? written : inside.key
  return inside.kind === 'none' || (written && fingerprintOf(written) === inside.fingerprint) ? written : undefined
}

/** A new pair, in place of what is there. */
export function makePlan(
  want: KeygenWant,
  have: KeygenHave,
  place: KeyPlace,
  from: string | undefined,
): Plan<KeygenChange> {
  const { path, type = 'ed25519', size, comment, passphrase } = want
  const mode = modeOf(want.mode ?? '0600', { mode: have.private.mode, directory: false })
  const words = [type, 'key', passphrase ? 'with a passphrase' : '', comment ? `with the comment ${comment}` : '']
  const unknown = new Unknown(`the key pair ${path}, which does not exist yet`)
  const isNew = have.public.type === 'absent'
  return {
    changes: [{ kind: 'generate', what: path, from, to: words.filter(Boolean).join(' '), place, mode }],
    after: [
      predictSome(read.file(path), { ...newStatusOf(place, have), mode }),
      isNew
        ? predictSome(read.file(`${path}.pub`), { ...newStatusOf(place, have), mode: 0o644 })
        : predict(read.file(`${path}.pub`), unknown),
      predict(keyInsideRead(path), unknown),
    ],
    result: {
      path,
      type,
      size: size ?? unknown,
      comment: comment ?? unknown,
      public_key: unknown,
      fingerprint: unknown,
    },
  }
}

/** The key stays; what stands around it is put right. */
export function keepPlan(want: KeygenWant, have: KeygenHave, place: KeyPlace, inside: KeyInside): Plan<KeygenChange> {
  const { path } = want
  const old = textOf(have.public)
  const mode = modeOf(want.mode ?? '0600', { mode: have.private.mode, directory: false })
  const found = publicKey(have, inside)
  const isWritten = inside.kind === 'none' || (found !== undefined && parsePublicKey(old ?? '')?.blob === found.blob)
  const canComment = want.regenerate !== 'never' && (inside.kind === 'open' || want.passphrase !== undefined)
  const wanted = canComment && want.comment !== undefined ? want.comment : found?.comment
  const key = found && { ...found, comment: wanted ?? '' }
  const text = key && `${formatPublicKey(key)}\n`
  const changes: KeygenChange[] = []
  if (!isWritten) changes.push({ kind: 'publish', what: `${path}.pub`, from: old, to: text ?? '', place })
  if (found?.comment !== wanted) {
    changes.push({ kind: 'comment', what: `comment of ${path}`, from: found?.comment, to: wanted, place })
  }
  const isTextSame = changes.length === 0
  changes.push(...ownerChanges(path, have.private, place), ...ownerChanges(`${path}.pub`, have.public, place))
  if (have.private.mode !== mode) {
    changes.push({ kind: 'mode', what: `mode of ${path}`, from: octal(have.private.mode), to: octal(mode), place })
  }
  const unknown = new Unknown(`the public half of ${path} is not written yet`)
  const after = [predictSome(read.status(path), { ...statusOf(place), mode }), ...publicAfter()]
  return {
    changes,
    after,
    result: {
      path,
      type: key ? keyTypeOf(key) : unknown,
      size: key ? bitsOf(key) : unknown,
      comment: key?.comment ?? unknown,
      public_key: key ? formatPublicKey(key) : unknown,
      fingerprint: key ? fingerprintOf(key) : inside.kind === 'sealed' ? inside.fingerprint : unknown,
    },
  }

  function publicAfter(): Prediction[] {
    const file = read.file(`${path}.pub`)
    if (isTextSame) return old === undefined ? [] : [predictSome(read.status(`${path}.pub`), statusOf(place))]
    const inside = predict(keyInsideRead(path), unknown)
    if (text === undefined) return [predict(file, unknown), inside]
    const { group: _, ...status } = fileOf(text, { mode: isWritten ? have.public.mode : 0o644 })
    return [predictSome(file, { ...status, ...statusOf(place) }), inside]
  }
}

function statusOf({ owner, group }: KeyPlace): Partial<FileState> {
  return { type: 'file', owner, ...(group === undefined ? {} : { group }) }
}

/** A new file of root's takes its group from a setgid folder; what another account writes has the account's, which is not seen here. */
function newStatusOf(place: KeyPlace, { folders: [folder] }: KeygenHave): Partial<FileState> {
  const inherited = folder && (folder.mode & 0o2000) !== 0 ? folder.group : 'root'
  return { ...(place.writer === 'root' ? { group: inherited } : {}), ...statusOf(place) }
}

function ownerChanges(path: string, file: FileState, { owner, group }: KeyPlace): KeygenChange[] {
  const from = `${file.owner}:${file.group}`
  const to = `${owner}:${group ?? file.group}`
  return file.type !== 'file' || from === to ? [] : [{ kind: 'owner', what: `owner of ${path}`, from, to, path }]
}
