import { homedir, userInfo } from 'node:os'
import type { HostAddress } from './address.ts'
import type { SshConfig, SshSettings } from './ssh-config.ts'

/** What inventory and flags say; they win over ~/.ssh/config, and that over the defaults. */
export type GivenAddress = Pick<HostAddress, 'name' | 'address'> & Partial<HostAddress>

let name: string | undefined

/** The account of this process; asking the system for it again would cost a look at its files for each host. */
function ownName(): string {
  name ??= userInfo().username
  return name
}

/** Only ssh itself can do these. */
const NEEDS_OPENSSH = [
  'proxycommand',
  'certificatefile',
  'pkcs11provider',
  'securitykeyprovider',
  'gssapiauthentication',
]

const SYSTEM_KNOWN_HOSTS = '/etc/ssh/ssh_known_hosts'

/**
 * Completes what is known of a host with ssh's client configuration and the defaults. `behind` are the hosts that lie
 * behind this one: where a `Host *` sends all through a jump host, the jump host itself is reached directly.
 */
export async function resolveAddress(
  given: GivenAddress,
  config: SshConfig,
  behind: readonly string[] = [],
): Promise<HostAddress> {
  if (given.connection === 'local') return withDefaults(given, {})
  const settings = await config(given.address)
  const connection = given.connection ?? (needsOpenssh(settings) ? 'openssh' : 'ssh2')
  if (connection === 'openssh') {
    // ssh reads its configuration itself, by the name that stands there.
    return withDefaults(given, { connection, ...loginOf(settings) })
  }
  const address = settings.get('hostname')?.[0]?.replaceAll('%h', given.address).replaceAll('%%', '%') ?? given.address
  const login = loginOf(settings)
  const expand = expander({ ...given, ...login, address, alias: given.address })
  const jumpTo = settings.get('proxyjump')?.[0]
  const agent = settings.get('identityagent')?.[0]
  const checking = settings.get('stricthostkeychecking')?.[0]?.toLowerCase()
  const ownFiles = settings.get('userknownhostsfile')
  const found: Partial<HostAddress> = {
    ...login,
    connection,
    ...optional('privateKeyFiles', settings.get('identityfile')?.map(expand)),
    ...optional('knownHostsFiles', ownFiles && [...ownFiles.map(expand), SYSTEM_KNOWN_HOSTS]),
    ...optional('identitiesOnly', settings.get('identitiesonly')?.[0] === 'yes' ? true : undefined),
    ...optional('hostKeyAlias', settings.get('hostkeyalias')?.[0]),
    ...optional('connectTimeoutMs', timeOf(settings.get('connecttimeout')?.[0])),
    ...optional('keepaliveMs', timeOf(settings.get('serveraliveinterval')?.[0])),
    ...optional('agentSocket', agent === undefined || agent === 'SSH_AUTH_SOCK' ? undefined : expand(agent)),
    // `no` is not offered here: the nearest is to trust what is new, and only that.
    ...optional('hostKeyChecking', checking === undefined ? undefined : checkingOf(checking)),
  }
  const resolved = withDefaults({ ...given, address }, found)
  if (given.jump !== undefined || jumpTo === undefined || jumpTo.toLowerCase() === 'none') return resolved
  const jump = await jumpHosts(jumpTo, resolved, config, [...behind, given.address])
  return jump.length === 0 ? resolved : { ...resolved, jump }
}

/** The hosts of `user@host:port,…`, as ProxyJump has it, each with its own configuration and else that of the target. */
export async function jumpHosts(
  list: string,
  target: HostAddress,
  config: SshConfig,
  behind: readonly string[] = [],
): Promise<HostAddress[]> {
  const { hostKeyChecking, connectTimeoutMs, keepaliveMs, knownHostsFiles } = target
  const inherited = { connection: 'ssh2' as const, hostKeyChecking, connectTimeoutMs, keepaliveMs, knownHostsFiles }
  const hops = list.split(',').map((hop) => HOP.exec(hop.trim())?.groups ?? { plain: hop.trim() })
  const hosts = await Promise.all(
    hops.map(async ({ user, bracketed, plain = '', port }) => {
      const address = bracketed ?? plain
      if (behind.includes(address)) return []
      const given: GivenAddress = {
        ...inherited,
        name: address,
        address,
        ...optional('agentSocket', target.agentSocket),
        ...optional('passphrase', target.passphrase),
        ...optional('user', user),
        ...optional('port', port === undefined ? undefined : Number(port)),
      }
      const { jump = [], ...last } = await resolveAddress(given, config, behind)
      return [...jump, { ...optional('privateKeyFiles', target.privateKeyFiles), ...last }]
    }),
  )
  return hosts.flat()
}

const HOP = /^(?:ssh:\/\/)?(?:(?<user>[^@]+)@)?(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:]+))(?::(?<port>\d+))?$/

function withDefaults(given: GivenAddress, found: Partial<HostAddress>): HostAddress {
  return {
    port: 22,
    user: ownName(),
    connection: 'ssh2',
    knownHostsFiles: [`${homedir()}/.ssh/known_hosts`, SYSTEM_KNOWN_HOSTS],
    hostKeyChecking: 'strict',
    connectTimeoutMs: 10_000,
    keepaliveMs: 15_000,
    ...found,
    ...given,
  }
}

function loginOf(settings: SshSettings): Partial<HostAddress> {
  const port = settings.get('port')?.[0]
  return {
    ...optional('user', settings.get('user')?.[0]),
    ...optional('port', port === undefined ? undefined : Number(port)),
  }
}

function needsOpenssh(settings: SshSettings): boolean {
  return NEEDS_OPENSSH.some((keyword) => {
    const value = settings.get(keyword)?.[0]?.toLowerCase()
    return value !== undefined && !['none', 'no', 'internal'].includes(value)
  })
}

function checkingOf(value: string): 'strict' | 'accept-new' {
  return ['accept-new', 'no', 'off', 'false'].includes(value) ? 'accept-new' : 'strict'
}

/** `~` and the tokens of ssh_config(5) that a file name may hold. */
function expander({ address, alias, port, user }: GivenAddress & { alias: string }) {
  const tokens: Record<string, string> = {
    '%': '%',
    d: homedir(),
    h: address,
    n: alias,
    p: String(port ?? 22),
    r: user ?? ownName(),
    u: ownName(),
  }
  return (text: string) =>
    text.replace(/^~(?=\/)/, homedir()).replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole)
}

const SECONDS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** `90`, `1m30s`; nothing for `none` and 0, which are ssh's ways to say that it does without. */
function timeOf(text: string | undefined): number | undefined {
  let seconds = 0
  for (const [, count, unit = ''] of text?.toLowerCase().matchAll(/(\d+)([smhdw]?)/g) ?? []) {
    seconds += Number(count) * (SECONDS[unit] ?? 1)
  }
  return seconds === 0 ? undefined : seconds * 1000
}

/** A property that is left out when there is nothing to say. */
function optional<K extends keyof HostAddress>(name: K, value: HostAddress[K] | undefined): Partial<HostAddress> {
  return value === undefined ? {} : { [name]: value }
}
