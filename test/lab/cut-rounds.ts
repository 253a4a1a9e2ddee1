import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { RemoteHost } from '../../engine/remote/host.ts'

/** Where a connection breaks: before a round has gone out, or when the host has been sent all of it and can no longer answer. */
export type Moment = 'before' | 'after'

const CHANNEL = 'net.client.socket'

/** Knows the sockets of this process, and breaks the connection to a host at one of its rounds. */
export class Wire {
  readonly #sockets = new Set<Socket>()
  /** How many rounds each host has had. */
  readonly rounds = new Map<string, number>()
  hasCut = false
  readonly #cut: { host: string; round: number; moment: Moment } | undefined
  readonly #note = (message: unknown) => {
    this.#sockets.add((message as { socket: Socket }).socket)
  }

  constructor(cut?: { host: string; round: number; moment: Moment }) {
    this.#cut = cut
    subscribe(CHANNEL, this.#note)
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
        if (this.#cut?.host !== host || this.#cut.round !== round) return await remote.round(work)
        this.hasCut = true
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
