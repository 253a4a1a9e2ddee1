import { basename } from 'node:path/posix'
import { covers, type Seen, wider } from '../remote/probe.ts'
import type { Identity } from '../remote/wire.ts'
import type { Results } from '../resource/module.ts'
import {
  type AccountState,
  type AnyRead,
  type FileRead,
  type FileState,
  read as look,
  type Prediction,
  type Read,
} from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'
import { type Answer, Predictions } from './prediction.ts'
import { isTouched, type Kept, Sightings } from './sightings.ts'
import { type LinkAt, moveTree, straighten, straightenFolder } from './straighten.ts'

/** What gathering the reads of one task gives: all results, or what stands in the way. */
export type Gathered =
  | { kind: 'results'; results: Results<never> }
  | { kind: 'missing'; reads: readonly AnyRead[] }
  | { kind: 'unknown'; unknown: Unknown }
  | { kind: 'denied'; message: string }

/**
 * What is known of one host: what was seen, by the user who looked, and what is predicted on top of it. A fork shares what was
 * seen and keeps its predictions to itself, for looking ahead and for planning several items of one task.
 */
export class World {
  readonly host: string
  readonly predictions: Predictions
  readonly #seen: Map<string, Sightings>
  /** Paths that were seen to be links, by user. */
  readonly #seenLinks: Map<string, Set<string>>
  /** The last parts of those paths, of all users. */
  readonly #linkNames: Set<string>
  /** Who the users are, as the host says. */
  readonly #identities: Map<string, Identity>

  constructor(host: string, parent?: World) {
    this.host = host
    this.predictions = new Predictions(parent?.predictions)
    this.#seen = parent ? parent.#seen : new Map()
    this.#seenLinks = parent ? parent.#seenLinks : new Map()
    this.#linkNames = parent ? parent.#linkNames : new Set()
    this.#identities = parent ? parent.#identities : new Map()
  }

  fork(): World {
    return new World(this.host, this)
  }

  /** Answers all reads of a task as `user` sees them. `step` is where the playbook stands, or will when it needs them. */
  gather(reads: Readonly<Record<string, Read | readonly Read[]>>, user: string, step: number): Gathered {
    const missing: AnyRead[] = []
    let unknown: Unknown | undefined
    let denied: string | undefined
    const results: Record<string, unknown> = {}
    const answerOne = (read: Read): unknown => {
      const answer = this.answer(read as AnyRead, user, step)
      if (answer === undefined) missing.push(...this.#onHost(read as AnyRead, user))
      else if (answer instanceof Unknown) unknown ??= answer
      else if ('denied' in answer) denied ??= answer.denied
      else return answer.state
      return undefined
    }
    for (const [name, read] of Object.entries(reads)) {
      results[name] = Array.isArray(read) ? read.map(answerOne) : answerOne(read as Read)
    }
    if (missing.length > 0) return { kind: 'missing', reads: missing }
    if (denied !== undefined) return { kind: 'denied', message: denied }
    if (unknown) return { kind: 'unknown', unknown }
    return { kind: 'results', results: results as Results<never> }
  }

  /** The answer to one read, or undefined when somebody has to look. */
  answer(read: AnyRead, user: string, step: number): Answer | undefined {
    if (isFolder(read)) return this.#folder(read, user, step)
    const [asked = read] = this.#onHost(read, user)
    const seen = this.#seenBy(asked, user, step)
    const straight = this.#straight(read, user).read
    const answer = this.predictions.answer(straight, seen && seenBy(straight, seen.seen, seen.read))
    return answer && seenBy(read, answer, straight)
  }

  /** What a look has brought that was made already. */
  #seenBy(look: AnyRead, user: string, step: number): Kept | undefined {
    const kept = this.#seen.get(user)?.get(look.key)
    if (kept) kept.neededUntil = Math.max(kept.neededUntil, step)
    return kept && covers(kept.read, look) ? kept : undefined
  }

