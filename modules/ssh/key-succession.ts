import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { fileOf, predict, read } from '../../engine/resource/read.ts'
import { asAccount } from '../files/owned-file.ts'
import { linesOf, textOfLines } from '../files/text-lines.ts'
import { type AuthorizedFile, type KeySources, keySources, keySourcesRead } from './authorized-files.ts'
import { fingerprintOf, formatPublicKey, type PublicKey, parsePublicKey } from './openssh-key.ts'

type SuccessionChange = Change<'save', string> & { writer: string; mode: number }

/** One key in the place of another, in every file by which sshd lets keys in, for every account. */
export const keySuccession = defineModule({
  name: 'key-succession',
  summary:
    'One key after another in every file by which sshd lets keys in, for every account: beside it with its options, then in its place.',
  args: Arg.object(
    {
      old: Type.String({
        minLength: 1,
        description: 'Public key that is replaced; it is found by the key itself, whatever its comment.',
      }),
      new: Type.Optional(Type.String({ minLength: 1, description: 'Public key that takes its place.' })),
      state: Type.Optional(
        Arg.choice(['both', 'new'], {
          description:
            '`both` (the default) puts the new key beside the old one wherever that stands, with the same options. `new` removes the old one everywhere; it fails where the new one does not stand beside it.',
        }),
      ),
    },
    {
      allOf: [
        Arg.rule('needs `new` unless the state is new', {
          anyOf: [{ required: ['new'] }, { properties: { state: { const: 'new' } }, required: ['state'] }],
        }),
      ],
    },
  ),
  examples: [
    `- authorized-key: { user: root, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx one, key_options: no-pty }
- key-succession:
    old: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx
    new: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr two`,
    `- key-succession:
    old: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx
    new: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr two
    state: new`,
  ],
  touches: 'reads',

  resource: ({ old }) => `key:${old}`,

  reads: () => ({ sources: keySourcesRead, connection: read.connection() }),

  plan(want, have): Plan<SuccessionChange> {
    const old = keyIn(want.old)
    const successor = want.new === undefined ? undefined : keyIn(want.new)
    if (successor?.blob === old.blob) throw new TaskFailure('the old key and the new one are the same')
    if (have.sources.code !== 0)
      throw new TaskFailure(
        'sshd does not say which files it reads',
        '`sshd -T` shows what is wrong with its configuration',
      )
    const sources = keySources(have.sources)
    const touched = sources.files.flatMap((file) => {
      const lines = linesOf(file.text)
      const next = want.state === 'new' ? without(file, lines, old, successor) : beside(lines, old, successor ?? old)
      return next.join('\n') === lines.join('\n') ? [] : [{ file, text: textOfLines(next) }]
    })
    if (want.state === 'new' && successor === undefined && have.connection.key === old.blob && touched.length > 0)
      throw new TaskFailure(
        'the key that let this run in would be removed',
        'log in with a key that stays, and remove this one then',
      )
    const isWayIn = (file: AuthorizedFile) =>
      have.connection.endpoints !== undefined && file.accounts.includes(have.connection.user)
    return {
      changes: touched.map(({ file, text }) => ({
        ...{ kind: 'save', what: file.path, from: file.text, to: text, writer: file.writer, mode: file.mode },
        endangers: isWayIn(file) ? 'keys' : undefined,
      })),
      // The look itself is left open: other tasks may change the same files in between.
      after: touched.map(({ file, text }) => predict(read.file(file.path), statusOf(file, text))),
      result: resultOf(sources, touched, old),
      warnings: warningsOf(sources, want.state),
    }
  },

  apply: {
    save: ({ what, to, writer, mode }) =>
      asAccount(writer, sh.write(what, to ?? '', { mode, owner: writer === 'root' ? undefined : writer })),
  },
})

type Touched = readonly { file: AuthorizedFile; text: string }[]

function statusOf({ mode, owner, group, writer }: AuthorizedFile, text: string) {
  return fileOf(text, { mode, owner: writer === 'root' ? owner : writer, group })
}

function keyIn(line: string): PublicKey {
  const key = parsePublicKey(line)
  if (key) return key
  throw new TaskFailure(
    `'${line.slice(0, 60)}' is not a public key`,
    'give it as `ssh-keygen` writes it: type, key, comment',
  )
}

/** The successor after each line of the old key, with the options of that line, where it does not stand with them already. */
function beside(lines: readonly string[], old: PublicKey, successor: PublicKey): string[] {
  const options = lines.flatMap((line) => {
    const found = parsePublicKey(line)
    return found?.blob === old.blob ? [found.options] : []
  })
  if (options.length === 0) return [...lines]
  const kept = lines.filter((line) => parsePublicKey(line)?.blob !== successor.blob)
  return kept.flatMap((line) => {
    const found = parsePublicKey(line)
    if (found?.blob !== old.blob) return [line]
    return [line, [found.options, formatPublicKey(successor)].filter(Boolean).join(' ')]
  })
}

/** The lines without the old key; the successor must stand in the same file, or nobody would get in there any more. */
function without(
  { path }: AuthorizedFile,
  lines: readonly string[],
  old: PublicKey,
  successor: PublicKey | undefined,
): string[] {
  const has = (key: PublicKey) => lines.some((line) => parsePublicKey(line)?.blob === key.blob)
  if (successor && has(old) && !has(successor))
    throw new TaskFailure(
      `${path} holds the old key and not the new one`,
      'put the new one beside it first, with `state: both`, and prove that it logs in',
    )
  return lines.filter((line) => parsePublicKey(line)?.blob !== old.blob)
}

function resultOf({ files }: KeySources, touched: Touched, old: PublicKey) {
  const texts = new Map(touched.map(({ file, text }) => [file.path, text]))
  const holders = files.filter((file) =>
    linesOf(texts.get(file.path) ?? file.text).some((line) => parsePublicKey(line)?.blob === old.blob),
  )
  return {
    files: holders.map(({ path }) => path),
    accounts: [...new Set(holders.flatMap(({ accounts }) => accounts))].sort(),
    old_fingerprint: fingerprintOf(old),
    changed_files: touched.map(({ file }) => file.path),
  }
}

/** What may let the old key in although no file does. */
function warningsOf({ commands, unsafe }: KeySources, state: 'both' | 'new' | undefined): string[] {
  if (state !== 'new') return []
  return [
    ...commands.map((program) => `sshd also asks ${program} for keys: see there that it no longer gives the old one`),
    ...[...unsafe].map(([path, kind]) => `${path} is a ${kind}, so it was not looked into`),
  ]
}
