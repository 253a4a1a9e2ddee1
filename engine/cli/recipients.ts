import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isRecipient } from '../language/encrypted/age.ts'
import { Problem } from '../problem.ts'

/** The file of a repository that lists for whom its secrets are encrypted. */
const NAME = '.age-recipients'

/**
 * The public keys for whom a file is encrypted: those in the nearest `.age-recipients` from its folder upwards, one a line, with
 * comments after #. The search ends at the top of a repository, and takes nothing from a folder where anybody may write.
 */
export function recipientsFor(file: string): { path: string; recipients: string[] } {
  const path = findUpwards(dirname(resolve(file)))
  if (path === undefined) {
    throw new Problem({
      code: 'NO_RECIPIENTS',
      message: `nothing says for whom ${file} is to be encrypted: there is no ${NAME} in its folder or above`,
      hint: `write the public keys of all who shall open it there, one a line; or use --passphrase`,
    })
  }
  const lines = readFileSync(path, 'utf8').split('\n')
  const recipients = lines.flatMap((source, index) => {
    const line = source.replace(/#.*$/, '').trim()
    if (line === '' || isRecipient(line)) return line === '' ? [] : [line]
    throw new Problem({
      code: 'BAD_RECIPIENT',
      message: `'${line.length > 20 ? `${line.slice(0, 20)}…` : line}' is no public key of age`,
      place: { file: path, line: index + 1, column: 1, length: source.length, source },
      hint: 'a public key begins with age1; `lockstep secrets keygen` prints one',
    })
  })
  if (recipients.length > 0) return { path, recipients: [...new Set(recipients)] }
  throw new Problem({ code: 'NO_RECIPIENTS', message: `${path} lists nobody`, hint: 'write a public key on each line' })
}

function findUpwards(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, NAME)
    if (existsSync(path) && (folder === start || (statSync(folder).mode & 0o002) === 0)) return path
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return undefined
  }
}
