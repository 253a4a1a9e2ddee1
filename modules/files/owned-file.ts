import type { Change } from '../../engine/resource/change.ts'
import { type Command, type Content, octal, sh } from '../../engine/resource/command.ts'
import { type Plan, TaskFailure } from '../../engine/resource/module.ts'
import {
  type AccountState,
  type FileState,
  fileOf,
  type Prediction,
  predict,
  predictSome,
  read,
  tidy,
} from '../../engine/resource/read.ts'
import { foldersAbove, requireEnd } from './folders.ts'

export { foldersAbove } from './folders.ts'

export type OwnedFileChange =
  | (Change<'folder', string> & { writer: string; owner: string })
  | (Change<'folder-owner', string> & { path: string })
  | (Change<'folder-mode', string> & { path: string; writer: string })
  | (Change<'save', string> & { writer: string; mode: number })
  | (Change<'mode', string> & { path: string; writer: string })

export interface OwnedFileHave {
  file: FileState
  /** The folders above it, the nearest first. */
  folders: readonly FileState[]
}

export interface OwnedFileWish {
  path: string
  /** The account whose file it is; without one it belongs to the owner of its folder. */
  account?: { name: string; group: string } | undefined
  /** Its folder is made when it is missing, and kept at 0700 and the account's own. */
  manageFolder: boolean
  /** What the file shall have; without it 0600 in a folder of the account and 0644 elsewhere, when it is new. */
  mode?: number | undefined
}

/** The reads of a module that keeps a file in a folder which may be a user's. */
export function ownedFileReads(path: string): {
  file: ReturnType<typeof read.file>
  folders: ReturnType<typeof read.status>[]
} {
  return { file: read.file(path), folders: foldersAbove(path).map((folder) => read.folder(folder)) }
}

/** The path of a file below an account's home, as far as it can be told before the account is seen. */
export function homePath(user: string, name: string): string {
  return `${user === 'root' ? '/root' : `/home/${user}`}/${name}`
}

/** Fails when the account's home is not where `homePath` looked. */
export function requireHome(user: string, name: string, account: AccountState): void {
  if (homePath(user, name) === `${tidy(account.home)}/${name}`) return
  throw new TaskFailure(
    `the home of ${user} is ${account.home}`,
    `name the file itself, with path: ${tidy(account.home)}/${name}`,
  )
}

/**
 * Who may change what is in the nearest folder. A folder that belongs to somebody inside somebody else's, or a link that
 * is not root's own, could be swapped under our hands, so it ends the task.
 */
export function folderOwner(path: string, folders: readonly FileState[]): string {
  const names = foldersAbove(path).slice(-folders.length)
  let owner = 'root'
  for (const [index, folder] of [...folders.entries()].reverse()) {
    const name = names[index] ?? path
    if (folder.type === 'absent')
      throw new TaskFailure(
        `the folder ${name} does not exist`,
        'create it with a task `file` and `state: directory` before this one',
      )
    if (folder.type === 'link' && (owner !== 'root' || folder.owner !== 'root')) {
      throw new TaskFailure(
        `${name} is a link of ${folder.owner} to ${folder.target ?? 'elsewhere'}`,
        'nothing is written through it; put a real folder in its place',
      )
    }
    requireEnd(name, folder)
    if (folder.type === 'file' || folder.type === 'other') throw new TaskFailure(`${name} is not a folder`)
    if (folder.type === 'link' || folder.owner === owner) continue
    if (owner !== 'root')
      throw new TaskFailure(
        `${name} belongs to ${folder.owner}, in a folder of ${owner}`,
        `give it to ${owner}, or choose a path that only root can change`,
      )
    owner = folder.owner
  }
  return owner
}

/** The changes that give the file this text; undefined: nothing has to be there. */
export function ownedFilePlan(
  want: OwnedFileWish,
  text: string | undefined,
  have: OwnedFileHave,
): Plan<OwnedFileChange> {
  const { path, account } = want
  const { file } = have
  if (text === undefined && file.type === 'absent') return { changes: [] }
  requireOwnFile(path, file, account?.name)
  const { changes, after, writer } = planFolder(want, have.folders)
  const mode =
    want.mode ?? (file.type === 'absent' ? (account && writer === account.name ? 0o600 : 0o644) : file.mode & ~0o022)
  const old = file.type === 'file' ? (file.content?.toString('utf8') ?? '') : undefined
  const due = old !== text || (writer !== 'root' && file.owner !== writer)
  if (due) changes.push({ kind: 'save', what: path, from: old, to: text ?? '', writer, mode })
  else if (file.mode !== mode)
    changes.push({ kind: 'mode', what: `mode of ${path}`, from: octal(file.mode), to: octal(mode), path, writer })
  return { changes, after: [...after, fileAfter()] }

  /** A file of root keeps its owner when it is written anew; what an account writes is its own. */
  function fileAfter(): Prediction {
    const isKept = file.type === 'file' && (!due || writer === 'root')
    const { group: _, ...status } = fileOf(text ?? '', { mode, owner: isKept ? file.owner : writer })
    const group = isKept ? file.group : writer === 'root' ? 'root' : account?.group
    return group ? predict(read.file(path), { ...status, group }) : predictSome(read.file(path), status)
  }
}

