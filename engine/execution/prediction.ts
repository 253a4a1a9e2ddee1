import { basename } from 'node:path/posix'
import { isDeepStrictEqual } from 'node:util'
import { type Seen, wider } from '../remote/probe.ts'
import { digestOf } from '../resource/large-file.ts'
import {
  ABSENT,
  type AnyRead,
  type FileRead,
  type FileState,
  type PackageState,
  type Prediction,
  type TreeState,
  type UnitState,
} from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'
import { LayeredMap } from './layered-map.ts'
import { onceTold, templateOf, type UnitFile, unitAfter } from './prediction-unit.ts'

/** What a read answers: what was seen, or an Unknown where a change that is not made yet will decide. */
export type Answer = Seen | Unknown

interface Entry {
  read: AnyRead
  state: unknown
  /** Order of arrival: a unit file written after the unit was last predicted needs a reload. */
  order: number
  /** A folder that was removed and made again: nothing is left in it. */
  emptied?: boolean
}

/** Paths that somebody has foreseen something about, in this world or in one that was forked with it: more than is so, never less. */
interface Known {
  /** All folders above such a path. */
  above: Set<string>
  /** The last parts of paths that were foreseen as links. */
  linkNames: Set<string>
  /** Paths of units' files, by the name of the unit. */
  unitFiles: Map<string, Set<string>>
}

/**
 * What a host will look like once the changes that are only planned are made: a layer over what was really seen. A fork sees
 * what its parent predicts and keeps its own predictions to itself.
 */
export class Predictions {
  readonly #entries: LayeredMap<Entry>
  /** Paths that commands make or remove, with the folders that it takes and all that is below. */
  readonly #acted: LayeredMap<string>
  /** All forks have it in common. */
  readonly #known: Known
  #order = 0
  #brings: string | undefined
  /** The order of the last time that systemd reads its files anew. */
  #reloaded = 0

  constructor(parent?: Predictions) {
    this.#entries = parent ? parent.#entries.fork() : new LayeredMap()
    this.#acted = parent ? parent.#acted.fork() : new LayeredMap()
    this.#known = parent ? parent.#known : { above: new Set(), linkNames: new Set(), unitFiles: new Map() }
    if (!parent) return
    this.#order = parent.#order
    this.#brings = parent.#brings
    this.#reloaded = parent.#reloaded
  }

  get size(): number {
    return this.#entries.values().length
  }

