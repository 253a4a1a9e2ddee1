import { certificates, revocation, succession } from './certificates.ts'
import { keys } from './keys.ts'
import { leaving } from './leaving.ts'
import type { Rotation } from './rotation.ts'

/** Every playbook that changes who gets in is swept by a line here. */
export const ROTATIONS: readonly Rotation[] = [keys, certificates, revocation, succession, leaving]