/** What has to be done to the folder before the file, and who will then be able to write in it. */
function planFolder({ path, account, manageFolder }: OwnedFileWish, folders: readonly FileState[]) {
  const changes: OwnedFileChange[] = []
  const [folder, ...above] = folders
  const name = foldersAbove(path)[0] ?? '/'
  if (!manageFolder || !account || !folder || (folder.type !== 'absent' && folder.type !== 'directory')) {
    return { changes, after: [], writer: allowedOwner(path, folders, account) }
  }
  const parent = allowedOwner(name, above, account)
  if (folder.type === 'absent') {
    changes.push({ kind: 'folder', what: name, from: undefined, to: '0700', writer: parent, owner: account.name })
  } else if (folder.owner === 'root' && account.name !== 'root') {
    changes.push({ kind: 'folder-owner', what: `owner of ${name}`, from: 'root', to: account.name, path: name })
  } else allowedOwner(path, folders, account)
  const writer = account.name
  if (folder.type === 'directory' && folder.mode !== 0o700) {
    const from = octal(folder.mode)
    changes.push({ kind: 'folder-mode', what: `mode of ${name}`, from, to: '0700', path: name, writer })
  }
  return { changes, after: [folderAfter(name, account, folder)], writer }
}

/** The owner of the nearest folder: root, or the account whose file it is. */
function allowedOwner(path: string, folders: readonly FileState[], account: OwnedFileWish['account']): string {
  const owner = folderOwner(path, folders)
  if (account === undefined || owner === account.name || owner === 'root') return owner
  throw new TaskFailure(`${foldersAbove(path)[0]} belongs to ${owner}, not to ${account.name}`)
}

/** The legs of `apply` for these changes. */
export const ownedFileLegs = {
  folder: ({ what, writer, owner }: Extract<OwnedFileChange, { kind: 'folder' }>): Command =>
    asAccount(
      writer,
      writer === owner
        ? sh`mkdir -m 0700 -- ${what}`
        : sh`mkdir -m 0700 -- ${what} && chown -h -- ${`${owner}:`} ${what}`,
    ),
  'folder-owner': ({ path, to }: Extract<OwnedFileChange, { kind: 'folder-owner' }>): Command =>
    sh`chown -h -- ${`${to}:`} ${path}`,
  'folder-mode': ({ path, writer }: Extract<OwnedFileChange, { kind: 'folder-mode' }>): Command =>
    asAccount(writer, sh`chmod 00700 -- ${path}`),
  save: ({ what, to, writer, mode }: Extract<OwnedFileChange, { kind: 'save' }>): Command =>
    asAccount(writer, sh.write(what, to ?? '', { mode, owner: writer === 'root' ? undefined : writer })),
  mode: ({ path, to, writer }: Extract<OwnedFileChange, { kind: 'mode' }>): Command =>
    asAccount(writer, sh`chmod ${to ?? ''} -- ${path}`),
}

/**
 * The command, run by the account whose folder it works in: what that account may have put there, a link or a name that
 * changes under our hands, can then lead to nothing that is not its own. With `input` the command itself shows in process
 * lists, and `input` is on its standard input; a secret goes there.
 */
export function asAccount(account: string, command: Command, input?: Content): Command {
  if (account === 'root') return input === undefined ? command : sh.input(command, input)
  // The whole script is read before it starts, so that nothing in it can swallow the rest.
  const argv = ['sh', '-c', input === undefined ? 's=$(cat) && eval "$s" </dev/null' : command.text]
  const run = sh`if [ "$(id -un)" = ${account} ]; then ${argv}; else runuser -u ${account} -- ${argv}; fi`
  return sh.input(run, input ?? command.text)
}

/** The group of a new folder is the account's own, which is not known before the account is there. */
function folderAfter(
  path: string,
  { name, group }: { name: string; group: string },
  have: FileState | undefined,
): Prediction {
  const isNew = have?.type === 'absent' && group !== ''
  return predictSome(read.status(path), { type: 'directory', mode: 0o700, owner: name, ...(isNew ? { group } : {}) })
}

function requireOwnFile(path: string, file: FileState, account: string | undefined): void {
  if (file.type === 'link')
    throw new TaskFailure(
      `${path} is a link to ${file.target ?? 'elsewhere'}`,
      'nothing is written through it; remove it, or name the file that it points to',
    )
  if (file.type === 'directory' || file.type === 'other') throw new TaskFailure(`${path} is not a file`)
  if (account !== undefined && file.type === 'file' && file.owner !== account && file.owner !== 'root') {
    throw new TaskFailure(`${path} belongs to ${file.owner}, not to ${account}`)
  }
}
