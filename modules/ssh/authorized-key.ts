import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { type ConnectionState, read, textOf } from '../../engine/resource/read.ts'
import {
  foldersAbove,
  homePath,
  type OwnedFileChange,
  ownedFileLegs,
  ownedFilePlan,
  ownedFileReads,
  requireHome,
} from '../files/owned-file.ts'
import { linesOf, textOfLines } from '../files/text-lines.ts'
import { formatPublicKey, type PublicKey, parsePublicKey } from './openssh-key.ts'

const FILE = '.ssh/authorized_keys'

const options = (of: string) =>
  Type.String({
    pattern: '^(?:"(?:\\\\"|[^"\\n])*"|[^\\s"])*$',
    description: `What sshd allows and demands of ${of}, as in restrict,port-forwarding,permitopen="127.0.0.1:8074".`,
  })

const key = Type.String({ minLength: 1, description: 'Public key, as in a `.pub` file.' })

/** Keys that may log in to an account. See sshd(8), AUTHORIZED_KEYS FILE FORMAT. */
export const authorizedKey = defineModule({
  name: 'authorized-key',
  summary: 'Keys that may log in to an account; other lines of the file stay unless the list is exclusive.',
  args: Arg.object(
    {
      user: Arg.account({ description: 'Account that the keys shall open.' }),
      key: Type.Optional(
        Type.String({ minLength: 1, description: 'Public key, as in a `.pub` file; several stand on a line each.' }),
      ),
      keys: Type.Optional(
        Type.Array(
          Type.Union([
            key,
            Arg.object(
              { key, options: Type.Optional(options('this key')) },
              { description: 'A key with options of its own.' },
            ),
          ]),
          { description: 'Public keys, each as text or as a map of `key` and `options`.' },
        ),
      ),
      key_options: Type.Optional(options('each key that brings no options of its own')),
      exclusive: Type.Optional(
        Type.Boolean({
          description: 'The keys named are the whole list: every other key line is removed. Comments stay.',
        }),
      ),
      keep_comments: Type.Optional(
        Type.Array(Type.String(), {
          description: 'With `exclusive`: lines with one of these comments stay although no key is named for them.',
        }),
      ),
      state: Type.Optional(
        Arg.choice(['present', 'absent'], { description: 'Whether the keys shall be there; present by default.' }),
      ),
      path: Type.Optional(
        Arg.path({
          description: 'File that holds the keys; .ssh/authorized_keys in the home of the account by default.',
        }),
      ),
      manage_dir: Type.Optional(
        Type.Boolean({
          description:
            "Makes the folder of the file and keeps it 0700 and the account's own; by default when its name is .ssh.",
        }),
      ),
    },
    { allOf: [Arg.rule('needs `key` or `keys`', { anyOf: [{ required: ['key'] }, { required: ['keys'] }] })] },
  ),
  examples: [
    `- user: { name: mm-example, system: true, home: /var/lib/mm-example, create_home: true, shell: /usr/sbin/nologin }
- authorized-key:
    user: mm-example
    path: /var/lib/mm-example/.ssh/authorized_keys
    exclusive: true
    key_options: restrict,port-forwarding,permitopen="127.0.0.1:8074"
    keys:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx mm1
      - key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr mm2
        options: restrict`,
    `- authorized-key: { user: root, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx anna }
- authorized-key: { user: root, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr bert, key_options: no-pty }
- authorized-key: { user: root, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICE8vUCSYKmsJ9Q0VUbf5bJAUC1wDYtREuPXWh0RZDNy, state: absent }`,
  ],
  touches: 'reads',

  resource: (want) => `file:${pathOf(want)}`,

  reads: (want) => readsOf(want),

  plan(want, have): Plan<OwnedFileChange> {
    const path = pathOf(want)
    const { user, exclusive = false, state = 'present' } = want
    const keys = wantedKeys(want)
    if (exclusive && state === 'absent')
      throw new TaskFailure('a list cannot be exclusive and absent', 'leave `state: absent` out and give an empty list')
    if (!have.account.present) {
      if (state === 'absent') return { changes: [], result: { path, keys: 0 } }
      throw new TaskFailure(`the host has no account ${user}`, 'create it with a task `user` before this one')
    }
    if (want.path === undefined) requireHome(user, FILE, have.account)
    const old = textOf(have.file)
    const lines = linesOf(old ?? '')
    const next =
      state === 'absent'
        ? lines.filter((line) => !keys.has(parsePublicKey(line)?.blob ?? ''))
        : merge(lines, keys, exclusive ? new Set(want.keep_comments) : undefined)
    const text = old !== undefined && next.join('\n') === lines.join('\n') ? old : textOfLines(next)
    const account = { name: user, group: have.account.group }
    const manageFolder = want.manage_dir ?? foldersAbove(path)[0]?.endsWith('/.ssh') ?? false
    const wish = { path, account, manageFolder: manageFolder && state === 'present' }
    requireWayIn(want.user, have.connection, lines, next)
    const plan = ownedFilePlan(wish, old === undefined && next.length === 0 ? undefined : text, have)
    const endangers = user === have.connection.user && have.connection.endpoints ? ('keys' as const) : undefined
    const changes = plan.changes.map((change) => ({ ...change, endangers }))
    return { ...plan, changes, result: { path, keys: next.filter((line) => parsePublicKey(line)).length } }
  },

  apply: ownedFileLegs,
})

