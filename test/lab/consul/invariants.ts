// Each judges a recording by an invariant and gives what breaks it, in sentences; empty: it holds. They are numbered I1 to I12 in
// the issue of the Consul playbooks.
import { isAnswering, type Recording, type Sample, type Span, serversOf } from './recording.ts'
import { agreedLeader, isIn, leaderChanges, leaderWindows, type Outage, outages, returns, rulerOf } from './spans.ts'

/** I1: a majority of the servers names the same leader, but for the times in which one restarts, or comes back of those that were down. */
export function lostQuorums(recording: Recording, { down = [] }: { down?: readonly string[] } = {}): string[] {
  const allowed = [...leaderWindows(recording), ...returns(recording, down)]
  return recording.samples
    .filter(({ at }) => !isIn(allowed, { from: at, to: at }))
    .filter((sample) => agreedLeader(recording, sample) === undefined)
    .map(({ at }) => `${time(at)}: no majority names a leader`)
}

/** I2: at most one server is down, starting, or further behind than Consul's own limit for a healthy one. */
export function hurtTogether(recording: Recording, { maxTrailing = 250 } = {}): string[] {
  const out = outages(recording)
  return recording.samples.flatMap((sample) => {
    const hurt = serversOf(recording)
      .map(({ name }) => name)
      .filter((name) => isOut(out, name, sample) || trails(sample, name, maxTrailing))
    return hurt.length > 1 ? [`${time(sample.at)}: ${hurt.join(' and ')} are down or behind`] : []
  })
}

function isOut(out: readonly Outage[], member: string, { at }: Sample): boolean {
  // At its ends it answers, or may have.
  return out.some((outage) => outage.member === member && outage.from < at && at < outage.to)
}

function trails({ members }: Sample, name: string, maxTrailing: number): boolean {
  const last = members[name]?.lastLogIndex
  if (last === undefined) return false
  const committed = Math.max(...Object.values(members).map(({ commitIndex }) => commitIndex ?? 0))
  return last < committed - maxTrailing
}

/** I3: two gates at least were passed between a server's restart and the next one's; `gates` are the times at which they were. */
export function hastySteps(recording: Recording, gates: readonly number[]): string[] {
  const names = new Set(serversOf(recording).map(({ name }) => name))
  const steps = outages(recording).filter(({ member }) => names.has(member))
  return steps.slice(1).flatMap((step, index) => {
    const before = steps[index]
    const since = before?.restartedAt ?? step.from
    const passed = gates.filter((at) => at > since && at <= step.from + 1000).length
    return passed >= 2 ? [] : [`${step.member} went down after ${passed} gates since ${before?.member} was restarted`]
  })
}

/** I4: the leader changes so often at most, only as it restarts, and there is soon another one. */
export function needlessElections(recording: Recording, { maxChanges = 1, maxLeaderlessMs = 5_000 } = {}): string[] {
  const changes = leaderChanges(recording)
  const windows = leaderWindows(recording)
  const broken = changes
    .filter(({ at }) => !isIn(windows, { from: at, to: at }))
    .map(({ at, from, to }) => `${time(at)}: ${to} took over from ${from}, which had not restarted`)
  if (changes.length > maxChanges) broken.push(`the leader changed ${changes.length} times, not ${maxChanges} at most`)
  const ruled = recording.samples.filter((sample) => rulerOf(recording, sample) !== undefined).map(({ at }) => at)
  for (const [index, at] of ruled.entries()) {
    const gap = at - (ruled[index - 1] ?? at)
    if (gap > maxLeaderlessMs) broken.push(`${time(at)}: there was no leader for ${gap} ms`)
  }
  return broken
}

/** I5: what was acknowledged is there at the end, and no index of the counter was won twice. */
export function lostWrites({ writes, turns, kept, counter }: Recording): string[] {
  const lost = writes
    .filter(({ isAcknowledged, key, value }) => isAcknowledged && kept[key] !== value)
    .map(({ key, at }) => `${time(at)}: ${key} was acknowledged and is ${kept[key] ?? 'not there'}`)
  const won = turns.filter(({ outcome }) => outcome === 'won')
  const unknown = turns.filter(({ outcome }) => outcome === 'unknown')
  const twice = won.filter(({ index }, place) => won.findIndex((other) => other.index === index) !== place)
  if (counter < won.length || counter > won.length + unknown.length) {
    lost.push(
      `the counter is ${counter} after ${won.length} raises that were won and ${unknown.length} that may have been`,
    )
  }
  return [...lost, ...twice.map(({ index, at }) => `${time(at)}: the index ${index} was won twice`)]
}

