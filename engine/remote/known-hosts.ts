import { createHmac } from 'node:crypto'

/** One line of a known_hosts file, see sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export interface KnownHost {
  file: string
  line: number
  marker: 'revoked' | 'cert-authority' | undefined
  /** The names: a list of patterns, or one hashed name. */
  names: string
  type: string
  /** The public key in base64, as it stands there. */
  key: string
}

/** The lines of a file that OpenSSH would heed; the others are passed over, as it does. */
export function parseKnownHosts(file: string, text: string): KnownHost[] {
  const entries: KnownHost[] = []
  text.split('\n').forEach((source, index) => {
    const words = source.trim().split(/[ \t]+/)
    const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined
    const [names, type, key] = words
    if (names === undefined || names.startsWith('#') || type === undefined || key === undefined) return
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return
    entries.push({ file, line: index + 1, marker, names, type, key })
  })
  return entries
}

/** The name under which a host's key is filed: bare at port 22, else `[name]:port`. */
export function fileName(address: string, port: number): string {
  const name = address.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

/** Whether the key may be filed under this name; see PATTERNS in ssh_config(5) for `*`, `?` and `!`. */
export function isFor({ names }: KnownHost, name: string): boolean {
  if (isHashed(names)) return matchesHash(names, name)
  let found = false
  for (const pattern of names.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matches(pattern.slice(1), name)) return false
    } else found ||= matches(pattern, name)
  }
  return found
}

/** Hashed names cost an HMAC a line, so they are asked last. */
export function isHashed(names: string): boolean {
  return names.startsWith('|')
}

function matchesHash(names: string, name: string): boolean {
  const [, version, salt, hash] = names.split('|')
  if (version !== '1' || salt === undefined) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

/** Linear in the length of the name for each star: no regular expression, since the file may hold anything. */
function matches(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let starAt = -1
  let nameAtStar = 0
  while (n < name.length) {
    if (pattern[p] === '*') {
      starAt = p++
      nameAtStar = n
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++
      n++
    } else if (starAt >= 0) {
      p = starAt + 1
      n = ++nameAtStar
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
