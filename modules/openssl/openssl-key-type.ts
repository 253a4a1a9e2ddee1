import type { KeyObject } from 'node:crypto'
import { type Command, sh } from '../../engine/resource/command.ts'

/** Kinds of keys that are made. */
export const KEY_TYPES = ['ecdsa-p256', 'ecdsa-p384', 'rsa'] as const

export type KeyType = (typeof KEY_TYPES)[number]

/** RSA below this is broken, or will be soon; see NIST SP 800-131A. */
export const LEAST_RSA_BITS = 2048

const NEW_RSA_BITS = 3072

const CURVES: Readonly<Record<string, string>> = { 'ecdsa-p256': 'P-256', 'ecdsa-p384': 'P-384' }

/** As `type` names it, or as OpenSSL does where that is none of ours. */
export function typeOf(key: KeyObject): string {
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (key.asymmetricKeyType === 'rsa') return 'rsa'
  if (curve === 'prime256v1') return 'ecdsa-p256'
  if (curve === 'secp384r1') return 'ecdsa-p384'
  return curve ?? key.asymmetricKeyType ?? 'unknown'
}

/** The size of an RSA key in bits; undefined of other kinds, whose size is their kind. */
export function bitsOf(key: KeyObject): number | undefined {
  return key.asymmetricKeyType === 'rsa' ? key.asymmetricKeyDetails?.modulusLength : undefined
}

/** A key in words, as in `rsa of 2048 bits`. */
export function keyText(key: KeyObject): string {
  const bits = bitsOf(key)
  return bits === undefined ? typeOf(key) : `rsa of ${bits} bits`
}

/** The name by which a key that is weak has to be asked for; undefined: it is strong. */
export function weaknessOf(key: KeyObject): 'rsa-1024' | 'odd-key' | undefined {
  const bits = bitsOf(key)
  if (bits !== undefined) return bits < LEAST_RSA_BITS ? 'rsa-1024' : undefined
  return ['ecdsa-p256', 'ecdsa-p384', 'secp521r1', 'ed25519', 'ed448'].includes(typeOf(key)) ? undefined : 'odd-key'
}

/** Makes a private key in `$t/key`. On a full disk openssl itself leaves an empty file and says that all is well; cat does not. */
export function makeKey(type: KeyType, size: number | undefined): Command {
  const options =
    type === 'rsa'
      ? ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${size ?? NEW_RSA_BITS}`]
      : ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${CURVES[type]}`, '-pkeyopt', 'ec_param_enc:named_curve']
  return sh`key=$(openssl genpkey ${options} 2>"$t/said") || { cat "$t/said" >&2; exit 1; }
printf '%s\n' "$key" | cat >"$t/key" || exit 1`
}
