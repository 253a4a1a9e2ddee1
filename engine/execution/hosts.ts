import pLimit, { type LimitFunction } from 'p-limit'
import type { Become } from '../remote/address.ts'
import { type Debt, debtsRead, hidesDebts, parseDebts } from '../remote/debt.ts'
import { factsRead, parseFacts } from '../remote/facts.ts'
import { undoStanding } from '../remote/guard.ts'
import type { Done, Job, RemoteHost } from '../remote/host.ts'
import type { LockHolder } from '../remote/lock.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import { sh } from '../resource/command.ts'
import { type AnyRead, type ConnectionState, type RawState, read } from '../resource/read.ts'
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
  /** Ends the sending of files. */
  signal?: AbortSignal | undefined
}

export interface HostsOptions {
  open: (host: string) => Promise<RemoteHost>
  /** Hosts worked on at a time. */
  forks: number
  /** A host answered for the first time. */
  onConnected: (host: string) => void
  /** What earlier runs owe to the host, as far as this user can see it: told by the first trip of each user. */
  onDebts: (host: string, debts: readonly Debt[], as: Become | undefined) => void
  /** Root has debts on the host, nobody of this run is root there, and so nobody can see them. */
  onHiddenDebts: (host: string) => void
  /** What an earlier run left on trial, which could have cut off the way in, was undone before anything was looked at. */
  onUndone: (host: string) => void
  /** Who takes the lock of each host; nobody in check mode. */
  lock: LockHolder | undefined
  /** The root whom the run will become on a host, if any: that lock is the one that keeps others out. */
  rootOf: (host: string) => Become | undefined
}

/** All hosts of a run: their connections, opened when first needed, and what is known of each. */
export class Hosts {
  readonly #options: HostsOptions
  readonly #limit: LimitFunction
  readonly #remotes = new Map<string, Promise<RemoteHost>>()
  readonly #connected = new Map<string, RemoteHost>()
  readonly #worlds = new Map<string, World>()
  readonly #facts = new Map<string, ValueMap>()
  readonly #keepers = new Map<string, Become | undefined>()
  /** Users who have asked for debts, by host. */
  readonly #asked = new Map<string, Set<string>>()
  /** Hosts with a configuration of sshd or the network that nothing has read yet, by who wrote it: what was before is kept there. */
  readonly unread = new Map<string, Become | undefined>()

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

  /** How the run has come to the host; undefined before it has. */
  way(host: string): ConnectionState | undefined {
    return this.#connected.get(host)?.way
  }

