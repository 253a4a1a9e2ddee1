import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { RemoteHost } from '../../engine/remote/host.ts'
import type { Event } from '../../engine/report/event.ts'
import { labKill, labPowerOn } from '../../lab/faults.ts'

/**
 * Where a connection breaks: before a round has gone out, or when the host has been sent all of it and can no longer answer; or the
 * host itself loses its power before the round, and gets it back.
 */
type Moment = 'before' | 'after' | 'without power'

export interface Cut {
  host: string
  /** Its number from 1, or the name of a task: the first round after that has begun. */
  round: number | string
  moment: Moment
}

const CHANNEL = 'net.client.socket'

/** Knows the sockets of this process, and breaks the connection to a host at one of its rounds. */
export class Wire {
  readonly #sockets = new Set<Socket>()
  /** How many rounds each host has had. */
  readonly rounds = new Map<string, number>()
  hasCut = false
  readonly #cut: Cut | undefined
  #hasBegun = false
  readonly #note = (message: unknown) => {
    this.#sockets.add((message as { socket: Socket }).socket)
  }

  constructor(cut?: Cut) {
    this.#cut = cut
    subscribe(CHANNEL, this.#note)
  }

  /** Is told all events, for a cut that a task is named for. */
  note(event: Event): void {
    if (event.type === 'task-started' && event.task.name === this.#cut?.round) this.#hasBegun = true
  }

  /** The host with its rounds counted, from 1. */
  around(host: string, address: string, remote: RemoteHost): RemoteHost {
    return {
      ...remote,
      get way() {
        return remote.way
      },
      round: async (work) => {
        const round = (this.rounds.get(host) ?? 0) + 1
        this.rounds.set(host, round)
        const isHere = this.#cut?.host === host && (this.#cut.round === round || this.#hasBegun)
        if (!this.#cut || !isHere || this.hasCut) return await remote.round(work)
        this.hasCut = true
        if (this.#cut.moment === 'without power') {
          await labKill(host)
          await labPowerOn(host)
          return await remote.round(work)
        }
        const sockets = [...this.#sockets].filter(({ remoteAddress }) => remoteAddress === address)
        if (this.#cut.moment === 'before') for (const socket of sockets) socket.destroy()
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

  [Symbol.dispose](): void {
    unsubscribe(CHANNEL, this.#note)
  }
}
