import { basename } from 'node:path/posix'
import type { Seen } from '../remote/probe.ts'
import type { AnyRead } from '../resource/read.ts'

/** A read as it was answered, and the last step that asks for it, so that nothing is looked at again in vain. */
export interface Kept {
  read: AnyRead
  seen: Seen
  neededUntil: number
}

/** What one user has seen of a host, found by key and by what a change may have touched. */
export class Sightings {
  readonly #kept = new Map<string, Kept>()
  /** Files and trees by each part of their paths. */
  readonly #byName = new Map<string, Set<string>>()
  /** All else by its kind. */
  readonly #byKind = new Map<AnyRead['kind'], Set<string>>()

  get(key: string): Kept | undefined {
    return this.#kept.get(key)
  }

  set(kept: Kept): void {
    const { read } = kept
    if (!this.#kept.has(read.key)) for (const group of this.#groupsOf(read)) group.add(read.key)
    this.#kept.set(read.key, kept)
  }

  delete({ read }: Kept): void {
    if (this.#kept.delete(read.key)) for (const group of this.#groupsOf(read)) group.delete(read.key)
  }

  all(): Kept[] {
    return [...this.#kept.values()]
  }

  /**
   * What may show one of the changes, and some that does not; all that does is in it. A path in which one of `linkNames` is a part may
   * lead anywhere.
   */
  near(changes: readonly AnyRead[], linkNames: Iterable<string>): Kept[] {
    const keys = new Set<string>(this.#byKind.get('raw'))
    const take = (more: Iterable<string> | undefined) => {
      for (const key of more ?? []) keys.add(key)
    }
    for (const name of linkNames) take(this.#byName.get(name))
    for (const change of changes) {
      keys.add(change.key)
      if (change.kind !== 'file' && change.kind !== 'tree') continue
      const { path } = change
      const name = basename(path)
      if (name === '') return this.all()
      take(this.#byName.get(name))
      for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
        keys.add(`tree:${path.slice(0, slash)}`)
      if (path.includes('/systemd/system/')) take(this.#byKind.get('unit'))
      if (path.startsWith('/etc/')) for (const kind of ['account', 'group'] as const) take(this.#byKind.get(kind))
    }
    return [...keys].flatMap((key) => this.#kept.get(key) ?? [])
  }

  #groupsOf(read: AnyRead): Set<string>[] {
    if (read.kind !== 'file' && read.kind !== 'tree') return [groupIn(this.#byKind, read.kind)]
    return read.path.split('/').flatMap((name) => (name === '' ? [] : [groupIn(this.#byName, name)]))
  }
}

/** Whether a change that shows in `change` may show in `read` too. */
export function isTouched(read: AnyRead, change: AnyRead): boolean {
  if (read.kind === 'connection') return false
  if (read.key === change.key || read.kind === 'raw') return true
  if (change.kind !== 'file' && change.kind !== 'tree') return false
  const { path } = change
  const name = basename(path)
  if (read.kind === 'unit') return path.includes('/systemd/system/')
  if (read.kind === 'account' || read.kind === 'group') return /^\/etc\/(passwd|group|shadow|gshadow)$/.test(path)
  if (read.kind === 'tree' && path.startsWith(`${read.path}/`)) return true
  // The same name anywhere: a folder may have a second way to it, as /run has in /var/run.
  return (read.kind === 'file' || read.kind === 'tree') && `${read.path}/`.includes(`/${name}/`)
}

function groupIn<K>(groups: Map<K, Set<string>>, name: K): Set<string> {
  let group = groups.get(name)
  if (!group) {
    group = new Set()
    groups.set(name, group)
  }
  return group
}
