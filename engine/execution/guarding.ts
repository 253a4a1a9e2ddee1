import { randomBytes } from 'node:crypto'
import type { Become } from '../remote/address.ts'
import { endGuard, forgetProven, type Guard, UNDONE, undoNow } from '../remote/guard.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import type { Command } from '../resource/command.ts'
import type { ConnectionState } from '../resource/read.ts'
import { isFolderAbove, keysOf, partOfPath, type WayIn } from '../resource/way-in.ts'
import type { PlayContext } from './context.ts'
import type { Hosts } from './hosts.ts'
import type { Batch } from './owing.ts'
import type { PlannedJob } from './planning.ts'

/** A network is set up after the service that does it says that it runs. */
const SETTLING_MS = 3000

/** How long sshd may take to listen again, and how often that is tried. */
const STARTING_MS = 3000
const STARTING_TRIES = 15

/** A guard over some jobs of a batch. */
export interface Guarded {
  guard: Guard
  jobs: ReadonlySet<PlannedJob>
}

/** The guard that a batch needs: over what may cut off the way by which this run came, when it came over a network. */
export function guardOf({ hosts, guardSeconds }: PlayContext, { target, jobs }: Batch): Guarded | undefined {
  const way = hosts.way(target)
  if (way?.endpoints === undefined) return undefined
  const paths = new Map<WayIn, string[]>()
  const risky = new Set<PlannedJob>()
  for (const job of jobs) {
    for (const part of partsAtRisk(job, way)) {
      risky.add(job)
      paths.set(part, [...(paths.get(part) ?? []), ...touchedFiles(job)])
    }
  }
  if (risky.size === 0) return undefined
  const parts = [...paths].map(([part, touched]) => ({ part, ...keptOf(part, touched, way.user) }))
  return { guard: { id: randomBytes(8).toString('hex'), parts, seconds: guardSeconds }, jobs: risky }
}

/** What is kept whole, and of which folders only owner and mode: what is above the way in holds too much else. */
function keptOf(part: WayIn, touched: readonly string[], user: string): { paths: string[]; folders: string[] } {
  const folders = touched.filter((path) => isFolderAbove(path, user))
  const paths = touched.filter((path) => !folders.includes(path))
  return { paths: part === 'keys' && folders.length > 0 ? [...paths, keysOf(user)] : paths, folders }
}

/**
 * Logs in anew, works as the same user, and lets the changes stand; or sees to it that they are undone, and gives what stood in
 * the way. `isRead`: sshd or the network has taken its new configuration.
 */
export async function proveWayIn(
  context: PlayContext,
  { step: { become }, position, target }: Batch,
  { guard }: Guarded,
  isRead: boolean,
): Promise<string | undefined> {
  const { hosts, sleep } = context
  const watches = (part: WayIn) => guard.parts.some((one) => one.part === part)
  const go = async (command: Command) => {
    const job = { commands: [command], timeoutMs: 60_000 }
    const { jobs } = await hosts.go({ host: target, become, step: position, jobs: [job], reads: [] })
    return jobs[0]?.[0]?.code
  }
  try {
    await logInAnew(context, target, become)
    if (watches('network')) {
      await sleep(SETTLING_MS)
      await logInAnew(context, target, become)
    }
    if ((watches('sshd') || watches('network')) && !isRead) hosts.unread.set(target, become)
    if ((await go(endGuard(guard, isRead))) !== UNDONE) return undefined
    return `a new login took longer than ${guard.seconds} s`
  } catch (error) {
    if (!(error instanceof RemoteProblem)) throw error
    // When this connection is gone as well, the timer on the host does it.
    await go(undoNow(guard)).catch(ignoreLoss)
    return error.message
  }
}

/** Logs in to the host, and tries again for a moment when nobody answers: sshd that reads its configuration anew starts itself over. */
async function logInAnew({ hosts, sleep, now }: PlayContext, host: string, become: Become | undefined): Promise<void> {
  const end = now().getTime() + STARTING_MS
  for (let attempt = 1; ; attempt++) {
    try {
      return await hosts.logInAnew(host, become)
    } catch (error) {
      const isSilent = error instanceof RemoteProblem && error.code === 'UNREACHABLE'
      if (!isSilent || attempt >= STARTING_TRIES || now().getTime() > end) throw error
    }
    await sleep(STARTING_MS / STARTING_TRIES)
  }
}

/** Takes away what was kept where nothing has read the new configuration, and nothing is owed that will. */
export async function forgetUnread(hosts: Hosts, position: number): Promise<void> {
  const trips = [...hosts.unread].map(([host, become]) => {
    const jobs = [{ commands: [forgetProven], timeoutMs: 60_000 }]
    return hosts.go({ host, become, step: position, jobs, reads: [] }).catch(ignoreLoss)
  })
  hosts.unread.clear()
  await Promise.all(trips)
}

function ignoreLoss(reason: unknown): void {
  if (!(reason instanceof RemoteProblem)) throw reason
}

/** The parts of the way in that a job may cut off: as its changes say, and else by the files that they touch. */
function partsAtRisk(job: PlannedJob, way: ConnectionState): WayIn[] {
  const { planned } = job
  if (planned.kind === 'decision') {
    const { decision } = planned
    return decision.due && decision.endangers !== undefined ? [decision.endangers] : []
  }
  if (planned.kind !== 'plan' || planned.plan.changes.length === 0) return []
  const said = planned.plan.changes.flatMap(({ endangers }) => endangers ?? [])
  const isOwnWord = planned.plan.changes.some((change) => 'endangers' in change)
  const byFiles = isOwnWord ? [] : touchedFiles(job).flatMap((path) => partOfPath(path, way.user) ?? [])
  return [...new Set([...said, ...byFiles])]
}

function touchedFiles({ planned }: PlannedJob): string[] {
  if (planned.kind !== 'plan') return []
  return (planned.plan.after ?? []).flatMap(({ read }) =>
    read.kind === 'file' && !read.path.includes('\n') && !read.path.startsWith('/proc/') ? [read.path] : [],
  )
}
