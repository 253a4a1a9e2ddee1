import type { Place } from '../../problem.ts'

/** What of a file is encrypted, and how. */
export interface Sealed {
  kind: 'age' | 'vault'
  /** As it stands in the file. */
  content: Buffer
  file: string
  /** Where it stands or is asked for; a whole file that was found in a folder has none. */
  place: Place | undefined
}

const AGE = 'age-encryption.org/v1\n'
const AGE_ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----'
const VAULT = '$ANSIBLE_VAULT;'

/** How content is encrypted, by its first bytes. */
export function sealKind(content: Buffer): Sealed['kind'] | undefined {
  const start = content.toString('latin1', 0, 256).trimStart()
  if (start.startsWith(VAULT)) return 'vault'
  return start.startsWith(AGE) || start.startsWith(AGE_ARMOR) ? 'age' : undefined
}
