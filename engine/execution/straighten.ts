import type { AnyRead, TreeState } from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'

/** As many links as the kernel follows in one path; see path_resolution(7). */
const LINKS_AT_MOST = 40

/** Where a link points to; `written` is the same place as the path that is followed has it, when it is in that path. */
export type LinkAt = (path: string, written: string | undefined) => string | undefined

/** A path with the links on the way to it followed; the last part stays what it is. */
export function straighten(path: string, linkAt: LinkAt): string {
  if (!path.startsWith('/')) return path
  const ahead = partsOf(path).map((part, index, all) => ({ part, written: `/${all.slice(0, index + 1).join('/')}` }))
  const last = ahead.pop()?.part
  if (last === undefined || last === '..') return path
  const done: string[] = []
  const queue: { part: string; written?: string }[] = ahead
  let links = 0
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { part, written } = next
    if (part === '..') {
      done.pop()
      continue
    }
    const target = linkAt(`/${[...done, part].join('/')}`, written)
    if (target === undefined) {
      done.push(part)
      continue
    }
    if (++links > LINKS_AT_MOST) return path
    if (target.startsWith('/')) done.length = 0
    queue.unshift(...partsOf(target).map((each) => ({ part: each })))
  }
  return `/${[...done, last].join('/')}`
}

/** A folder's path with all links followed, its own last part too. */
export function straightenFolder(path: string, linkAt: LinkAt): string {
  const inside = straighten(`${path}/x`, linkAt)
  return inside.slice(0, inside.lastIndexOf('/')) || '/'
}

/** The state of a folder's tree as another read of the same folder has it, by another path; other states as they are. */
export function moveTree(read: AnyRead, state: unknown, from: AnyRead): unknown {
  if (read.kind !== 'tree' || from.kind !== 'tree' || read.path === from.path || state instanceof Unknown) return state
  const entries = (state as TreeState).entries.map((entry) => ({
    ...entry,
    path: `${read.path}${entry.path.slice(from.path.length)}`,
  }))
  return { entries }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}
