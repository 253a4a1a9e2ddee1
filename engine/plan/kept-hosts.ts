import type { Done, RemoteHost, Work } from '../remote/host.ts'
import type { LockHolder } from '../remote/lock.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'

export interface KeptHosts {
  /** How one passage opens hosts; who opens one again within it means a connection of its own, to prove that there is a way. */
  passage: () => (name: string) => Promise<RemoteHost>
  close: () => Promise<void>
}

/**
 * Hosts that are gone through more than once: the connection is made once, locks the host with its first round, and stays when
 * one of them closes it. A host that was locked by another or lost stays so: nothing was seen of it that the next could rely on.
 */
export function keepHosts(open: (name: string) => Promise<RemoteHost>, lock: LockHolder): KeptHosts {
  const kept = new Map<string, Promise<{ remote: RemoteHost; shared: RemoteHost }>>()
  const connect = async (name: string) => {
    const remote = await open(name)
    return { remote, shared: shareable(remote, lock) }
  }
  return {
    passage() {
      const opened = new Set<string>()
      return async (name) => {
        if (opened.has(name)) return await open(name)
        opened.add(name)
        const found = kept.get(name) ?? connect(name)
        kept.set(name, found)
        return (await found).shared
      }
    },
    async close() {
      await Promise.allSettled([...kept.values()].map(async (one) => (await one).remote.close()))
    },
  }
}

function shareable(remote: RemoteHost, lock: LockHolder): RemoteHost {
  let isHeld = false
  let isOver: Done | RemoteProblem | undefined
  /** Rounds wait for one another until the lock is there. */
  let turn: Promise<unknown> = Promise.resolve()

  async function locking(work: Work): Promise<Done> {
    if (isOver instanceof RemoteProblem) throw isOver
    if (isOver) return isOver
    try {
      const done = await remote.round({ ...work, lock: isHeld ? undefined : lock })
      if (done.lockedBy) isOver = { jobs: [], seen: new Map(), lockedBy: done.lockedBy }
      else isHeld = true
      return done
    } catch (error) {
      if (error instanceof RemoteProblem && (error.unreachable || error.lost)) isOver = error
      throw error
    }
  }

  return {
    get traffic() {
      return remote.traffic
    },
    get way() {
      return remote.way
    },
    close: async () => {},
    round(work) {
      if (isHeld) return locking(work)
      const result = turn.then(() => locking(work))
      turn = result.catch(() => {})
      return result
    },
  }
}
