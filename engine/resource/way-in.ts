/** A part of the way by which the run itself comes to a host, and could lock itself out. */
export type WayIn = 'firewall' | 'sshd' | 'keys' | 'become' | 'account' | 'network'

/** Which part of the way in a file belongs to, for the account that is logged in to. */
export function partOfPath(path: string, user: string): WayIn | undefined {
  const folder = path.replace(/\/authorized_keys2?$/, '')
  if (folder === (user === 'root' ? '/root/.ssh' : `/home/${user}/.ssh`)) return 'keys'
  return PATHS.find(([pattern]) => pattern.test(path))?.[1]
}

/** Which part of the way in a unit serves. */
export function partOfUnit(unit: string): WayIn | undefined {
  return UNITS.find(([pattern]) => pattern.test(unit))?.[1]
}

const PATHS: readonly [RegExp, WayIn][] = [
  [/^\/etc\/ssh\/(sshd_config(\.d(\/.*)?)?|authorized_keys.*)$/, 'sshd'],
  [/^\/etc\/(sudoers(\.d(\/.*)?)?|doas\.conf)$/, 'become'],
  [/^\/etc\/(ufw(\/.*)?|default\/ufw|iptables(\/.*)?|nftables\.conf)$/, 'firewall'],
  [/^\/etc\/(network|netplan|systemd\/network|NetworkManager)(\/.*)?$/, 'network'],
  [/^\/etc\/(passwd|group|shadow|gshadow)$/, 'account'],
]

const UNITS: readonly [RegExp, WayIn][] = [
  [/^sshd?(@.*)?\.(service|socket)$/, 'sshd'],
  [/^(ufw|nftables|iptables|netfilter-persistent)\.service$/, 'firewall'],
  [/^(networking|systemd-networkd|NetworkManager)\.service$/, 'network'],
]
