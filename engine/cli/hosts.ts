import { homedir } from 'node:os'
import type { LabAccess } from '../../lab/lab.ts'
import type { Inventory } from '../language/inventory.ts'
import type { Play } from '../language/playbook.ts'
import { Problem, Problems } from '../problem.ts'
import { type RemoteHost, remoteHost } from '../remote/host.ts'
import { Bastions } from '../remote/reach.ts'
import { type GivenAddress, jumpHosts, resolveAddress } from '../remote/resolve-address.ts'
import { connect } from '../remote/session.ts'
import { sshConfig } from '../remote/ssh-config.ts'
import type { Secret } from '../resource/secret.ts'
import { connectionOf, givenAddress, textOf } from './given-address.ts'
import type { ConnectionFlags, GuardFlags } from './options.ts'
import { askedOnce } from './prompt.ts'

export interface HostsOptions {
  inventory: Inventory
  plays: readonly Play[]
  flags: ConnectionFlags & GuardFlags
  /** How the lab's hosts are reached, when it is those. */
  lab: LabAccess | undefined
  signal: AbortSignal
  /** What has been asked for already; otherwise it is asked for now. */
  answers?: Answers
}

/**
 * Connects to hosts of the inventory. Flags win over host variables, those over the play, and that over ~/.ssh/config. What
 * is wrong about the address of any host of the plays is thrown at once, before a connection is made.
 */
export async function hostOpener(options: HostsOptions): Promise<(host: string) => Promise<RemoteHost>> {
  const { flags, lab, signal } = options
  const addresses = givenAddresses(options)
  // The lab's network is its own: what ~/.ssh/config says is about other hosts.
  const config = await sshConfig(lab ? '/dev/null' : (flags.sshConfig ?? `${homedir()}/.ssh/config`))
  const answers = options.answers ?? (await askFor(flags))
  const bastions = new Bastions()

  return async (name) => {
    const { given, jump } = addresses.get(name) ?? addressOf(name, options)
    const address = await resolveAddress({ ...given, ...answers.login }, config)
    const through = jump === undefined ? {} : { jump: await jumpHosts(jump, address, config) }
    const connection = await connect({ ...address, ...through }, { signal, bastions })
    const remote = remoteHost(connection, { isGuarded: flags.guardSeconds !== 0 })
    return answers.become ? withBecomePassword(remote, answers.become) : remote
  }
}

/** Passwords of the person at the terminal. */
export interface Answers {
  login: Pick<GivenAddress, 'password' | 'passphrase'>
  become: (() => Promise<Secret>) | undefined
}

/** Passwords that flags announce are asked for now, a key's passphrase when a host has accepted that key. */
export async function askFor(flags: ConnectionFlags): Promise<Answers> {
  const password = flags.askPass ? askedOnce('password to log in') : undefined
  const become = flags.askBecomePass ? askedOnce('password to become') : undefined
  await password?.()
  await become?.()
  const passphrase = askedOnce('passphrase of the private key')
  return { login: password ? { password, passphrase } : { passphrase }, become }
}

function withBecomePassword(remote: RemoteHost, password: () => Promise<Secret>): RemoteHost {
  return {
    traffic: remote.traffic,
    get way() {
      return remote.way
    },
    close: () => remote.close(),
    release: () => remote.release(),
    round: ({ become, lock, ...work }) => {
      const own = lock && { ...lock, as: lock.as && { ...lock.as, password } }
      return remote.round({ ...work, become: become && { ...become, password }, ...(own ? { lock: own } : {}) })
    },
  }
}

interface Way {
  given: GivenAddress
  /** `user@host:port,…`, as ProxyJump has it. */
  jump: string | undefined
}

function givenAddresses(options: HostsOptions): Map<string, Way> {
  const ways = new Map<string, Way>()
  const problems: Problem[] = []
  for (const name of new Set(options.plays.flatMap((play) => play.hosts))) {
    try {
      ways.set(name, addressOf(name, options))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problems.push(error)
    }
  }
  if (problems.length > 0) throw new Problems(problems)
  return ways
}

function addressOf(name: string, { inventory, plays, flags, lab }: HostsOptions): Way {
  const variables = inventory.variables(name)
  const sshConfigFile = flags.sshConfig === undefined ? {} : { sshConfigFile: flags.sshConfig }
  const given = { ...givenAddress({ name, variables, play: connectionOf(plays, name), flags, lab }), ...sshConfigFile }
  return { given, jump: textOf(name, 'jump', variables.jump) }
}