/**
 * I6: no client fails that tries again for as long as it may; one that does not fails only while a leader or what it writes
 * through restarts, and all of them so often at most; `maxOutside` may fail at other times, as when connections are cut.
 */
export function failedWrites(
  recording: Recording,
  { maxWithoutRetry = 30, maxOutside = 0, slackMs = 500 } = {},
): string[] {
  const patient = new Set(recording.writers.filter(({ budgetMs }) => budgetMs > 0).map(({ name }) => name))
  const failed = recording.writes.filter(({ isAcknowledged }) => !isAcknowledged)
  const allowed = [...leaderWindows(recording), ...outages(recording)].map((span) => wider(span, slackMs))
  const once = failed.filter(({ writer }) => !patient.has(writer))
  const outside = once.filter((write) => !isIn(allowed, { from: write.at, to: write.endedAt }))
  const broken = failed
    .filter((write) => patient.has(write.writer) || (outside.length > maxOutside && outside.includes(write)))
    .map(({ key, at, tries, why }) => `${time(at)}: ${key} failed after ${tries} tries: ${why}`)
  if (once.length > maxWithoutRetry)
    broken.push(`${once.length} writes without retry failed, not ${maxWithoutRetry} at most`)
  return broken
}

/** I7: after its restart each server takes a write of somebody's before the next one goes down. */
export function idleServers(recording: Recording): string[] {
  const out = outages(recording)
  return serversOf(recording).flatMap(({ name, address }) => {
    return out
      .filter(({ member }) => member === name)
      .flatMap(({ to }) => {
        const next = out.find(({ from }) => from > to)?.from ?? Number.POSITIVE_INFINITY
        const served = recording.writes.some(
          ({ through, isAcknowledged, at }) => isAcknowledged && through === address && at > to && at < next + 1000,
        )
        return served ? [] : [`${name} acknowledged no write after its restart at ${time(to)}`]
      })
  })
}

/** I8: the service is never out of the catalog, or unhealthy in it, for longer than this. */
export function serviceGaps({ samples }: Recording, { maxMs = 500 } = {}): string[] {
  const broken: string[] = []
  let since: number | undefined
  for (const { at, isPassing } of samples) {
    if (isPassing === undefined) continue
    if (!isPassing) since ??= at
    if (since !== undefined && at - since > maxMs && isPassing)
      broken.push(`${time(since)}: the service was gone for ${at - since} ms`)
    if (isPassing) since = undefined
  }
  return since === undefined ? broken : [...broken, `${time(since)}: the service was gone and did not come back`]
}

/** I9: packets, as the capture gives them, in which somebody's key can be read. */
export function packetsInClear(packets: readonly string[], prefix: string): string[] {
  return packets.filter((packet) => packet.includes(prefix))
}

/** I10: every server that answers has all servers in its configuration, and all of them vote. */
export function lostVoters(recording: Recording): string[] {
  const servers = serversOf(recording)
  return recording.samples.flatMap(({ at, members }) =>
    servers.flatMap(({ name }) => {
      const { peers, voters } = members[name] ?? {}
      if (peers === undefined || (peers === servers.length && voters === servers.length)) return []
      return [`${time(at)}: ${name} has ${peers} peers, ${voters} of them voters`]
    }),
  )
}

/** I11 and I12: the members that restarted or went away, each as often as it did, in that order. */
export function restarted(recording: Recording): string[] {
  return outages(recording).map(({ member, restartedAt }) => (restartedAt ? member : `${member} (not back)`))
}

/** Whether every member still answers at the end. */
export function silentAtTheEnd({ members, samples }: Recording): string[] {
  const last = samples.at(-1)
  return members.filter(({ name }) => !isAnswering(last?.members[name])).map(({ name }) => name)
}

function wider({ from, to }: Span, slackMs: number): Span {
  return { from: from - slackMs, to: to + slackMs }
}

/** Of the day, as reports and journals show it. */
function time(at: number): string {
  return new Date(at).toISOString().slice(11, 23)
}
