import type { Command } from './command.ts'
import type { Unknown } from './unknown.ts'

declare const seen: unique symbol

/** Something to be looked at on a host, as data, so that the engine can merge many looks into one. `T` is what comes back. */
export interface Read<T = unknown> {
  readonly kind: ReadKind
  /** Identity: two reads with the same key see the same thing, and a prediction for one holds for the other. */
  readonly key: string
  readonly [seen]?: T
}

export type ReadKind = 'file' | 'tree' | 'unit' | 'account' | 'group' | 'package' | 'connection' | 'raw'

/** A path as lstat(2) sees it: links are not followed. */
export interface FileState {
  type: 'absent' | 'file' | 'directory' | 'link' | 'other'
  /** Permission bits, 0o7777 at most; 0 when absent. */
  mode: number
  /** Names, or the number as text where the host has no name for it. */
  owner: string
  group: string
  /** Bytes. */
  size: number
  /** Where a link points, as written in it. */
  target?: string
  /** What is at the end of a link, when `read.folder` was asked. */
  behind?: FileState
  /** A regular file's bytes when `read.file` was asked for them. */
  content?: Buffer
  /** The SHA-256 of a regular file, in hex, when `read.digest` was asked. */
  sha256?: string
}

/** Every path below a folder, the folder itself left out, by full path. */
export interface TreeState {
  entries: readonly { path: string; type: FileState['type']; mode: number; owner: string; group: string }[]
}

/** A unit as systemd has it now; see org.freedesktop.systemd1(5). */
export interface UnitState {
  /** LoadState: loaded, not-found, masked, bad-setting, error. `absent` when the host does not run systemd. */
  load: string
  /** ActiveState: active, inactive, failed, activating, deactivating, reloading. */
  active: string
  sub: string
  /** UnitFileState: enabled, disabled, static, masked, alias, generated, …, or empty. */
  enabled: string
  /** A link in /etc has another unit start it, whether or not systemd can tell: a link outlives the file that it points to. */
  linked?: boolean
  /** The unit's files changed on disk since systemd loaded them. */
  needsReload: boolean
  /** Its file is gone from disk: systemd has it in memory only, until it is told. */
  fileGone?: boolean
  /** Whether it can be told to read its configuration anew. */
  canReload?: boolean
  /** The unit's main file, or empty. */
  fragment: string
  dropIns: readonly string[]
  mainPid: number
  /** When the unit last became active, monotonic microseconds; 0 for never. */
  activeSince: number
}

export interface AccountState {
  present: boolean
  uid: number
  gid: number
  /** Name of the primary group. */
  group: string
  comment: string
  home: string
  shell: string
  /** Supplementary groups, sorted. */
  groups: readonly string[]
  /** The hash as in shadow(5); `!…` when locked; undefined when whoever looks is not allowed to see it. */
  passwordHash: string | undefined
  /** Days since 1970 at which it expires; left out when it never does, or when whoever looks is not allowed to see it. */
  expires?: number
}

export interface GroupState {
  present: boolean
  gid: number
  /** Names of the accounts that have it as a supplementary group, sorted. */
  members: readonly string[]
}

export interface PackageState {
  installed: boolean
  version: string
  held: boolean
  /** What apt would install; empty unless asked for, or unknown to apt. */
  candidate: string
}

/** How the run has come to the host; without endpoints when no network lies between, or when nobody shall guard the way. */
export interface ConnectionState {
  /** The account that was logged in to. */
  user: string
  /** The two ends as the host sees them. */
  endpoints?: Endpoints
  /** The key that let it in, as base64 of the public key's blob; absent after a password, or where it cannot be told. */
  key?: string
}

/** The ends of a connection. */
export interface Endpoints {
  client: { address: string; port: number }
  server: { address: string; port: number }
}

export interface RawState {
  code: number
  stdout: Buffer
  stderr: Buffer
}

export interface FileRead extends Read<FileState> {
  readonly kind: 'file'
  readonly path: string
  /** `content` brings up to 8 MiB of bytes, `digest` the SHA-256 whatever the size. */
  readonly want: 'status' | 'content' | 'digest'
  /** A folder, or a link that stands for one: what the link leads to is seen as well. */
  readonly follows?: true
}
export interface TreeRead extends Read<TreeState> {
  readonly kind: 'tree'
  readonly path: string
}
export interface UnitRead extends Read<UnitState> {
  readonly kind: 'unit'
  readonly name: string
}
export interface AccountRead extends Read<AccountState> {
  readonly kind: 'account'
  readonly name: string
}
export interface GroupRead extends Read<GroupState> {
  readonly kind: 'group'
  readonly name: string
}
export interface PackageRead extends Read<PackageState> {
  readonly kind: 'package'
  readonly name: string
  readonly candidate: boolean
}
export interface ConnectionRead extends Read<ConnectionState> {
  readonly kind: 'connection'
}
export interface RawRead extends Read<RawState> {
  readonly kind: 'raw'
  readonly command: Command
  /** Nobody but its author knows what it looks at: any change of the host may show in it. */
  readonly anything?: true
}
export type AnyRead = FileRead | TreeRead | UnitRead | AccountRead | GroupRead | PackageRead | ConnectionRead | RawRead

