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
}

export interface Finding {
  kind: 'weak' | 'open' | 'expiry' | 'unknown'
  sentence: string
}

export interface Limits {
  /** Fingerprints of the keys that may be trusted; undefined: any. */
  known: ReadonlySet<string> | undefined
  days: number
  /** Of an rsa key. */
  bits: number
  /** Seconds since 1970. */
  now: number
}

const DAY = 86_400

/** What is wrong about these keys. */
export function findingsOf(keys: readonly Audited[], { known, days, bits, now }: Limits): Finding[] {
  return keys.flatMap((key) => {
    const what = `the ${key.kind} ${key.fingerprint || 'of an unknown kind'} in ${key.path}`
    const found: Finding[] = []
    const isSmall = key.type === 'rsa' && key.bits < bits
    if (key.type === 'dss' || isSmall)
      found.push({ kind: 'weak', sentence: `${what} is weak: ${key.type}${isSmall ? ` of ${key.bits} bits` : ''}` })
    if ((key.mode & openBits(key)) !== 0)
      found.push({ kind: 'open', sentence: `${what} is open to others: mode ${key.mode.toString(8).padStart(4, '0')}` })
    const left = key.expires === undefined || key.expires === 'never' ? undefined : Date.parse(key.expires) / 1000 - now
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
    return found
  })
}

/** Others may not read a private key, and may not write what is trusted. */
function openBits({ kind }: Audited): number {
  return kind === 'private key' ? 0o077 : 0o022
}

function daysIn(seconds: number): string {
  const days = Math.floor(seconds / DAY)
  return days === 1 ? 'a day' : days === 0 ? 'less than a day' : `${days} days`
}
