import { type Static, Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { octal, sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { type FileState, predict, predictSome, read, tidy } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { asAccount, folderOwner, ownedFileReads } from './owned-file.ts'
import { chmod } from './ownership.ts'
import { inPrivateFolder } from './private-folder.ts'

type SecretFileChange = (Change<'make', string> | Change<'mode', string>) & { path: string; writer: string }

const MODE = 0o600
const BYTES = 32

const args = Arg.object({
  path: Arg.path({ description: 'Path of the file, in a folder that exists; it is 0600.' }),
  bytes: Type.Optional(
    Type.Integer({ minimum: 16, maximum: 1024, description: 'How many random bytes it has; 32 by default.' }),
  ),
})

/** Random bytes in Base64, made where they are kept; `register` gives them as a secret. */
export const secretFile = defineModule({
  name: 'secret-file',
  summary: 'A file of random bytes in Base64 that only its owner may read, made once; the result has them as a secret.',
  args,
  examples: [
    `- secret-file: { path: /root/.example-secret }
- secret-file: { path: /root/.example-secret-16, bytes: 16 }`,
  ],
  sets: ['file'],
  touches: 'reads',

  resource: ({ path }) => `file:${tidy(path)}`,

  reads: ({ path }) => ownedFileReads(path),

  plan(want, { file, folders }): Plan<SecretFileChange> {
    const path = tidy(want.path)
    if (file.type !== 'absent' && file.type !== 'file')
      throw new TaskFailure(`${path} is not a file but a ${file.type}`, 'remove it, or choose another path')
    const writer = folderOwner(path, folders)
    if (file.type === 'absent') {
      const unknown = new Unknown(`the secret ${path}, which does not exist yet`)
      return {
        changes: [{ kind: 'make', what: path, from: undefined, to: `${sizeOf(want)} random bytes`, path, writer }],
        after: [predictSome<FileState>(read.file(path), { type: 'file', mode: MODE, owner: writer })],
        result: { path, secret: unknown },
      }
    }
    const result = { path, secret: secretIn(want, file) }
    if (file.mode === MODE) return { changes: [], result }
    const [from, to] = [octal(file.mode), octal(MODE)]
    return {
      changes: [{ kind: 'mode', what: `mode of ${path}`, from, to, path, writer }],
      after: [predict(read.file(path), { ...file, mode: MODE })],
      result,
    }
  },

  apply: {
    make: ({ path, writer }, want) =>
      asAccount(
        writer,
        inPrivateFolder(
          path,
          sh`head -c ${String(sizeOf(want))} /dev/urandom | base64 -w 0 >"$t/secret" && echo >>"$t/secret" || exit 1
[ "$(wc -c <"$t/secret")" -eq ${String(lengthOf(want) + 1)} ] || exit 1
chmod ${octal(MODE)} -- "$t/secret" || exit 1
sync -- "$t/secret" 2>/dev/null || sync
mv -fT -- "$t/secret" ${path}`,
        ),
      ),
    mode: ({ path, writer }) => asAccount(writer, chmod(path, MODE)),
  },
})

type Want = Static<typeof args>

function sizeOf({ bytes = BYTES }: Want): number {
  return bytes
}

/** How many characters the bytes have in Base64, RFC 4648 section 4. */
function lengthOf(want: Want): number {
  return Math.ceil(sizeOf(want) / 3) * 4
}

/** What the file holds; fails when somebody has put something else there. */
function secretIn(want: Want, { content }: FileState): Secret {
  const text = content?.toString('latin1').trim() ?? ''
  const isWhole = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && Buffer.from(text, 'base64').length === sizeOf(want)
  if (isWhole && text.length === lengthOf(want)) return new Secret(text)
  throw new TaskFailure(
    `${tidy(want.path)} does not hold ${sizeOf(want)} bytes in Base64`,
    'remove it to have a new secret made, or choose another path',
  )
}
