import { TaskFailure } from '../engine/resource/module.ts'
import { type FileState, tidy } from '../engine/resource/read.ts'

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

/** Fails when something shall be made in a folder that is not there; a link is taken for one to a folder. */
export function requireFolder(path: string, folder: FileState): void {
  if (folder.type === 'absent') {
    throw new TaskFailure(
      `the folder ${folderOf(path)} does not exist`,
      'create it with a task `file` and `state: directory` before this one',
    )
  }
  if (folder.type === 'file') throw new TaskFailure(`${folderOf(path)} is a file, not a folder`)
}