/** Looks, as data. Each is total: what is missing comes back as absent, never as an error. */
export const read = {
  /** A path's type, mode, owner, link target and, for a regular file, its bytes (8 MiB at most). Files below /proc/sys too. */
  file: (path: string): FileRead => ({ kind: 'file', key: `file:${tidy(path)}`, path: tidy(path), want: 'content' }),

  /** A path's type, mode, owner and link target, without content. */
  status: (path: string): FileRead => ({ kind: 'file', key: `file:${tidy(path)}`, path: tidy(path), want: 'status' }),

  /** As `status`, for a path that something is to be put in: of a link to a folder that folder is seen too. */
  folder: (path: string): FileRead => ({
    kind: 'file',
    key: `folder:${tidy(path)}`,
    path: tidy(path),
    want: 'status',
    follows: true,
  }),

  /** As `status`, with the SHA-256 of a regular file; for files that may be large. */
  digest: (path: string): FileRead => ({ kind: 'file', key: `file:${tidy(path)}`, path: tidy(path), want: 'digest' }),

  /** Everything below a folder; empty when it is absent. */
  tree: (path: string): TreeRead => ({ kind: 'tree', key: `tree:${tidy(path)}`, path: tidy(path) }),

  /** A systemd unit, by full name (`ssh.service`). */
  unit: (name: string): UnitRead => ({ kind: 'unit', key: `unit:${name}`, name }),

  account: (name: string): AccountRead => ({ kind: 'account', key: `account:${name}`, name }),

  group: (name: string): GroupRead => ({ kind: 'group', key: `group:${name}`, name }),

  /** A Debian package; with `candidate`, also what apt would install (slower). */
  package: (name: string, { candidate = false } = {}): PackageRead => ({
    kind: 'package',
    key: `package:${name}`,
    name,
    candidate,
  }),

  /** The way that this run has taken to the host; costs nothing there. */
  connection: (): ConnectionRead => ({ kind: 'connection', key: 'connection' }),

  /**
   * The exception: a command that only looks, for what no other read can see. `key` names what it looks at; the command must
   * succeed or fail the same way whatever is missing, and costs a process on the host, so say in a comment why it is needed.
   * With `anything`, its answer is unknown once any change of the host is foreseen.
   */
  raw: (key: string, command: Command, { anything = false } = {}): RawRead => ({
    kind: 'raw',
    key: `raw:${key}`,
    command,
    ...(anything ? { anything } : {}),
  }),
}

/** What a host will answer to a read after a change. */
export interface Prediction {
  readonly read: AnyRead
  readonly state: unknown
}

/** Says what `read` will see afterwards: a state, or an Unknown when only the run can tell. */
export function predict<T>(read: Read<T>, state: T | Unknown): Prediction {
  return { read: read as unknown as AnyRead, state }
}

/** As `predict`, for an answer that can be known in part: a new account's home, but not the number it gets. What is left out is not foreseen. */
export function predictSome<T>(read: Read<T>, state: Partial<T> | Unknown): Prediction {
  return { read: read as unknown as AnyRead, state }
}

/** A path that is not there. */
export const ABSENT: FileState = { type: 'absent', mode: 0, owner: '', group: '', size: 0 }

/** An account that is not there. */
export const NO_ACCOUNT: AccountState = {
  present: false,
  uid: -1,
  gid: -1,
  group: '',
  comment: '',
  home: '',
  shell: '',
  groups: [],
  passwordHash: '',
}

/** No network lies between. */
export const NO_CONNECTION: ConnectionState = { user: '' }

/** A group that is not there. */
export const NO_GROUP: GroupState = { present: false, gid: -1, members: [] }

/** A regular file as `predict` wants it; owner root unless given. */
export function fileOf(content: string | Buffer, rest: { mode: number; owner?: string; group?: string }): FileState {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return {
    type: 'file',
    mode: rest.mode,
    owner: rest.owner ?? 'root',
    group: rest.group ?? 'root',
    size: bytes.length,
    content: bytes,
  }
}

/** As `fileOf`, for a file whose content only the run can tell, such as a key that does not exist yet. */
export function fileOfUnknown(rest: { mode: number; owner?: string; group?: string }): FileState {
  return { type: 'file', mode: rest.mode, owner: rest.owner ?? 'root', group: rest.group ?? 'root', size: 0 }
}

/** A regular file's bytes as UTF-8, or undefined when there is no such file. */
export function textOf(state: FileState): string | undefined {
  return state.type === 'file' && state.content ? state.content.toString('utf8') : undefined
}

/** An absolute path without doubled or trailing slashes and without `.` parts; `..` stays, since links may lie before it. */
export function tidy(path: string): string {
  if (path.startsWith('/') && !UNTIDY.test(path)) return path
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}`
}

/** An empty part, or one that is a dot. */
const UNTIDY = /\/\.?(?:\/|$)/
