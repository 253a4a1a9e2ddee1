import { readFileSync } from 'node:fs'
import { askFor } from './ask.ts'
import type { Member, Sample, Seen } from './recording.ts'

export interface Watched extends Member {
  /** The list of processes of its unit, as the kernel keeps it. */
  processes: string
}

/** One look at every member. */
export async function takeSample(members: readonly Watched[], service: string, turn: number): Promise<Sample> {
  const at = Date.now()
  const started = new Map(members.map(({ name, processes }) => [name, startOf(processes)]))
  const servers = members.filter(({ role }) => role === 'server').map(({ address }) => address)
  const [seen, passing, autopilot] = await Promise.all([
    Promise.all(members.map(async (member) => [member.name, await look(member, started.get(member.name))] as const)),
    Promise.all(servers.map((address) => askFor<unknown[]>(address, `/v1/health/service/${service}?passing`))),
    askFor<Health>(servers[turn % servers.length] ?? '', '/v1/operator/autopilot/health', [200, 429]),
  ])
  const told = passing.filter((entries) => entries !== undefined)
  return {
    at,
    members: Object.fromEntries(seen),
    ...(told.length > 0 ? { isPassing: told.some((entries) => entries.length > 0) } : {}),
    ...(autopilot ? { autopilot: { isHealthy: autopilot.Healthy, tolerance: autopilot.FailureTolerance } } : {}),
  }
}

async function look({ address, role }: Member, startedAt: number | undefined): Promise<Seen> {
  const process = startedAt === undefined ? {} : { startedAt }
  const isServer = role === 'server'
  const [leader, self, raft] = await Promise.all([
    askFor<string>(address, isServer ? '/v1/status/leader' : '/v1/agent/self').then((answer) =>
      typeof answer === 'object' ? '' : answer,
    ),
    isServer ? askFor<Self>(address, '/v1/agent/self') : undefined,
    isServer ? askFor<Raft>(address, '/v1/operator/raft/configuration?stale') : undefined,
  ])
  const told = self?.Stats?.raft
  return {
    ...process,
    ...(leader === undefined ? {} : { leader }),
    ...(told
      ? {
          state: told.state,
          lastLogIndex: Number(told.last_log_index),
          commitIndex: Number(told.commit_index),
          term: Number(told.term),
        }
      : {}),
    ...(raft ? { peers: raft.Servers.length, voters: raft.Servers.filter(({ Voter }) => Voter).length } : {}),
  }
}

interface Health {
  Healthy: boolean
  FailureTolerance: number
}

interface Self {
  Stats?: { raft?: { state: string; last_log_index: string; commit_index: string; term: string } }
}

interface Raft {
  Servers: { Voter: boolean }[]
}

/** Start of the first process of a unit, to a hundredth of a second; the same in every look at one process. */
function startOf(processes: string): number | undefined {
  try {
    const pid = readFileSync(processes, 'utf8').split('\n')[0]
    if (!pid) return undefined
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Its name, in brackets, may hold spaces; of what follows, the 20th field is its start (proc(5)).
    const ticks = Number(
      stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .at(19),
    )
    return bootedAt + ticks * 10
  } catch {
    return undefined
  }
}

const bootedAt = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]) * 1000