  /** A folder, and of a link to one what it leads to. */
  #folder(read: FileRead, user: string, step: number): Answer | undefined {
    const own = this.answer(look.status(read.path), user, step)
    if (!own || own instanceof Unknown || 'denied' in own) return own
    const state = own.state as FileState
    const { end, isForeseen } = this.#endOf(read, user)
    const seen = this.#seenBy(isForeseen ? end : read, user, step)
    if (state.type !== 'link') return own
    const behind = this.predictions.answer(end, seen?.seen)
    if (!behind || behind instanceof Unknown || 'denied' in behind) return behind
    return { state: { ...state, behind: behind.state } }
  }

  /** Shows from now on what a planned change will have made. */
  foresee({ read, state }: Prediction, user: string, step: number): void {
    const straight = this.#straight(read, user).read
    const now = this.answer(read, user, step)
    this.predictions.add({ read: straight, state: moveTree(straight, state, read) }, now && seenBy(straight, now, read))
  }

  /** Why nothing can be done as `user`: the account is not there, and nothing foreseen makes it. */
  whyNobody(user: string, step: number): { message: string; hint: string } | undefined {
    const account = accountOf(user)
    if (account === undefined) return undefined
    const known = this.answer(look.account(account), user, step)
    if (!known || !('state' in known) || (known.state as AccountState).present) return undefined
    return {
      message: `the host has no account ${account} to become`,
      hint: 'create it with a task `user` before this one',
    }
  }

  /** Modules foresee that what they make is root's, as it mostly is; what another account makes is its own. */
  asMadeBy(user: string, prediction: Prediction, step: number): Prediction {
    const { read, state } = prediction
    const identity = this.#identities.get(user)
    const account = identity?.account ?? accountOf(user)
    if (account === undefined || account === 'root' || read.kind !== 'file' || state instanceof Unknown)
      return prediction
    const current = this.answer(read, user, step)
    if (!current || !('state' in current) || (current.state as FileState).type !== 'absent') return prediction
    const made = state as Partial<FileState>
    const known = this.answer(look.account(account), user, step)
    const group = (known && 'state' in known && (known.state as AccountState).group) || identity?.group || account
    return {
      read,
      state: {
        ...made,
        ...(made.owner === 'root' ? { owner: account } : {}),
        ...(made.group === 'root' ? { group } : {}),
      },
    }
  }

  /** The reads to make on the host as it is: by another path where the way to it leads over a link that is only foreseen. */
  #onHost(read: AnyRead, user: string): AnyRead[] {
    if (isFolder(read)) {
      const { end, isForeseen } = this.#endOf(read, user)
      return [...this.#onHost(look.status(read.path), user), isForeseen ? end : read]
    }
    const straight = this.#straight(read, user)
    return [straight.isForeseen ? straight.read : read]
  }

  /** Where a folder's path ends once all links are followed. */
  #endOf({ path }: FileRead, user: string): { end: FileRead; isForeseen: boolean } {
    if (this.#isPlain(path, path.length)) return { end: look.status(path), isForeseen: false }
    const { linkAt, met } = this.#links(user)
    return { end: look.status(straightenFolder(path, linkAt)), isForeseen: met.foreseen }
  }

  /** The read by a path without links, as far as they are known: two ways to one file must come to one prediction. */
  #straight(read: AnyRead, user: string): { read: AnyRead; isForeseen: boolean } {
    if ((read.kind !== 'file' && read.kind !== 'tree') || isFolder(read)) return { read, isForeseen: false }
    if (this.#isPlain(read.path, read.path.lastIndexOf('/'))) return { read, isForeseen: false }
    const { linkAt, met } = this.#links(user)
    const path = straighten(read.path, linkAt)
    const isForeseen = met.foreseen
    return { read: path === read.path ? read : { ...read, path, key: `${read.kind}:${path}` }, isForeseen }
  }

  /** No link can be in this much of the path: none has the name of a part, whichever way it was seen or is foreseen. */
  #isPlain(path: string, length: number): boolean {
    if (!path.startsWith('/') || path.includes('/..')) return false
    const isLink = (name: string) => this.#linkNames.has(name) || this.predictions.linkNames.has(name)
    for (let start = 1; start < length; ) {
      const slash = path.indexOf('/', start)
      const end = slash < 0 ? path.length : slash
      if (isLink(path.slice(start, end))) return false
      start = end + 1
    }
    return true
  }

  /** The links that are known; `met` notes whether one of those that were asked for is only foreseen. */
  #links(user: string): { linkAt: LinkAt; met: { foreseen: boolean } } {
    const met = { foreseen: false }
    const linkAt: LinkAt = (path, written) => {
      const key = `file:${path}`
      const seen = this.#lookAt(path, written, user)
      if (!seen && !this.predictions.has(key)) return undefined
      const target = linkTarget(this.predictions.answer({ kind: 'file', key, path, want: 'status' }, seen))
      if (target !== linkTarget(seen)) met.foreseen = true
      return target
    }
    return { linkAt, met }
  }

  /** What was seen of a path, by whichever way somebody has looked at it. */
  #lookAt(path: string, written: string | undefined, user: string): Seen | undefined {
    const seen = this.#seen.get(user)
    const direct = seen?.get(`file:${path}`) ?? (written === undefined ? undefined : seen?.get(`file:${written}`))
    if (direct) return direct.seen
    const links = this.#seenLinks.get(user) ?? []
    const plainly: LinkAt = (at) => linkTarget(seen?.get(`file:${at}`)?.seen)
    const other = [...links].find((link) => straighten(link, plainly) === path)
    return other === undefined ? undefined : seen?.get(`file:${other}`)?.seen
  }

  /** The read by all paths to the same thing that are known. */
  #ways(read: AnyRead, user: string): AnyRead[] {
    return isFolder(read) ? [read, this.#endOf(read, user).end] : [read, this.#straight(read, user).read]
  }

  /** Takes in who a user is. */
  know(user: string, identity: Identity | undefined): void {
    if (identity) this.#identities.set(user, identity)
  }

  /** Takes in what a round has seen. */
  keep(reads: Iterable<AnyRead>, seen: ReadonlyMap<string, Seen>, user: string, step: number): void {
    let mine = this.#seen.get(user)
    if (!mine) {
      mine = new Sightings()
      this.#seen.set(user, mine)
    }
    const links = this.#seenLinks.get(user) ?? new Set()
    this.#seenLinks.set(user, links)
    for (const read of reads) {
      const answer = seen.get(read.key) ?? { denied: `the host gave no answer about ${read.key}` }
      const before = mine.get(read.key)
      const neededUntil = Math.max(step, before?.neededUntil ?? 0)
      mine.set({ read, seen: answer, neededUntil })
      if (read.kind !== 'file' || linkTarget(answer) === undefined) continue
      links.add(read.path)
      this.#linkNames.add(basename(read.path))
    }
  }

  /**
   * Forgets what a change may have made wrong, and gives back what later steps still need of it, by user. Without `keys`,
   * anything may have changed.
   */
  forget(step: number, touched?: readonly AnyRead[]): ReadonlyMap<string, readonly AnyRead[]> {
    const needed = new Map<string, AnyRead[]>()
    const links = [...this.#linkNames, ...this.predictions.linkNames]
    for (const [user, kept] of this.#seen) {
      // All ways first: a link that is forgotten leads nowhere any more.
      const stale = touched
        ? kept
            .near(touched, links)
            .filter(({ read }) =>
              this.#ways(read, user).some((way) => touched.some((change) => isTouched(way, change))),
            )
        : kept.all()
      for (const one of stale) {
        const { read, neededUntil } = one
        kept.delete(one)
        if (neededUntil <= step) continue
        const mine = needed.get(user) ?? []
        needed.set(user, mine)
        mine.push(read)
      }
    }
    return needed
  }
}

