import { TaskFailure } from '../../engine/resource/module.ts'
import { type FileState, tidy } from '../../engine/resource/read.ts'

/** The folders above a path, the nearest first, without the root. */
export function foldersAbove(path: string): string[] {
  const clean = tidy(path)
  const folders: string[] = []
  for (let slash = clean.lastIndexOf('/'); slash > 0; slash = clean.lastIndexOf('/', slash - 1)) {
    folders.push(clean.slice(0, slash))
  }
  return folders
}

/** The folder that holds `path`. */
export function folderOf(path: string): string {
  return foldersAbove(path)[0] ?? '/'
}

/** What something that is put into a folder will lie in: of a link the folder behind it. */
export function groundOf(folder: FileState): FileState {
  return (folder.type === 'link' && folder.behind) || folder
}

/** Fails when something shall be made in a folder that is not there. */
export function requireFolder(path: string, folder: FileState): void {
  const name = folderOf(path)
  if (folder.type === 'absent') {
    throw new TaskFailure(
      `the folder ${name} does not exist`,
      'create it with a task `file` and `state: directory` before this one',
    )
  }
  if (folder.type === 'file') throw new TaskFailure(`${name} is a file, not a folder`)
  requireEnd(name, folder)
}

/** Fails when a folder is a link that leads to none, or that its owner has led to what is not theirs. */
export function requireEnd(name: string, { type, owner, target = 'another path', behind }: FileState): void {
  if (type !== 'link' || behind === undefined) return
  if (behind.type !== 'directory') {
    throw new TaskFailure(
      `${name} is a link to ${target}, where no folder is`,
      'create the folder that it points to, or remove the link first with `file` and `state: absent`',
    )
  }
  if (owner === 'root' || owner === behind.owner) return
  throw new TaskFailure(
    `${name} is a link of ${owner} to ${target}, a folder of ${behind.owner}`,
    'nothing is changed through it, since its owner chooses where it leads; put a real folder or a link of root in its place',
  )
}