/** Refuses to take away the key that let this run in, or the last key of the account when it is not known which that was. */
function requireWayIn(
  user: string,
  { endpoints, key, user: login }: ConnectionState,
  lines: readonly string[],
  next: readonly string[],
): void {
  if (endpoints === undefined || user !== login) return
  const blobs = (all: readonly string[]) => all.flatMap((line) => parsePublicKey(line)?.blob ?? [])
  const [before, after] = [blobs(lines), blobs(next)]
  const isCut =
    key === undefined ? before.length > 0 && after.length === 0 : before.includes(key) && !after.includes(key)
  if (!isCut) return
  throw new TaskFailure(
    key === undefined
      ? `no key would be left that lets this run in as ${user}`
      : `the key that let this run in as ${user} would be removed`,
    'log in with a key that stays, and remove this one then',
  )
}

interface Want {
  user: string
  path?: string
  key?: string
  keys?: (string | { key: string; options?: string })[]
  key_options?: string
}

function readsOf(want: Want) {
  return { account: read.account(want.user), connection: read.connection(), ...ownedFileReads(pathOf(want)) }
}

function pathOf({ path, user }: Want): string {
  return path ?? homePath(user, FILE)
}

/** The keys that the task names, by blob; the options beside a key count before those in its line, and those before the task's. */
function wantedKeys({ key, keys, key_options }: Want): Map<string, PublicKey> {
  const wanted = new Map<string, PublicKey>()
  const named = [...linesOf(key ?? ''), ...(keys ?? [])]
  for (const item of named) {
    const { key: line, options } = typeof item === 'string' ? { key: item, options: undefined } : item
    if (typeof item === 'string' && /^\s*(#|$)/.test(line)) continue
    const found = parsePublicKey(line)
    if (!found)
      throw new TaskFailure(
        `'${line.slice(0, 60)}' is not a public key`,
        'give it as `ssh-keygen` writes it: type, key, comment',
      )
    const full = { ...found, options: options ?? (found.options || (key_options ?? '')) }
    const other = wanted.get(found.blob)
    if (other && !sameOptions(other, full))
      throw new TaskFailure(`the key '${line.slice(0, 60)}' is named twice, with other options`)
    wanted.set(found.blob, full)
  }
  return wanted
}

/** Each key once, at its first place: a second line for a key could allow what the first forbids. */
function merge(
  lines: readonly string[],
  keys: ReadonlyMap<string, PublicKey>,
  keptComments: ReadonlySet<string> | undefined,
): string[] {
  const missing = new Map(keys)
  const kept: string[] = []
  for (const line of lines) {
    const found = parsePublicKey(line)
    const wanted = found && keys.get(found.blob)
    if (!wanted) {
      const stays = keptComments === undefined || keptComments.has(found?.comment ?? '') || /^\s*(#|$)/.test(line)
      if (stays) kept.push(line)
    } else if (missing.delete(found.blob)) {
      kept.push(sameOptions(found, wanted) ? line : lineOf({ ...wanted, comment: wanted.comment || found.comment }))
    }
  }
  return [...kept, ...[...missing.values()].map(lineOf)]
}

function lineOf(key: PublicKey): string {
  return key.options === '' ? formatPublicKey(key) : `${key.options} ${formatPublicKey(key)}`
}

/** The order of options counts for sshd (`restrict` takes back what stands before it); the case of their names does not. */
function sameOptions(a: PublicKey, b: PublicKey): boolean {
  return squeeze(a.options) === squeeze(b.options)
}

function squeeze(options: string): string {
  return options.replace(/("(?:\\"|[^"])*")|[^"]+/g, (part, quoted) => (quoted ? part : part.toLowerCase()))
}