/** The account that a user's key names, when it is not root or the one who logs in. */
function accountOf(user: string): string | undefined {
  const account = user.slice(user.indexOf(' ') + 1)
  return account === '' || account === 'root' ? undefined : account
}

/** An answer as it is to a read of the same thing by another way. */
function seenBy<A extends Answer>(read: AnyRead, answer: A, asked: AnyRead): A {
  if (answer instanceof Unknown || 'denied' in answer || read.key === asked.key) return answer
  return { ...answer, state: moveTree(read, answer.state, asked) }
}

/** What a read takes: a folder is looked at both as it is and, if it is a link, as what it leads to. */
export function looksFor(read: AnyRead): AnyRead[] {
  return isFolder(read) ? [look.status(read.path), read] : [read]
}

function isFolder(read: AnyRead): read is FileRead {
  return read.kind === 'file' && read.follows === true
}

function linkTarget(answer: Answer | undefined): string | undefined {
  if (!answer || answer instanceof Unknown || 'denied' in answer) return undefined
  return (answer.state as FileState).target
}

/** Merges reads by key, each wanting as much as the one that wants most. */
export function mergeReads(reads: Iterable<AnyRead>, into = new Map<string, AnyRead>()): Map<string, AnyRead> {
  for (const read of reads) {
    const other = into.get(read.key)
    into.set(read.key, other ? wider(other, read) : read)
  }
  return into
}
