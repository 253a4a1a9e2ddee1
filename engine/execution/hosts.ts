import pLimit, { type LimitFunction } from 'p-limit'
import type { Become } from '../remote/address.ts'
import { type Debt, debtsRead, parseDebts } from '../remote/debt.ts'
import { factsRead, parseFacts } from '../remote/facts.ts'
import type { Done, Job, RemoteHost } from '../remote/host.ts'
import type { LockHolder } from '../remote/lock.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import type { AnyRead, RawState } from '../resource/read.ts'
import type { ValueMap } from '../resource/value.ts'
import { mergeReads, World } from './world.ts'

/** One round to one host: jobs to do, reads to make, and the step of the playbook that it is for. */
export interface Trip {
  host: string
  become: Become | undefined
  step: number
  jobs: readonly Job[]
  reads: Iterable<AnyRead>
  /** Accounts that the jobs change. */
  changes?: readonly string[]
}

export interface HostsOptions {
  open: (host: string) => Promise<RemoteHost>
  /** Hosts worked on at a time. */
  forks: number
  /** A host answered for the first time, with what earlier runs owe to it. */
  onConnected: (host: string, debts: readonly Debt[], as: Become | undefined) => void
  /** Who takes the lock of each host; nobody in check mode. */
  lock: LockHolder | undefined
}

/** All hosts of a run: their connections, opened when first needed, and what is known of each. */
export class Hosts {
  readonly #options: HostsOptions
  readonly #limit: LimitFunction
  readonly #remotes = new Map<string, Promise<RemoteHost>>()
  readonly #connected = new Map<string, RemoteHost>()
  readonly #worlds = new Map<string, World>()
  readonly #facts = new Map<string, ValueMap>()

  constructor(options: HostsOptions) {
    this.#options = options
    this.#limit = pLimit(options.forks)
  }

  /** What is known of a host, and predicted for it. */
  world(host: string): World {
    let world = this.#worlds.get(host)
    if (!world) {
      world = new World(host)
      this.#worlds.set(host, world)
    }
    return world
  }

  /** A fork took the place of what was predicted: the plans in it were accepted. */
  accept(world: World): void {
    this.#worlds.set(world.host, world)
  }

  facts(host: string): ValueMap | undefined {
    return this.#facts.get(host)
  }

  /** Goes to the host and takes in what was seen. The first trip also asks for what earlier runs owe to it. */
  async go({ host, become, step, jobs, reads, changes }: Trip): Promise<Done> {
    const isNew = !this.#connected.has(host)
    // Nothing is changed on a host before its lock is known to be ours.
    if (isNew && jobs.length > 0) await this.go({ host, become, step, jobs: [], reads: [] })
    return await this.#limit(async () => {
      const remote = await this.#remote(host)
      const first = !this.#connected.has(host)
      const lock = first ? this.#options.lock : undefined
      const asked = [...mergeReads(first ? [...reads, debtsRead] : reads).values()]
      const done = await remote.round({ become, jobs, reads: asked, lock, changes })
      if (done.lockedBy) throw locked(host, done.lockedBy)
      this.#connected.set(host, remote)
      this.world(host).keep(asked, done.seen, userKey(become), step)
      this.world(host).know(userKey(become), done.as)
      const facts = done.seen.get(factsRead.key)
      if (facts && 'state' in facts) this.#facts.set(host, parseFacts(facts.state as RawState))
      const debts = done.seen.get(debtsRead.key)
      if (first)
        this.#options.onConnected(host, debts && 'state' in debts ? parseDebts(debts.state as RawState) : [], become)
      return done
    })
  }

  traffic(host: string): { rounds: number; bytesSent: number; bytesReceived: number } {
    const { rounds, bytesSent, bytesReceived } = this.#connected.get(host)?.traffic ?? NO_TRAFFIC
    return { rounds, bytesSent, bytesReceived }
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#remotes.values()].map(async (remote) => (await remote).close()))
  }

  #remote(host: string): Promise<RemoteHost> {
    let remote = this.#remotes.get(host)
    if (!remote) {
      remote = this.#options.open(host)
      this.#remotes.set(host, remote)
    }
    return remote
  }
}

/** Names the user who looks, since another may see other things. */
export function userKey(become: Become | undefined): string {
  return become ? `${become.method} ${become.user}` : ''
}

function locked(host: string, { by, playbook, since }: LockHolder): RemoteProblem {
  return new RemoteProblem({
    code: 'LOCKED',
    host,
    message: `${by} has been working on ${host} since ${since}, with ${playbook}`,
    hint: 'wait for that run to end; the lock goes with its connection',
  })
}

const NO_TRAFFIC = { rounds: 0, bytesSent: 0, bytesReceived: 0 }
