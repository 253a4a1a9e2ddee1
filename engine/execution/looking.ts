import type { Step } from '../language/playbook.ts'
import type { Become } from '../remote/address.ts'
import { factsRead } from '../remote/facts.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import { type AccountState, type AnyRead, read } from '../resource/read.ts'
import type { PlayContext } from './context.ts'
import { type Trip, userKey } from './hosts.ts'
import type { PlannedTarget } from './planning.ts'
import { mergeReads } from './world.ts'

/** What is to be looked at on each host, by the user who looks; each with the last step that needs it. */
export type Wanted = Map<string, Map<string, { become: Become | undefined; reads: Map<string, AnyRead> }>>

/** Goes to every host for what is wanted, at the same time; gives those that could not be asked. */
export async function look(context: PlayContext, wanted: Wanted, step: number): Promise<Map<string, RemoteProblem>> {
  const unreachable = new Map<string, RemoteProblem>()
  const trips = [...wanted].map(async ([host, users]) => {
    for (const { become, reads } of rootFirst(users.values())) {
      try {
        await context.hosts.go({ host, become, step, jobs: [], reads: reads.values() })
      } catch (error) {
        if (!(error instanceof RemoteProblem)) throw error
        if (
          error.code === 'BECOME_FAILED' &&
          (await lookForNobody(context, { host, become, reads: reads.values(), step }))
        )
          continue
        unreachable.set(host, error)
        return
      }
    }
  })
  await Promise.all(trips)
  for (const host of unreachable.keys()) context.registry.factsWanted.delete(host)
  return unreachable
}

/**
 * Looks in place of an account that is not there yet, since an earlier task may be about to make it: root sees for it what is
 * on the host. Says whether that is how things are.
 */
async function lookForNobody(
  { hosts }: PlayContext,
  { host, become, reads, step }: Omit<Trip, 'jobs'>,
): Promise<boolean> {
  if (!become || become.user === 'root') return false
  const account = read.account(become.user)
  const all = mergeReads([account, ...reads])
  try {
    const { seen } = await hosts.go({ host, become: { ...become, user: 'root' }, step, jobs: [], reads: all.values() })
    const answer = seen.get(account.key)
    if (!answer || !('state' in answer) || (answer.state as AccountState).present) return false
    hosts.world(host).keep(all.values(), seen, userKey(become), step)
    return true
  } catch (error) {
    if (error instanceof RemoteProblem) return false
    throw error
  }
}

/** Root holds the lock of a host, and so comes first. */
function rootFirst<T extends { become: Become | undefined }>(users: Iterable<T>): T[] {
  const isRoot = ({ become }: T) => Number(become?.user === 'root')
  return [...users].sort((a, b) => isRoot(b) - isRoot(a))
}

/** Adds reads to what is wanted of a host. */
export function want(wanted: Wanted, host: string, become: Become | undefined, reads: Iterable<AnyRead>): void {
  const users = wanted.get(host) ?? new Map()
  wanted.set(host, users)
  const key = userKey(become)
  const entry = users.get(key) ?? { become, reads: new Map() }
  users.set(key, entry)
  mergeReads(reads, entry.reads)
}

/** What the planned jobs lack, and facts that something has asked for. */
export function missingOf(context: PlayContext, step: Step, targets: readonly PlannedTarget[]): Wanted {
  const wanted: Wanted = new Map()
  for (const { target, jobs } of targets) {
    for (const { planned } of jobs) if (planned.kind === 'missing') want(wanted, target, step.become, planned.reads)
  }
  wantFacts(context, wanted, step.become)
  return wanted
}

/** Adds the facts that something has asked for and nobody has gathered. */
export function wantFacts({ registry, hosts }: PlayContext, wanted: Wanted, become: Become | undefined): void {
  for (const host of registry.factsWanted) if (!hosts.facts(host)) want(wanted, host, become, [factsRead])
  registry.factsWanted.clear()
}

/** Both wants in one. */
export function mergeWanted(into: Wanted, more: Wanted): Wanted {
  for (const [host, users] of more)
    for (const { become, reads } of users.values()) want(into, host, become, reads.values())
  return into
}
