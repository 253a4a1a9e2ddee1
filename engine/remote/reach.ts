import { type HostAddress, nameOf } from './address.ts'
import { RemoteProblem } from './remote-problem.ts'
import type { ConnectOptions } from './session.ts'
import { type Dialled, type Ssh2Link, ssh2Link } from './ssh2-link.ts'
import { dial } from './tcp.ts'

/** Connects to a host and logs in, through its jump hosts if it has any. */
export async function reach(host: HostAddress, options: ConnectOptions): Promise<Ssh2Link> {
  return ssh2Link(host, await way(host, options), options.signal)
}

async function way(host: HostAddress, options: ConnectOptions): Promise<Dialled> {
  const last = host.jump?.at(-1)
  if (last === undefined) return { socket: await dial(host, options.signal), release: async () => {} }
  const before = host.jump?.slice(0, -1) ?? []
  const jump: HostAddress = before.length > 0 ? { ...last, jump: before } : last
  try {
    const { link, release } = await (options.bastions ?? new Bastions()).use(jump, options)
    try {
      return { socket: await link.forward(host.address, host.port), release }
    } catch (reason) {
      await release()
      throw reason
    }
  } catch (reason) {
    if (reason instanceof RemoteProblem) {
      const { code, message, hint, lost } = reason
      throw new RemoteProblem({
        code,
        host: host.name,
        message: `The way to ${host.name}: ${message}`,
        hint,
        lost,
      })
    }
    const words = reason instanceof Error ? reason.message : String(reason)
    const message = `${nameOf(host)} cannot be reached through ${last.name}: ${words}.`
    throw new RemoteProblem({ code: 'UNREACHABLE', host: host.name, message })
  }
}

/** Connections to jump hosts, shared by all hosts behind them and closed with the last of those. */
export class Bastions {
  readonly #open = new Map<string, { link: Promise<Ssh2Link>; users: number }>()

  /** The connection to a jump host, made when there is none that stands. */
  async use(jump: HostAddress, options: ConnectOptions): Promise<{ link: Ssh2Link; release(): Promise<void> }> {
    const key = keyOf(jump)
    let entry = this.#open.get(key)
    if (entry === undefined) {
      entry = { link: reach(jump, options), users: 0 }
      this.#open.set(key, entry)
    }
    const mine = entry
    mine.users++
    const drop = () => {
      if (this.#open.get(key) === mine) this.#open.delete(key)
    }
    const link = await mine.link.catch((reason) => {
      drop()
      throw reason
    })
    if (link.broken !== undefined) drop()
    return {
      link,
      release: async () => {
        if (--mine.users > 0) return
        drop()
        await link.close()
      },
    }
  }
}

function keyOf({ user, address, port, jump }: HostAddress): string {
  return [...(jump ?? []), { user, address, port }].map((hop) => `${hop.user}@${hop.address}:${hop.port}`).join(' ')
}
