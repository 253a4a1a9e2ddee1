import { isAnswering, type Recording, type Sample, type Span, serversOf } from './recording.ts'

/** A member's process that was followed by another one, or by none. */
export interface Outage extends Span {
  member: string
  /** The start of the process that came after it, unless none did. */
  restartedAt?: number
}

/**
 * From the last look at which a member still answered before its process was gone, to the first at which the next one
 * answers; in the order of their beginnings. One that never answers again is out until the end.
 */
export function outages({ members, samples }: Recording): Outage[] {
  return members.flatMap(({ name }) => outagesOf(name, samples)).sort((one, other) => one.from - other.from)
}

function outagesOf(member: string, samples: readonly Sample[]): Outage[] {
  const found: Outage[] = []
  let lastAnswer = samples[0]?.at ?? 0
  let process: number | undefined
  let out: Outage | undefined
  for (const { at, members } of samples) {
    const seen = members[member]
    const startedAt = seen?.startedAt
    if (process !== undefined && startedAt !== process) {
      out ??= { member, from: lastAnswer, to: at }
      process = undefined
    }
    if (startedAt !== undefined) process = startedAt
    if (out) {
      out.to = at
      if (startedAt !== undefined) out.restartedAt = startedAt
    }
    if (!isAnswering(seen)) continue
    lastAnswer = at
    if (out && startedAt !== undefined) {
      found.push(out)
      out = undefined
    }
  }
  return out ? [...found, out] : found
}

/** The server that a majority takes for the leader, and that takes itself for it. */
export function rulerOf(recording: Recording, sample: Sample): string | undefined {
  const servers = serversOf(recording)
  const agreed = agreedLeader(recording, sample)
  const ruler = servers.find(({ address }) => agreed?.startsWith(`${address}:`))
  return ruler && sample.members[ruler.name]?.state === 'Leader' ? ruler.name : undefined
}

/** The leader that a majority of the servers names. */
export function agreedLeader(recording: Recording, sample: Sample): string | undefined {
  const servers = serversOf(recording)
  const counts = new Map<string, number>()
  for (const { name } of servers) {
    const leader = sample.members[name]?.leader
    if (leader) counts.set(leader, (counts.get(leader) ?? 0) + 1)
  }
  return [...counts].find(([, count]) => count > servers.length / 2)?.[0]
}

export interface LeaderChange {
  from: string
  to: string
  /** When the new one was first seen to rule. */
  at: number
}

export function leaderChanges(recording: Recording): LeaderChange[] {
  const changes: LeaderChange[] = []
  let ruler: string | undefined
  for (const sample of recording.samples) {
    const now = rulerOf(recording, sample)
    if (now === undefined) continue
    if (ruler !== undefined && now !== ruler) changes.push({ from: ruler, to: now, at: sample.at })
    ruler = now
  }
  return changes
}

/** The outages of whoever ruled as it went down. It may rule again afterwards, so a change of leader is not how to see them. */
export function outagesOfLeader(recording: Recording): Outage[] {
  return outages(recording).filter(({ member, from }) => {
    const before = recording.samples.findLast((sample) => sample.at <= from && rulerOf(recording, sample) !== undefined)
    return before !== undefined && rulerOf(recording, before) === member
  })
}

/**
 * The times in which the cluster may be without a leader: from the outage of one to the next that rules, `limitMs` after the
 * outage began at most.
 */
export function leaderWindows(recording: Recording, limitMs = 15_000): Span[] {
  return outagesOfLeader(recording).map(({ from }) => {
    // Past its last answer it rules no more, so whoever does is another one, or itself anew.
    const after = recording.samples.find((sample) => sample.at > from && rulerOf(recording, sample) !== undefined)
    return { from, to: Math.min(after?.at ?? Number.POSITIVE_INFINITY, from + limitMs) }
  })
}

/**
 * The times in which servers that were down come back, if they are of these. A leader asks one that does not answer ever more seldom, up to
 * ten seconds apart, so one that is back may hear nothing of it, stand for election itself and so end its term.
 */
export function returns(recording: Recording, names: readonly string[], limitMs = 15_000): Span[] {
  const servers = serversOf(recording).map(({ name }) => name)
  return outages(recording).flatMap(({ member, restartedAt }) =>
    restartedAt !== undefined && servers.includes(member) && names.includes(member)
      ? [{ from: restartedAt, to: restartedAt + limitMs }]
      : [],
  )
}

export function isIn(spans: readonly Span[], { from, to }: Span): boolean {
  return spans.some((span) => span.from <= to && from <= span.to)
}