  /** Proves that one can log in to the host and work there, by a connection of its own; rejects with a RemoteProblem. */
  async logInAnew(host: string, become: Become | undefined): Promise<void> {
    await this.#limit(async () => {
      const remote = await this.#options.open(host)
      try {
        await remote.round({ become, jobs: [], reads: [PROOF] })
      } finally {
        await remote.close()
      }
    })
  }

  /** Goes to the host and takes in what was seen. The first trip of each user also asks for what earlier runs owe. */
  async go({ host, become, step, jobs, reads, changes, signal }: Trip): Promise<Done> {
    // Nothing is changed on a host before it is known whose lock it has and what is owed there.
    if (!this.#connected.has(host) && (jobs.length > 0 || !isSame(this.#keeper(host, become), become)))
      await this.#arrive(host, become, step)
    return await this.#limit(async () => {
      const remote = await this.#remote(host)
      const isNew = !this.#hasAsked(host, become)
      const asked = [...mergeReads(isNew ? [...reads, debtsRead] : reads).values()]
      const { lock: holder } = this.#options
      const lock = holder && { holder, as: this.#keeper(host, become) }
      const isFirst = isNew && lock !== undefined && isSame(lock.as, become)
      const before = isFirst ? [{ commands: [undoStanding], timeoutMs: 120_000 }] : []
      const all = await remote.round({ become, jobs: [...before, ...jobs], reads: asked, lock, changes, signal })
      const done = { ...all, jobs: all.jobs.slice(before.length) }
      const left = isFirst ? all.jobs[0]?.[0]?.stdout : undefined
      if (left?.includes('undone')) this.#options.onUndone(host)
      if (left?.includes('unread')) this.unread.set(host, become)
      this.world(host).keep(asked, done.seen, userKey(become), step)
      this.world(host).know(userKey(become), done.as)
      const facts = done.seen.get(factsRead.key)
      if (facts && 'state' in facts) this.#facts.set(host, parseFacts(facts.state as RawState))
      if (isNew) this.#welcome(host, remote, become, done)
      return done
    })
  }

  /**
   * Tries once to lock all of these hosts, and keeps what it gets only when it gets all: two runs that wait for each other
   * would wait for ever. Gives what is in the way; a host with another trouble is left to its first trip.
   */
  async tryLockAll(names: readonly string[], holder: LockHolder): Promise<RemoteProblem[]> {
    const locked: RemoteHost[] = []
    const problems = await Promise.all(
      names.map((host) =>
        this.#limit(async () => {
          const become = this.#options.rootOf(host)
          try {
            const remote = await this.#remote(host)
            await remote.round({ become, jobs: [], reads: [], lock: { holder, as: become } })
            locked.push(remote)
          } catch (error) {
            if (!(error instanceof RemoteProblem)) throw error
            if (error.code === 'LOCKED') return [error]
          }
          return []
        }),
      ),
    )
    const inTheWay = problems.flat()
    if (inTheWay.length > 0) await Promise.all(locked.map((remote) => remote.release()))
    return inTheWay
  }

  traffic(host: string): { rounds: number; bytesSent: number; bytesReceived: number } {
    const { rounds, bytesSent, bytesReceived } = this.#connected.get(host)?.traffic ?? NO_TRAFFIC
    return { rounds, bytesSent, bytesReceived }
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#remotes.values()].map(async (remote) => (await remote).close()))
  }

  /** The first trip, by whoever is to hold the lock; by the one who wants to go when that one may not become root. */
  async #arrive(host: string, become: Become | undefined, step: number): Promise<void> {
    const as = this.#keeper(host, become)
    try {
      await this.go({ host, become: as, step, jobs: [], reads: [] })
    } catch (error) {
      if (!(error instanceof RemoteProblem) || error.code !== 'BECOME_FAILED' || isSame(as, become)) throw error
      this.#keepers.set(host, become)
      await this.go({ host, become, step, jobs: [], reads: [] })
    }
  }

  /** Who holds the lock of a host: its root as soon as the run works as root, else the user who came first. */
  #keeper(host: string, become: Become | undefined): Become | undefined {
    const keeper = this.#keepers.has(host) ? this.#keepers.get(host) : (this.#options.rootOf(host) ?? become)
    const chosen = become?.user === 'root' && keeper?.user !== 'root' ? become : keeper
    this.#keepers.set(host, chosen)
    return chosen
  }

  #hasAsked(host: string, become: Become | undefined): boolean {
    return this.#asked.get(host)?.has(userKey(become)) ?? false
  }

  #welcome(host: string, remote: RemoteHost, become: Become | undefined, { seen }: Done): void {
    if (this.#hasAsked(host, become)) return
    if (!this.#connected.has(host)) this.#options.onConnected(host)
    this.#connected.set(host, remote)
    this.#asked.set(host, (this.#asked.get(host) ?? new Set()).add(userKey(become)))
    const answer = seen.get(debtsRead.key)
    if (!answer || !('state' in answer)) return
    const state = answer.state as RawState
    this.#options.onDebts(host, parseDebts(state), become)
    if (hidesDebts(state) && this.#keepers.get(host)?.user !== 'root') this.#options.onHiddenDebts(host)
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

function isSame(one: Become | undefined, other: Become | undefined): boolean {
  return userKey(one) === userKey(other)
}

/** Something that every shell can do. */
const PROOF = read.raw('a shell', sh`:`)

const NO_TRAFFIC = { rounds: 0, bytesSent: 0, bytesReceived: 0 }
