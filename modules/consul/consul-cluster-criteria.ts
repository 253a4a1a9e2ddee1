import { type Criterion, counted, criterion, type GateWish, unsaid } from './consul-criterion.ts'
import type { ConsulLook, ServerHealth } from './consul-look.ts'

export function peers({ peers: list, reasons }: ConsulLook, { voters = 0 }: GateWish): Criterion {
  const complaint =
    list === undefined
      ? unsaid(reasons, 'status/peers')
      : `the cluster has ${counted(list.length, 'peer')}, not ${voters}`
  return criterion('peers', list?.length === voters, String(list?.length ?? 'unknown'), complaint)
}

export function configuration(
  { configuration: raft, leader: address, reasons }: ConsulLook,
  { voters }: GateWish,
): Criterion {
  const name = 'configuration'
  if (raft === undefined) return criterion(name, false, 'unknown', unsaid(reasons, 'operator/raft/configuration'))
  const voting = raft.Servers.filter(({ Voter }) => Voter).length
  const leaders = raft.Servers.filter(({ Leader }) => Leader)
  const seen = `${counted(voting, 'voter')}, ${counted(leaders.length, 'leader')}`
  if (voting !== voters)
    return criterion(name, false, seen, `the Raft configuration has ${counted(voting, 'voter')}, not ${voters}`)
  if (leaders.length !== 1)
    return criterion(name, false, seen, `the Raft configuration has ${counted(leaders.length, 'leader')}, not one`)
  const isSame = leaders[0]?.Address === address
  return criterion(
    name,
    isSame,
    seen,
    `the leader is ${address} for the agent here, and ${leaders[0]?.Address} for the Raft configuration`,
  )
}

export function servers({ health: state, reasons }: ConsulLook, { voters }: GateWish): Criterion {
  const name = 'servers'
  if (state === undefined) return criterion(name, false, 'unknown', unsaid(reasons, 'operator/autopilot/health'))
  const bad = state.Servers.find((server) => faultOf(server) !== undefined)
  const good = state.Servers.filter((server) => faultOf(server) === undefined).length
  const seen = `${good} of ${state.Servers.length} good`
  if (bad) return criterion(name, false, seen, `${nameOf(bad)} ${faultOf(bad)}`)
  return criterion(
    name,
    state.Servers.length === voters,
    seen,
    `autopilot knows ${counted(state.Servers.length, 'server')}, not ${voters}`,
  )
}

function faultOf({ SerfStatus, LastContact, Healthy, Voter }: ServerHealth): string | undefined {
  if (SerfStatus !== 'alive') return `is ${SerfStatus || 'unknown'} in the gossip, not alive`
  if (!Healthy)
    return millisecondsOf(LastContact) === undefined ? 'does not answer the leader' : 'is not healthy for autopilot'
  return Voter ? undefined : 'is not a voter yet'
}

export function contact({ health: state }: ConsulLook, { maxLastContactMs }: GateWish): Criterion {
  const times = (state?.Servers ?? []).map((server) => ({ server, ms: millisecondsOf(server.LastContact) }))
  const late = times.find(({ ms }) => ms === undefined || ms > maxLastContactMs)
  const slowest = Math.max(0, ...times.map(({ ms }) => ms ?? 0))
  const complaint = !late
    ? 'autopilot does not tell when the leader last heard of each server'
    : late.ms === undefined
      ? `${nameOf(late.server)} does not answer the leader`
      : `${nameOf(late.server)} last heard of the leader ${Math.round(late.ms)} ms ago, more than ${maxLastContactMs} ms`
  const seen = late && late.ms === undefined ? 'unreachable' : state ? `${Math.round(slowest)} ms` : 'unknown'
  return criterion('contact', state !== undefined && late === undefined, seen, complaint)
}

export function index({ health: state }: ConsulLook, { maxTrailing }: GateWish): Criterion {
  const list = state?.Servers ?? []
  const first = Math.max(0, ...list.map(({ LastIndex }) => LastIndex))
  const last = list.reduce<ServerHealth | undefined>(
    (least, one) => (least && least.LastIndex <= one.LastIndex ? least : one),
    undefined,
  )
  const behind = last ? first - last.LastIndex : 0
  const passed = last !== undefined && behind <= maxTrailing
  const complaint = last
    ? `${nameOf(last)} is ${counted(behind, 'entry')} behind the leader, more than ${maxTrailing}`
    : 'autopilot does not tell how far each server is'
  return criterion('index', passed, last ? `${counted(behind, 'entry')} apart` : 'unknown', complaint)
}

export function health({ health: state, reasons }: ConsulLook): Criterion {
  const complaint =
    state === undefined
      ? unsaid(reasons, 'operator/autopilot/health')
      : 'autopilot says that the cluster is not healthy'
  return criterion(
    'health',
    state?.Healthy === true,
    state === undefined ? 'unknown' : state.Healthy ? 'healthy' : 'not healthy',
    complaint,
  )
}

export function tolerance({ health: state, reasons }: ConsulLook, { tolerance: least }: GateWish): Criterion {
  const complaint =
    state === undefined
      ? unsaid(reasons, 'operator/autopilot/health')
      : `the cluster bears the loss of ${counted(state.FailureTolerance, 'server')}, not of ${least}`
  return criterion(
    'tolerance',
    state !== undefined && state.FailureTolerance >= least,
    String(state?.FailureTolerance ?? 'unknown'),
    complaint,
  )
}

/** A duration of Go, as in `1m2.5s`; undefined for what is less than nothing, which stands for never. */
export function millisecondsOf(duration: string): number | undefined {
  if (duration === '0') return 0
  if (!/^(\d+(\.\d+)?(h|ms|m|s|µs|us|ns))+$/.test(duration)) return undefined
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|µs|us|ns)/g)]
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0), 0)
}

const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  µs: 1e-3,
  us: 1e-3,
  ns: 1e-6,
}

function nameOf({ Name, Address }: ServerHealth): string {
  return Name || Address || 'a server'
}
