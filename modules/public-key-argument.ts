import { TaskFailure } from '../engine/resource/module.ts'
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
