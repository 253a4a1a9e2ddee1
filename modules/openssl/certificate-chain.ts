import { isSignedBy } from './openssl-sign-judge.ts'
import type { Certificate } from './x509.ts'

/** Longer than any chain that people build. */
const MOST_LINKS = 10

/** The certificates from `leaf` up to one that is trusted, or why there is no way to any. */
export type Chain = { links: readonly Certificate[] } | { fault: string }

/** A way from a certificate to one that is trusted, over authorities that are valid now and may have so many below them. */
export function chainOf(
  leaf: Certificate,
  { trusted, between, now }: { trusted: readonly Certificate[]; between: readonly Certificate[]; now: number },
): Chain {
  const links: Certificate[] = [leaf]
  let last = leaf
  while (links.length <= MOST_LINKS) {
    const isTrusted = trusted.some(({ x509 }) => x509.raw.equals(last.x509.raw))
    if (isTrusted) return { links }
    const below = links.length - 1
    const signers = [...trusted, ...between].filter((one) => isSignedBy(last, one))
    const able = signers.filter((one) => authorityFault(one, below, now) === undefined)
    const next = able.find((one) => trusted.includes(one)) ?? able[0]
    if (!next || links.includes(next)) {
      const [signer] = signers
      const fault = signer && authorityFault(signer, below, now)
      return { fault: fault ?? 'no certificate that is trusted has signed it' }
    }
    links.push(next)
    last = next
  }
  return { fault: `more than ${MOST_LINKS} certificates lie between it and one that is trusted` }
}

function authorityFault(one: Certificate, below: number, now: number): string | undefined {
  if (!one.isAuthority || !one.mayCertify) return 'it was signed by a certificate that is not one of a CA'
  if (!(one.notBefore <= now)) return 'the CA above it is not valid yet'
  if (!(one.notAfter > now)) return 'the CA above it has ended'
  if (one.pathLength !== undefined && below > one.pathLength) return 'a CA above it allows fewer CAs below'
  return undefined
}
