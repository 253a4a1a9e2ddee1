import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { watchSources } from '../language/read-source.ts'

/** A file that was read, by its path from the folder that one is in, and its hash. */
export interface Source {
  path: string
  sha256: string
}

/** Notes everything that is read from now on: playbooks, roles, templates, files, inventories and the answers of their programs. */
export function noteSources(): () => readonly Source[] {
  const found = new Map<string, Buffer>()
  watchSources((path, bytes) => found.set(path, bytes))
  return () =>
    [...found]
      .map(([path, bytes]) => ({ path: relative(process.cwd(), path) || path, sha256: hashOf(bytes) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** One hash of all of them. */
export function sourcesHash(sources: readonly Source[]): string {
  return hashOf(sources.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''))
}

export function hashOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
