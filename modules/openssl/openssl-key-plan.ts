import { type Static, Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { octal } from '../../engine/resource/command.ts'
import { modeOf } from '../../engine/resource/mode.ts'
import { type Plan, type Results, TaskFailure } from '../../engine/resource/module.ts'
import { type FileState, predict, predictSome, read, tidy } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { folderOwner, foldersAbove } from '../files/owned-file.ts'
import { newStatus, ownershipReads, wantedStatus } from '../files/ownership.ts'
import { bitsOf, KEY_TYPES, keyText, LEAST_RSA_BITS, typeOf, weaknessOf } from './openssl-key-type.ts'
import { opensslRead, publicKeyRead, publicKeyText } from './openssl-look.ts'

/** Arguments of `openssl-key`. */
export const keyArgs = Arg.object(
  {
    path: Arg.path({ description: 'Path of the private key, in a folder that exists.' }),
    type: Type.Optional(Arg.choice(KEY_TYPES, { description: 'Kind of key; ecdsa-p256 by default.' })),
    size: Type.Optional(
      Type.Integer({
        minimum: 1024,
        maximum: 8192,
        description: 'Size of an rsa key in bits; 3072 for a new one when left out, and at least 2048.',
      }),
    ),
    owner: Type.Optional(Arg.account({ description: 'Account that owns it; the owner of the folder by default.' })),
    group: Type.Optional(Arg.account({ description: 'Group that it belongs to; left as it is by default.' })),
    mode: Type.Optional(Arg.mode({ description: 'Permission bits; "0600" by default.' })),
    replace: Type.Optional(
      Type.Boolean({
        description:
          'Makes a new key where the one that is there is of another type or size, and keeps that one beside it with .1 at its end.',
      }),
    ),
    allow: Type.Optional(
      Type.Array(Arg.choice(['rsa-1024'], {}), {
        description: 'Weaknesses that are wanted, by name: `rsa-1024` for rsa keys below 2048 bits.',
      }),
    ),
  },
  {
    allOf: [
      Arg.rule('takes `size` with `type: rsa` only', {
        if: { required: ['size'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['type'], properties: { type: { const: 'rsa' } } },
      }),
    ],
  },
)

type Want = Static<typeof keyArgs>
type Have = Results<ReturnType<typeof keyReads>>

/** Where the key lies, and whose it is. */
interface Place {
  path: string
  /** Account that can change the folder, and does the work there. */
  writer: string
}

export type KeyChange =
  | (Change<'make', string> & { place: Place; mode: number; owner: string; group: string | undefined; keeps: boolean })
  | (Change<'owner', string> & { path: string })
  | (Change<'mode', string> & { place: Place })

/** What must be seen of a key; never what is in it. */
export function keyReads({ path, owner, group }: Want) {
  return {
    file: read.status(path),
    key: publicKeyRead(tidy(path)),
    folders: foldersAbove(path).map((folder) => read.folder(folder)),
    tool: opensslRead,
    ...ownershipReads({ ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) }),
  }
}

/** Fails when something weak was not asked for by name. */
export function requireStrength({ size, allow = [] }: Want): void {
  if (size === undefined || size >= LEAST_RSA_BITS || allow.includes('rsa-1024')) return
  throw new TaskFailure(
    `an rsa key of ${size} bits can be broken`,
    'take 2048 or more, or type: ecdsa-p256; if it has to be, say `allow: [rsa-1024]`',
  )
}

/** The owner of the folder; fails where the key could be swapped by somebody else than its owner. */
export function writerOf({ path, owner }: Want, { folders }: Have): string {
  const writer = folderOwner(path, folders)
  if (writer === 'root' || owner === undefined || owner === writer) return writer
  throw new TaskFailure(
    `a key of ${owner} in a folder of ${writer} could be swapped by ${writer}`,
    `let it belong to ${writer}, or choose a folder of root`,
  )
}

/** What is not as asked for, as the rest of a sentence that begins with the key. */
export function faultsOf({ type = 'ecdsa-p256', size, allow = [] }: Want, key: Parameters<typeof typeOf>[0]): string[] {
  if (typeOf(key) !== type) return [`is ${keyText(key)}`]
  const bits = bitsOf(key)
  if (size !== undefined && bits !== size) return [`has ${bits} bits`]
  if (weaknessOf(key) && !allow.includes('rsa-1024')) return [`has only ${bits} bits`]
  return []
}

/** A new key, in place of what is there. */
export function makePlan(want: Want, have: Have, place: Place, from: string | undefined): Plan<KeyChange> {
  const { path, writer } = place
  const { type = 'ecdsa-p256', size } = want
  const mode = modeOf(want.mode ?? '0600', { mode: 0o600 })
  const owner = want.owner ?? (writer === 'root' ? have.file.owner || 'root' : writer)
  const named = { owner, ...(want.group === undefined ? {} : { group: want.group }) }
  const made = newStatus(named, have.folders[0] ?? ROOT, have, { mode: 0o600 })
  const unknown = new Unknown(`the key ${path}, which does not exist yet`)
  const { weak, warnings } = warningOf(want)
  const status = {
    type: 'file' as const,
    mode,
    owner,
    ...(writer === 'root' || want.group ? { group: made.group } : {}),
  }
  const to = `${type} key${size === undefined ? '' : ` of ${size} bits`}${weak}`
  return {
    changes: [{ kind: 'make', what: path, from, to, place, mode, owner, group: want.group, keeps: from !== undefined }],
    after: [
      predictSome<FileState>(read.file(path), status),
      predict(publicKeyRead(path), unknown),
      ...(from === undefined ? [] : [predictSome<FileState>(read.status(`${path}.1`), have.file)]),
    ],
    result: { path, type, size: type === 'rsa' ? (size ?? unknown) : null, public_key: unknown },
    ...warnings,
  }
}

/** The key stays; owner and mode are put right. */
export function keepPlan(want: Want, have: Have, place: Place, key: Parameters<typeof typeOf>[0]): Plan<KeyChange> {
  const { path, writer } = place
  const { file } = have
  const owner = want.owner ?? (writer === 'root' ? file.owner : writer)
  const named = { owner, mode: want.mode ?? '0600', ...(want.group === undefined ? {} : { group: want.group }) }
  const status = wantedStatus(named, file, have)
  const changes: KeyChange[] = []
  const [from, to] = [`${file.owner}:${file.group}`, `${status.owner}:${status.group}`]
  if (from !== to) changes.push({ kind: 'owner', what: `owner of ${path}`, from, to, path })
  if (file.mode !== status.mode)
    changes.push({ kind: 'mode', what: `mode of ${path}`, from: octal(file.mode), to: octal(status.mode), place })
  return {
    changes,
    after: [predictSome<FileState>(read.status(path), { type: 'file', ...status })],
    result: { path, type: typeOf(key), size: bitsOf(key) ?? null, public_key: publicKeyText(key) },
    ...warningOf(want).warnings,
  }
}

const ROOT: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }

function warningOf({ path, size }: Want): { weak: string; warnings: { warnings?: string[] } } {
  if (size === undefined || size >= LEAST_RSA_BITS) return { weak: '', warnings: {} }
  const sentence = `${path} has ${size} bits and can be broken: replace it as soon as its users can take another`
  return { weak: ', weak', warnings: { warnings: [sentence] } }
}
