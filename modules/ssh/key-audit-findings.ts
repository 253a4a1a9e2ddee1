/** A key, certificate or CA as it was found. */
export interface Audited {
  /** As in `private key`, `authorized key`, `host certificate`, `trusted CA`. */
  kind: string
  path: string
  mode: number
  owner: string
  type: string
  bits: number
  fingerprint: string
  comment: string
  /** When the file was written last. */
  written?: string
  /** When it stops being good, or `never`; certificates alone. */
  expires?: string
  /** Whom it opens; authorized keys alone. */
  accounts?: readonly string[]
  /** Who has signed it: the fingerprint of the CA of an SSH certificate, the name of that of a TLS certificate. */
  issuer?: string
  /** Names and addresses of a TLS certificate. */
  names?: readonly string[]
  /** Why it is weak, where type and size do not tell. */
  weakness?: string
  /** Who lets it in, or trusts it as a CA, on any host: as in `ops@web1`. */
  trusted_by?: readonly string[]
}

export interface Finding {
  kind: 'weak' | 'open' | 'expiry' | 'unknown' | 'unused'
  sentence: string
}

export interface Limits {
  /** Fingerprints of the keys that may be trusted; undefined: any. */
  known: ReadonlySet<string> | undefined
  days: number
  /** Of an rsa key. */
  bits: number
  /** Whether `trusted_by` of the keys is from all hosts, so that a key may be called trusted by nobody. */
  isWhole: boolean
  /** Seconds since 1970. */
  now: number
}

const DAY = 86_400

/** What is wrong about these keys. */
export function findingsOf(keys: readonly Audited[], { known, days, bits, now, isWhole }: Limits): Finding[] {
  return keys.flatMap((key) => {
    const what = `the ${key.kind} ${nameOf(key)} in ${key.path}`
    const found: Finding[] = []
    const isSmall = key.type === 'rsa' && key.bits < (isTls(key) ? 2048 : bits)
    if (key.weakness !== undefined) found.push({ kind: 'weak', sentence: `${what} is weak: ${key.weakness}` })
    else if (key.type === 'dss' || isSmall)
      found.push({ kind: 'weak', sentence: `${what} is weak: ${key.type}${isSmall ? ` of ${key.bits} bits` : ''}` })
    if ((key.mode & openBits(key)) !== 0)
      found.push({ kind: 'open', sentence: `${what} is open to others: mode ${key.mode.toString(8).padStart(4, '0')}` })
    const left = secondsLeft(key, now)
    if (left !== undefined && left <= 0) found.push({ kind: 'expiry', sentence: `${what} has expired` })
    else if (left !== undefined && left < days * DAY)
      found.push({ kind: 'expiry', sentence: `${what} expires in ${daysIn(left)}` })
    const isTrust = key.kind === 'authorized key' || key.kind === 'trusted CA'
    if (known && isTrust && !known.has(key.fingerprint)) {
      const whom = key.accounts ? `, which opens ${key.accounts.join(', ')}` : ''
      found.push({
        kind: 'unknown',
        sentence: `${what} (${key.comment || 'without a comment'})${whom}, is known to nobody`,
      })
    }
    if (isWhole && key.kind === 'private key' && isForLogins(key, keys) && key.trusted_by?.length === 0)
      found.push({ kind: 'unused', sentence: `${what} is trusted by nobody` })
    return found
  })
}

/** How many certificates have expired, and how many do within so many days; those that end sooner are among them. */
export function expiring(keys: readonly Audited[], now: number): Record<string, number> {
  const within = (days: number) => keys.filter((key) => (secondsLeft(key, now) ?? Infinity) < days * DAY).length
  return { expired: within(0), '7': within(7), '30': within(30), '90': within(90) }
}

function secondsLeft({ expires }: Audited, now: number): number | undefined {
  return expires === undefined || expires === 'never' ? undefined : Date.parse(expires) / 1000 - now
}

/** Host keys prove hosts, and a key with a certificate is let in by its CA. */
function isForLogins({ path, fingerprint }: Audited, keys: readonly Audited[]): boolean {
  const isCertified = keys.some((key) => key.kind.endsWith('certificate') && key.fingerprint === fingerprint)
  return fingerprint !== '' && !path.startsWith('/etc/ssh/') && !isCertified
}

function isTls({ kind }: Audited): boolean {
  return kind.startsWith('TLS')
}

function nameOf(key: Audited): string {
  if (isTls(key)) return key.comment || 'of an unknown kind'
  return key.fingerprint || 'of an unknown kind'
}

/** Others may not read a private key, and may not write what is trusted; a key for TLS may be read by the group of its service. */
function openBits({ kind }: Audited): number {
  return kind === 'private key' ? 0o077 : kind === 'TLS private key' ? 0o027 : 0o022
}

function daysIn(seconds: number): string {
  const days = Math.floor(seconds / DAY)
  return days === 1 ? 'a day' : days === 0 ? 'less than a day' : `${days} days`
}
