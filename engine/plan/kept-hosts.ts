import { lossOf } from '../execution/apply.ts'
import type { RemoteHost } from '../remote/host.ts'
import type { LockHolder } from '../remote/lock.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'

export interface KeptHosts {
  /** How one passage opens hosts; who opens one again within it means a connection of its own, to prove that there is a way. */
  passage: () => (name: string) => Promise<RemoteHost>
  close: () => Promise<void>
}

/**
 * Hosts that are gone through more than once: the connection is made once, holds the host's lock in every round, and stays when
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

function shareable(remote: RemoteHost, holder: LockHolder): RemoteHost {
  let isOver: RemoteProblem | undefined
  return {
    get traffic() {
      return remote.traffic
    },
    get way() {
      return remote.way
    },
    release: () => remote.release(),
    close: async () => {},
    async round(work) {
      if (isOver) throw isOver
      try {
        // A check asks for no lock, and this one is made under the lock of the run that follows.
        return await remote.round({ ...work, lock: { holder, as: work.lock ? work.lock.as : work.become } })
      } catch (error) {
        if (error instanceof RemoteProblem && lossOf(error) !== undefined) isOver = error
        throw error
      }
    },
  }
}
