import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { RemoteHost } from '../../engine/remote/host.ts'
import type { Event } from '../../engine/report/event.ts'
import { labKill, labPowerOn } from '../../lab/faults.ts'

/**
 * Where a connection breaks: before a round has gone out, or when the host has been sent all of it and can no longer answer; or the
 * host itself loses its power before the round, and gets it back at once or only later.
 */
type Moment = 'before' | 'after' | 'without power' | 'off'

export interface Cut {
  host: string
  /** Its number from 1, or the name of a task: the first round after that has begun; for a host that goes off that of any host. */
  round: number | string
  moment: Moment
  /** Of a host that goes off: the task with whose beginning it is up again; the end of the run without it. */
  back?: string
}

/** What a run did, in turn: it told a line, or a round of a host began or was over. A round that only looks leaves a host as it is. */
export type Mark = 'line' | { host: string; round: number; acts: boolean; isOver: boolean }

const CHANNEL = 'net.client.socket'

/** Knows the sockets of this process, and breaks the connection to a host at one of its rounds. */
export class Wire {
  readonly #sockets = new Set<Socket>()
  /** How many rounds each host has had. */
  readonly rounds = new Map<string, number>()
  readonly trace: Mark[] = []
  hasCut = false
  readonly #cut: Cut | undefined
  #hasBegun = false
  readonly #addresses = new Map<string, string>()
  #isOff = false
  /** What is being done to the power of the host that goes off. */
  #isSettled: Promise<void> = Promise.resolve()
  readonly #note = (message: unknown) => {
    this.#sockets.add((message as { socket: Socket }).socket)
  }

  constructor(cut?: Cut) {
    this.#cut = cut
    subscribe(CHANNEL, this.#note)
  }

  /** Is told all events, for a cut that a task is named for. */
  note(event: Event): void {
    this.trace.push('line')
    if (event.type !== 'task-started') return
    if (event.task.name === this.#cut?.round) this.#hasBegun = true
    if (this.#isOff && event.task.name === this.#cut?.back) this.#isSettled = this.bringBack()
  }

  /** Nothing of this process's doing is off any more. */
  async bringBack(): Promise<void> {
    if (!this.#isOff || !this.#cut) return await this.#isSettled
    this.#isOff = false
    await labPowerOn(this.#cut.host)
  }

  /** The host with its rounds counted, from 1. */
  around(host: string, address: string, remote: RemoteHost): RemoteHost {
    this.#addresses.set(host, address)
    return {
      ...remote,
      get way() {
        return remote.way
      },
      round: async (work) => {
        const round = (this.rounds.get(host) ?? 0) + 1
        this.rounds.set(host, round)
        const acts = work.jobs.length > 0
        this.trace.push({ host, round, acts, isOver: false })
        const cut = this.#cut
        const isOwn = cut?.host === host
        const isHere = (isOwn && cut.round === round) || (this.#hasBegun && (isOwn || cut?.moment === 'off'))
        if (!cut || !isHere || this.hasCut) {
          await this.#isSettled
          return await remote.round(work).finally(() => this.trace.push({ host, round, acts, isOver: true }))
        }
        this.hasCut = true
        if (cut.moment === 'off') {
          this.#isSettled = this.#switchOff(cut.host)
          await this.#isSettled
          return await remote.round(work)
        }
        if (cut.moment === 'without power') {
          await labKill(host)
          await labPowerOn(host)
          return await remote.round(work)
        }
        const sockets = this.#socketsTo(host)
        if (cut.moment === 'before') for (const socket of sockets) socket.destroy()
        const before = remote.traffic.bytesSent
        let isOver = false
        const done = remote.round(work).finally(() => {
          isOver = true
        })
        // Who looks at the result comes later.
        done.catch(() => {})
        while (
          !isOver &&
          (remote.traffic.bytesSent === before || sockets.some(({ writableLength }) => writableLength > 0))
        )
          await turn()
        for (const socket of sockets) socket.destroy()
        return await done
      },
    }
  }

  async #switchOff(host: string): Promise<void> {
    await labKill(host)
    this.#isOff = true
    for (const socket of this.#socketsTo(host)) socket.destroy()
  }

  #socketsTo(host: string): Socket[] {
    const address = this.#addresses.get(host)
    return [...this.#sockets].filter(({ remoteAddress }) => remoteAddress === address)
  }

  [Symbol.dispose](): void {
    unsubscribe(CHANNEL, this.#note)
  }
}
