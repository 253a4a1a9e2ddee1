import type { Secret } from '../resource/secret.ts'

/** All that a connection needs to know, put together by the caller from inventory, flags and ~/.ssh/config. */
export interface HostAddress {
  /** The inventory's name, for messages. */
  name: string
  /** What is dialled: an IP address or a name that resolves. */
  address: string
  port: number
  user: string
  connection: 'ssh2' | 'openssh' | 'local'
  /** When given, they are tried in place of the default identities. */
  privateKeyFiles?: readonly string[]
  /** True: of the agent's keys only those that `privateKeyFiles` name. */
  identitiesOnly?: boolean
  /** Unlocks private keys; asked when the host has accepted a key that is locked, and not before. */
  passphrase?: () => Promise<Secret>
  /** For password and keyboard-interactive logins; asked when keys have not sufficed. */
  password?: () => Promise<Secret>
  /** The socket of an ssh-agent. */
  agentSocket?: string
  /** The first is the user's own and the one that `accept-new` writes to. */
  knownHostsFiles: readonly string[]
  /** The name under which the host's key is filed, when that is not its address. */
  hostKeyAlias?: string
  hostKeyChecking: 'strict' | 'accept-new'
  /** Hosts to go through, the nearest first. */
  jump?: readonly HostAddress[]
  connectTimeoutMs: number
  /** Time between signs of life; a peer that misses three of them is dead. 0 switches them off. */
  keepaliveMs: number
  /** For `connection: openssh`: the file that ssh reads in place of ~/.ssh/config. */
  sshConfigFile?: string
}

/** Another user to work as, and how. */
export interface Become {
  user: string
  method: 'sudo' | 'su' | 'doas'
  /** Asked when the host asks for it, and not before. */
  password?: () => Promise<Secret>
}

/** `name (user@address:port)`, as messages name a host. */
export function nameOf({ name, address, port, user }: HostAddress): string {
  return `${name} (${user}@${address.includes(':') ? `[${address}]` : address}:${port})`
}