  /** The last parts of all paths that are or were foreseen as links. */
  get linkNames(): ReadonlySet<string> {
    return this.#known.linkNames
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Files, units and accounts that are absent may come along with something that will be installed. */
  brings(what: string): void {
    this.#order++
    this.#brings = what
  }

  /** A command makes or removes this path: what else is on the way to it or below it, only the run can tell. */
  acts(path: string): void {
    this.#order++
    this.#acted.set(path, path)
    for (const above of foldersAbove(path)) this.#known.above.add(above)
  }

  /** systemd reads all unit files anew: those that are written by now, and those that were on the host before. */
  reloadsSystemd(): void {
    this.#reloaded = ++this.#order
  }

  /** Takes a prediction in; `current` is what the read answers now, since a prediction that agrees with it is none. */
  add({ read, state: predicted }: Prediction, current: Answer | undefined): void {
    const now = current && !(current instanceof Unknown) && 'state' in current ? current.state : undefined
    if (now !== undefined && agrees(predicted, now)) return
    const state = complete(read, predicted, now)
    const before = this.#entries.get(read.key)
    const entry: Entry = { read, state, order: ++this.#order }
    if (read.kind === 'file') this.#note(read.path, state)
    if (read.kind === 'file' && isFileState(state)) {
      if (
        before &&
        isFileState(before.state) &&
        read.want === 'status' &&
        state.type === 'file' &&
        before.state.type === 'file'
      ) {
        entry.read = wider(before.read, read)
        entry.state = { ...before.state, ...state }
      }
      const wasGone =
        before !== undefined && isFileState(before.state) && (before.state.type === 'absent' || before.emptied)
      if (state.type === 'directory' && wasGone) entry.emptied = true
      if (state.type !== 'directory') this.#forgetBelow(read.path)
    }
    this.#entries.set(read.key, entry)
  }

  /** The answer to a read; `real` is what was seen, undefined when nobody has looked yet. Undefined: somebody has to look. */
  answer(read: AnyRead, real: Seen | undefined): Answer | undefined {
    const answer = this.#predicted(read, real)
    if (answer === undefined || answer instanceof Unknown || 'denied' in answer) return answer
    if (this.#brings !== undefined && isAbsent(read, answer.state) && !this.#entries.has(read.key)) {
      return new Unknown(`${this.#brings} may bring it along`)
    }
    const acted = this.#actedAround(read, answer.state)
    return acted === undefined ? answer : new Unknown(`what a command does to ${acted}`)
  }

  #predicted(read: AnyRead, real: Seen | undefined): Answer | undefined {
    if (this.#order === 0) return real
    const entry = this.#entries.get(read.key)
    if (entry?.state instanceof Unknown) return entry.state
    switch (read.kind) {
      case 'file':
        if (entry && isFileState(entry.state)) return fileAnswer(read.want, entry, entry.state, real)
        return this.#isGoneAbove(read.path) ? { state: ABSENT } : real
      case 'tree':
        return this.#treeAnswer(read.path, real)
      case 'unit': {
        const base = entry ? { state: entry.state } : real
        if (base === undefined || 'denied' in base) return base
        const since = entry?.order ?? 0
        const known = base.state as UnitState
        const unit = this.#reloaded > since ? onceTold(known) : known
        const state = unitAfter(unit, this.#unitFiles(read.name, since))
        return state instanceof Unknown ? state : { state }
      }
      case 'package': {
        // What apt offers is no matter of what is installed: only a look tells, unless the prediction does.
        if (!entry || !read.candidate || (entry.read.kind === 'package' && entry.read.candidate))
          return entry ? { state: entry.state } : real
        if (real === undefined || 'denied' in real) return real
        return { state: { ...(entry.state as PackageState), candidate: (real.state as PackageState).candidate } }
      }
      case 'raw':
        if (read.anything && !entry) return new Unknown('what the changes before it do to what it looks at')
        return entry ? { state: entry.state } : real
      default:
        return entry ? { state: entry.state } : real
    }
  }

  #actedAround(read: AnyRead, state: unknown): string | undefined {
    if (read.kind !== 'file' || this.#entries.has(read.key)) return undefined
    const { path } = read
    const isMissing = (state as FileState).type === 'absent'
    for (const above of foldersAbove(path)) if (this.#acted.has(above)) return above
    if (!isMissing || !this.#known.above.has(path)) return undefined
    return this.#acted.values().find((acted) => acted.startsWith(`${path}/`))
  }

  /** Takes in what helps to find a file again. */
  #note(path: string, state: unknown): void {
    const { above, linkNames, unitFiles } = this.#known
    for (const folder of foldersAbove(path)) above.add(folder)
    if (isFileState(state) && state.type === 'link') linkNames.add(basename(path))
    const unit = UNIT_FILE.exec(path)?.[1]
    if (unit !== undefined) unitFiles.set(unit, (unitFiles.get(unit) ?? new Set()).add(path))
  }

  /** A folder above is predicted to be gone, or to be new and empty. */
  #isGoneAbove(path: string): boolean {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const above = this.#entries.get(`file:${path.slice(0, slash)}`)
      if (!above || !isFileState(above.state)) continue
      if (above.state.type === 'absent' || above.emptied) return true
    }
    return false
  }

  #forgetBelow(path: string): void {
    for (const { read } of this.#filesBelow(path)) this.#entries.delete(read.key)
  }

  /** Files that are foreseen below a folder, in the order in which they were. */
  #filesBelow(path: string): { read: FileRead; state: unknown; order: number }[] {
    if (!this.#known.above.has(path)) return []
    return this.#entries
      .values()
      .flatMap(({ read, state, order }) =>
        read.kind === 'file' && read.path.startsWith(`${path}/`) ? [{ read, state, order }] : [],
      )
      .sort((a, b) => a.order - b.order)
  }

  #treeAnswer(path: string, real: Seen | undefined): Answer | undefined {
    const own = this.#entries.get(`tree:${path}`)
    const base = own ? { state: own.state } : real
    if (base === undefined || 'denied' in base) return base
    const gone = this.#isGoneAbove(`${path}/x`)
    const entries = new Map((gone ? [] : (base.state as TreeState).entries).map((entry) => [entry.path, entry]))
    for (const { read, state, order } of this.#filesBelow(path)) {
      if (own && order < own.order) continue
      if (!isFileState(state)) return new Unknown(`${read.path} is known after apply`)
      if (state.type === 'absent') {
        for (const known of entries.keys()) {
          if (known === read.path || known.startsWith(`${read.path}/`)) entries.delete(known)
        }
      } else
        entries.set(read.path, {
          path: read.path,
          type: state.type,
          mode: state.mode,
          owner: state.owner,
          group: state.group,
        })
    }
    return { state: { entries: [...entries.values()] } }
  }

  #unitFiles(unit: string, since: number): UnitFile[] {
    const paths = [unit, templateOf(unit)].flatMap((name) => [...(this.#known.unitFiles.get(name) ?? [])])
    const files = [...new Set(paths)].flatMap((path) => {
      const entry = this.#entries.get(`file:${path}`)
      return entry && entry.order > since && isFileState(entry.state)
        ? [{ path, state: entry.state, order: entry.order }]
        : []
    })
    return files
      .sort((a, b) => a.order - b.order)
      .map(({ path, state, order }) => ({
        path,
        state,
        isMain: UNIT_FILE.exec(path)?.[2] === undefined,
        isLoaded: order < this.#reloaded,
      }))
  }
}

/** A unit's file or drop-in, and the unit's name in it. */
const UNIT_FILE = /^\/(?:etc|run|lib|usr\/lib|usr\/local\/lib)\/systemd\/system\/([^/]+?)(\.d\/.+)?$/

/** The nearest first, without the root. */
function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    folders.push(path.slice(0, slash))
  return folders
}

function fileAnswer(
  want: 'status' | 'content' | 'digest',
  entry: Entry,
  state: FileState,
  real: Seen | undefined,
): Answer | undefined {
  if (want === 'status' || state.type !== 'file') return { state }
  if (want === 'content' && state.content) return { state }
  if (want === 'digest' && (state.sha256 !== undefined || state.content)) return { state: withDigest(state) }
  if (entry.read.kind === 'file' && entry.read.want === 'status') {
    if (real === undefined || 'denied' in real) return real
    const seen = real.state as FileState
    if (seen.type === 'file') return { state: { ...seen, ...state, size: seen.size } }
    if (state.size === 0) return { state: { ...state, content: Buffer.alloc(0) } }
  }
  return new Unknown('the content of the file is known after apply')
}

function withDigest(state: FileState): FileState {
  return state.sha256 !== undefined || !state.content ? state : { ...state, sha256: digestOf(state.content) }
}

function isFileState(state: unknown): state is FileState {
  return typeof state === 'object' && state !== null && !(state instanceof Unknown) && 'type' in state
}

function isAbsent(read: AnyRead, state: unknown): boolean {
  // A package leaves people's own folders and passing things alone.
  if (read.kind === 'file')
    return (state as FileState).type === 'absent' && !/^\/(home|root|tmp|var\/tmp|run)\//.test(read.path)
  if (read.kind === 'unit') return (state as UnitState).load === 'not-found'
  if (read.kind === 'account' || read.kind === 'group') return !(state as { present: boolean }).present
  return false
}

/** A prediction may name only what it knows; the rest stays as it is now. */
function complete(read: AnyRead, predicted: unknown, now: unknown): unknown {
  if (read.kind === 'tree' || read.kind === 'raw' || !isRecord(predicted)) return predicted
  if (read.kind === 'file') {
    const { content, ...status } = (isRecord(now) && now.type === predicted.type ? now : ABSENT) as Partial<FileState>
    // Who predicts a file with its content and gives none does not know it; who predicts its status leaves it as it is.
    return { ...status, ...(read.want === 'status' && content !== undefined ? { content } : {}), ...predicted }
  }
  return isRecord(now) ? { ...now, ...predicted } : predicted
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Unknown)
}

/** Whether every field that the prediction names is already so. */
export function agrees(predicted: unknown, current: unknown): boolean {
  if (typeof predicted !== 'object' || predicted === null || predicted instanceof Unknown)
    return isDeepStrictEqual(predicted, current)
  const now = current as Record<string, unknown>
  return Object.entries(predicted).every(
    ([field, value]) => value === undefined || isDeepStrictEqual(value, now[field]),
  )
}
