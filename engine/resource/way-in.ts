/** A part of the way by which the run itself comes to a host, and could lock itself out. */
export type WayIn = 'firewall' | 'sshd' | 'keys' | 'become' | 'account' | 'network'

/** Which part of the way in a file belongs to, or holds as one of the folders above it, for the account that is logged in to. */
export function partOfPath(path: string, user: string): WayIn | undefined {
  const keys = keysOf(user)
  if (path.replace(/\/authorized_keys2?$/, '') === keys || isAbove(path, keys)) return 'keys'
  return PATHS.find(([pattern]) => pattern.test(path))?.[1]
}

/** Whether it is a folder that holds a part of the way in beside much else. */
export function isFolderAbove(path: string, user: string): boolean {
  return isAbove(path, keysOf(user)) || path === '/etc'
}

/** The folder of the keys that let an account in. */
export function keysOf(user: string): string {
  return user === 'root' ? '/root/.ssh' : `/home/${user}/.ssh`
}

function isAbove(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** Which part of the way in a unit serves. */
export function partOfUnit(unit: string): WayIn | undefined {
  return UNITS.find(([pattern]) => pattern.test(unit))?.[1]
}

const PATHS: readonly [RegExp, WayIn][] = [
  // Where our playbook has TrustedUserCAKeys: without its CA a certificate lets nobody in.
  [/^\/etc\/ssh\/user_ca\.pub$/, 'keys'],
  [/^\/etc(\/ssh(\/(sshd_config(\.d(\/.*)?)?|authorized_keys.*))?)?$/, 'sshd'],
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
