import { type Observation, type State, sameDifferences } from './observations.ts'

/** What has become of one (host, task, item) between two records. */
export interface Move {
  kind: MoveKind
  before: Observation | undefined
  after: Observation | undefined
}

export type MoveKind =
  /** It was not drifted, and is now. */
  | 'drifted'
  /** It was drifted or could not be seen, and is as asked for. */
  | 'mended'
  /** It is drifted as before, in another way. */
  | 'drifts otherwise'
  /** It could be seen, and now fails or cannot be seen. */
  | 'failing'
  /** Only the later one knows the task. */
  | 'appeared'
  /** Only the earlier one knows it. */
  | 'vanished'

export interface Comparison {
  moves: readonly Move[]
  /** In both, and in the same state. */
  same: number
  /** Hosts that only one of the records has looked at. */
  onlyBefore: readonly string[]
  onlyAfter: readonly string[]
}

/** Compares what two records say, by (host, task, item). */
export function compareRecords(
  before: ReadonlyMap<string, Observation>,
  after: ReadonlyMap<string, Observation>,
): Comparison {
  const [hostsBefore, hostsAfter] = [hostsSeen(before), hostsSeen(after)]
  const moves: Move[] = []
  let same = 0
  for (const [key, now] of after) {
    const then = before.get(key)
    const kind = kindOf(then, now)
    if (kind === undefined) same++
    else if (kind !== 'appeared' || hostsBefore.has(now.host)) moves.push({ kind, before: then, after: now })
  }
  for (const [key, then] of before) {
    if (!after.has(key) && !then.handler && then.state !== 'unseen' && hostsAfter.has(then.host))
      moves.push({ kind: 'vanished', before: then, after: undefined })
  }
  const only = (left: ReadonlySet<string>, right: ReadonlySet<string>) => [...left].filter((host) => !right.has(host))
  return { moves, same, onlyBefore: only(hostsBefore, hostsAfter), onlyAfter: only(hostsAfter, hostsBefore) }
}

function kindOf(before: Observation | undefined, { state, result, handler }: Observation): MoveKind | undefined {
  if (state === 'unseen') return before?.state === 'unseen' ? undefined : 'failing'
  if (!before && handler) return state === 'drifted' ? 'drifted' : undefined
  if (!before) return 'appeared'
  if (state !== 'drifted') return isClean(state) && !isSettled(before.state) ? 'mended' : undefined
  if (before.state !== 'drifted') return 'drifted'
  return sameDifferences(before.result.differences, result.differences) ? undefined : 'drifts otherwise'
}

function isClean(state: State): boolean {
  return state === 'clean' || state === 'mended'
}

function isSettled(state: State): boolean {
  return state !== 'drifted' && state !== 'unseen'
}

/** Hosts of which the record knows more than that they could not be looked at. */
function hostsSeen(all: ReadonlyMap<string, Observation>): Set<string> {
  return new Set([...all.values()].filter(({ state }) => state !== 'unseen').map(({ host }) => host))
}
