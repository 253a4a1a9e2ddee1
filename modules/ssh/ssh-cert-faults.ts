import { sh } from '../../engine/resource/command.ts'
import { type RawState, read } from '../../engine/resource/read.ts'
import type { Certificate } from './openssh-certificate.ts'

/** What a task asks of a certificate. */
export interface CertificateWish {
  kind?: 'user' | 'host'
  identity: string
  principals: readonly string[]
  valid_for: string
  renew_before?: string
  options?: readonly string[]
}

/** How far back a certificate begins, for clocks that differ; a minute more is rounding. */
const SKEW_SECONDS = 300
const ROUNDING_SECONDS = 60

/** The clock of the machine that signs: a certificate's age is a matter of time, which no file tells. */
export const clockRead = read.raw('seconds-since-1970', sh`date +%s`)

/** Seconds since 1970. */
export function timeIn({ stdout }: RawState): number {
  return Number.parseInt(stdout.toString('latin1'), 10) || 0
}

const UNITS: Readonly<Record<string, number>> = { w: 604800, d: 86400, h: 3600, m: 60 }

/** The seconds of a time as in 1w2d. */
export function secondsIn(duration: string): number {
  return [...duration.matchAll(/(\d+)([wdhm])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0),
    0,
  )
}

/** Why a certificate has to be signed anew, as ends of a sentence that begins with it. */
export function faultsOf(
  want: CertificateWish,
  { old, key, ca, now }: { old: Certificate | undefined; key: string; ca: string; now: number },
): string[] {
  if (!old) return ['is none']
  const length = secondsIn(want.valid_for)
  const renewBefore = want.renew_before === undefined ? Math.floor(length / 3) : secondsIn(want.renew_before)
  const { kind = 'user', identity, principals, options = [] } = want
  const faults: string[] = []
  if (old.kind !== kind) faults.push(`is for a ${old.kind}`)
  if (old.key !== key) faults.push('is of another key')
  if (old.ca !== ca) faults.push('is signed by another CA')
  if (old.identity !== identity) faults.push(`has the id ${old.identity}`)
  if (!isSameSet(old.principals, principals)) faults.push(`is for ${old.principals.join(', ') || 'nobody'}`)
  if (!isSameSet(old.options, options)) faults.push(`has the options ${old.options.join(', ') || 'of nothing'}`)
  if (old.validFrom > now) faults.push('is not good yet')
  if (old.validTo <= now) faults.push('has expired')
  else if (old.validTo - now < renewBefore) faults.push('expires soon')
  if (old.validTo - old.validFrom > length + SKEW_SECONDS + ROUNDING_SECONDS) faults.push('is good for longer')
  return faults
}

/** The order in which they are listed says nothing. */
function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const text = (list: readonly string[]) => JSON.stringify([...new Set(list)].sort())
  return text(one) === text(other)
}
