import { Type } from '@sinclair/typebox'
import { TaskFailure } from '../../engine/resource/module.ts'
import { type PublicKey, parsePublicKey } from './openssh-key.ts'

/** The public key that a task names; fails with what to give in its place. */
export function namedKey(line: string): PublicKey {
  const key = parsePublicKey(line)
  if (key) return key
  throw new TaskFailure(
    `'${line.slice(0, 60)}' is not a public key`,
    'give it as `ssh-keygen` writes it: type, key, comment',
  )
}

/** An argument of public keys. */
export const publicKeys = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, description: 'Public key, as in a `.pub` file.' }), { description }),
  )

/** An argument of public keys by their fingerprints. */
export const keyFingerprints = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ pattern: '^SHA256:[A-Za-z0-9+/]{43}$', description: 'Fingerprint, as in SHA256:….' }), {
      description,
    }),
  )
