/** What a key revocation list refuses; see PROTOCOL.krl of OpenSSH. */
export interface Krl {
  version: bigint
  /** Public keys, as base64 of their blobs: these and every certificate of them. */
  keys: ReadonlySet<string>
  /** Fingerprints of public keys, as `SHA256:…`. */
  fingerprints: ReadonlySet<string>
  /** SHA-1 hashes of public keys, in hexadecimal. */
  sha1: ReadonlySet<string>
  /** Certificates by the blob of their CA in base64; the empty text stands for any CA. */
  authorities: ReadonlyMap<string, Revoked>
}

export interface Revoked {
  /** Serial numbers, from and to, in order and apart from each other. */
  serials: readonly Range[]
  identities: ReadonlySet<string>
}

export type Range = readonly [from: bigint, to: bigint]

export const EMPTY_KRL: Krl = {
  version: 0n,
  keys: new Set(),
  fingerprints: new Set(),
  sha1: new Set(),
  authorities: new Map(),
}

/** Both lists as one. */
export function union(one: Krl, other: Krl): Krl {
  const cas = new Set([...one.authorities.keys(), ...other.authorities.keys()])
  return {
    version: one.version,
    keys: new Set([...one.keys, ...other.keys]),
    fingerprints: new Set([...one.fingerprints, ...other.fingerprints]),
    sha1: new Set([...one.sha1, ...other.sha1]),
    authorities: new Map([...cas].map((ca) => [ca, together(one.authorities.get(ca), other.authorities.get(ca))])),
  }
}

/** Both lists about one CA as one. */
export function together(one: Revoked | undefined, other: Revoked | undefined): Revoked {
  return {
    serials: merged([...(one?.serials ?? []), ...(other?.serials ?? [])]),
    identities: new Set([...(one?.identities ?? []), ...(other?.identities ?? [])]),
  }
}

/** Ranges in order; those that touch become one. */
export function merged(ranges: readonly Range[]): Range[] {
  const found: Range[] = []
  for (const [from, to] of [...ranges].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const last = found.at(-1)
    if (last && from <= last[1] + 1n) found[found.length - 1] = [last[0], to > last[1] ? to : last[1]]
    else found.push([from, to])
  }
  return found
}

/** The list in lines for people, sorted; two lists that refuse the same have the same lines. */
export function krlLines({ keys, fingerprints, sha1, authorities }: Krl, nameOf: (blob: string) => string): string[] {
  return [
    ...[...keys].map((key) => `key ${nameOf(key)}`).sort(),
    ...[...fingerprints].map((print) => `key ${print}, by its fingerprint`).sort(),
    ...[...sha1].map((hash) => `key SHA1:${hash}, by its fingerprint`).sort(),
    ...[...authorities].sort().flatMap(([ca, { serials, identities }]) => {
      const of = ca === '' ? 'of any CA' : `of the CA ${nameOf(ca)}`
      return [
        ...serials.map(([from, to]) => `certificate ${from === to ? from : `${from}-${to}`} ${of}`),
        ...[...identities].sort().map((identity) => `certificates with the id ${JSON.stringify(identity)} ${of}`),
      ]
    }),
  ]
}
