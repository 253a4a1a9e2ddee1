import { tidy } from '../engine/resource/read.ts'

/** The folders above a path, the nearest first, without the root. */
export function foldersAbove(path: string): string[] {
  const clean = tidy(path)
  const folders: string[] = []
  for (let slash = clean.lastIndexOf('/'); slash > 0; slash = clean.lastIndexOf('/', slash - 1)) {
    folders.push(clean.slice(0, slash))
  }
  return folders
}
