import { configuration, contact, health, index, peers, servers, tolerance } from './consul-cluster-criteria.ts'
import { type Criterion, counted, criterion, type GateWish } from './consul-criterion.ts'
import type { ConsulLook } from './consul-look.ts'

/** Every criterion on one look, the most telling first. */
export function criteriaOf(look: ConsulLook, want: GateWish): Criterion[] {
  const always = [api(look), role(look, want), ...processOf(look, want), leader(look)]
  if (want.role === 'client') return [...always, alive(look), ...(want.voters === undefined ? [] : [peers(look, want)])]
  return [
    ...always,
    servers(look, want),
    contact(look, want),
    index(look, want),
    peers(look, want),
    configuration(look, want),
    health(look),
    tolerance(look, want),
    ...(want.isCaughtUp || want.atLeast > 0 ? [caughtUp(look, want)] : []),
  ]
}

function api({ self, reasons }: ConsulLook): Criterion {
  return criterion(
    'api',
    self !== undefined,
    self?.Config.Version ?? 'no answer',
    `the agent here does not tell how it is: ${reasons['agent/self'] ?? ''}`,
  )
}

function role({ self }: ConsulLook, want: GateWish): Criterion {
  const is = self === undefined ? 'unknown' : self.Config.Server ? 'server' : 'client'
  return criterion('role', is === want.role, is, `the agent here is a ${is}, not a ${want.role}`)
}

function processOf({ process }: ConsulLook, { before }: GateWish): Criterion[] {
  if (before === undefined) return []
  const complaint =
    process === ''
      ? 'the process of the agent was not to be seen'
      : 'the agent here has not been restarted: it is the same process as before'
  return [criterion('restarted', process !== '' && process !== before, process, complaint)]
}

function leader({ leader: address, reasons }: ConsulLook): Criterion {
  const complaint =
    address === '' ? 'the cluster has no leader' : `the agent here knows no leader: ${reasons['status/leader'] ?? ''}`
  return criterion('leader', Boolean(address), address || 'none', complaint)
}

/** 1 is alive; see serf's MemberStatus. */
function alive({ self }: ConsulLook): Criterion {
  const known = Number(self?.Stats.consul.known_servers ?? 0)
  return criterion(
    'alive',
    self?.Member.Status === 1 && known > 0,
    `${known} servers known`,
    'the agent here is not alive in the cluster',
  )
}

/**
 * Whether this member has all that the leader had when autopilot last looked, which is at most two seconds ago. Under load the
 * last entry is often one that is committed and applied just now, so what the leader had then is enough.
 */
function caughtUp({ self, health: state }: ConsulLook, { isCaughtUp, atLeast }: GateWish): Criterion {
  const name = 'caught-up'
  const raft = self?.Stats.raft
  if (raft === undefined) return criterion(name, false, 'unknown', 'the agent here does not tell how far it is')
  if (raft.state !== 'Leader' && raft.state !== 'Follower') {
    return criterion(name, false, raft.state, `the server here is a ${raft.state}, neither follower nor leader`)
  }
  const [commit, applied, last] = [Number(raft.commit_index), Number(raft.applied_index), Number(raft.last_log_index)]
  const leading = state?.Servers.find(({ Leader }) => Leader)?.LastIndex ?? 0
  const wanted = Math.max(isCaughtUp ? leading : 0, atLeast)
  const seen = `${last} of ${wanted}, ${applied} applied`
  if (last < wanted)
    return criterion(name, false, seen, `the server here is ${counted(wanted - last, 'entry')} behind the leader`)
  return criterion(
    name,
    applied >= wanted || applied === commit,
    seen,
    `the server here has not yet applied ${counted(commit - applied, 'entry')}`,
  )
}
