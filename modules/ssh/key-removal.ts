import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { fileOf, predict, read } from '../../engine/resource/read.ts'
import { asAccount } from '../files/owned-file.ts'
import { linesOf, textOfLines } from '../files/text-lines.ts'
import { type AuthorizedFile, type KeySources, keySources, keySourcesRead } from './authorized-files.ts'
import { fingerprintOf, parsePublicKey } from './openssh-key.ts'
import { keyFingerprints, namedKey, publicKeys } from './public-key-argument.ts'

type RemovalChange = Change<'save', string> & { writer: string; mode: number }

/** Keys that no file lets in any more, for whatever account. */
export const keyRemoval = defineModule({
  name: 'key-removal',
  summary:
    'Keys that stand in no file by which sshd lets keys in, for any account; found by the key itself, whatever its options and comment.',
  args: Arg.object({
    keys: publicKeys('Public keys that are removed.'),
    fingerprints: keyFingerprints('Public keys that are removed, by their fingerprints.'),
    keep_open: Type.Optional(
      Type.Array(Arg.account({}), {
        description: 'Accounts that keep a key: the task fails where it would remove the last one of such an account.',
      }),
    ),
  }),
  examples: [
    `- authorized-key: { user: root, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx anna, key_options: no-pty }
- authorized-key: { user: root, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr bert }
- authorized-key: { user: root, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICE8vUCSYKmsJ9Q0VUbf5bJAUC1wDYtREuPXWh0RZDNy carl }`,
    `- key-removal:
    keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx]
    keep_open: [root]
- key-removal:
    fingerprints: [SHA256:inv16LnkVEijFGYT21zpKcyewH2Hh9sGnsUTUu4E+RQ]`,
  ],
  touches: 'reads',

  resource: ({ keys = [], fingerprints = [] }) => `key:${[...keys, ...fingerprints].join(',')}`,

  reads: () => ({ sources: keySourcesRead, connection: read.connection() }),

  plan({ keys = [], fingerprints = [], keep_open: keepOpen = [] }, have): Plan<RemovalChange> {
    const leaving = new Set([...keys.map((key) => fingerprintOf(namedKey(key))), ...fingerprints])
    const { connection } = have
    if (connection.key !== undefined && leaving.has(printOf(connection.key)))
      throw new TaskFailure(
        'the key that let this run in would be removed',
        'log in with a key that stays, and remove this one then',
      )
    if (have.sources.code !== 0)
      throw new TaskFailure(
        'sshd does not say which files it reads',
        '`sshd -T` shows what is wrong with its configuration',
      )
    const sources = keySources(have.sources)
    for (const account of keepOpen) requireKey(account, sources, leaving)
    const touched = sources.files.flatMap((file) => {
      const lines = linesOf(file.text)
      const next = lines.filter((line) => !isOne(line, leaving))
      return next.length === lines.length ? [] : [{ file, text: textOfLines(next) }]
    })
    const isWayIn = ({ accounts }: AuthorizedFile) =>
      connection.endpoints !== undefined && accounts.includes(connection.user)
    return {
      changes: touched.map(({ file, text }) => ({
        ...{ kind: 'save', what: file.path, from: file.text, to: text, writer: file.writer, mode: file.mode },
        endangers: isWayIn(file) ? 'keys' : undefined,
      })),
      // The look itself is left open: other tasks may change the same files in between.
      after: touched.map(({ file, text }) => predict(read.file(file.path), statusOf(file, text))),
      result: {
        changed_files: touched.map(({ file }) => file.path),
        accounts: [...new Set(touched.flatMap(({ file }) => file.accounts))].sort(),
      },
      warnings: [...sources.unsafe].map(([path, kind]) => `${path} is a ${kind}, so it was not looked into`),
    }
  },

  apply: {
    save: ({ what, to, writer, mode }) =>
      asAccount(writer, sh.write(what, to ?? '', { mode, owner: writer === 'root' ? undefined : writer })),
  },
})

/** Refuses to take the last key of an account that is to stay open; one that has none is no matter of ours. */
function requireKey(account: string, { files }: KeySources, leaving: ReadonlySet<string>): void {
  const lines = files
    .filter(({ accounts }) => accounts.includes(account))
    .flatMap(({ text }) => linesOf(text).filter((line) => parsePublicKey(line)))
  if (lines.length === 0 || lines.some((line) => !isOne(line, leaving))) return
  throw new TaskFailure(
    `the last key of the account ${account} would be removed`,
    `give ${account} another key first, and prove that it logs in`,
  )
}

function isOne(line: string, leaving: ReadonlySet<string>): boolean {
  const key = parsePublicKey(line)
  return key !== undefined && leaving.has(fingerprintOf(key))
}

function printOf(blob: string): string {
  return fingerprintOf({ type: '', blob, comment: '', options: '' })
}

function statusOf({ mode, owner, group, writer }: AuthorizedFile, text: string) {
  return fileOf(text, { mode, owner: writer === 'root' ? owner : writer, group })
}
