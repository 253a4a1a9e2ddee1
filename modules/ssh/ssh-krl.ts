import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { type Command, octal, sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { fileOf, predict, read } from '../../engine/resource/read.ts'
import { folderOwner, foldersAbove } from '../files/owned-file.ts'
import { chmod, chown } from '../files/ownership.ts'
import { linesOf, textOfLines } from '../files/text-lines.ts'
import { EMPTY_KRL, type Krl, krlLines, union } from './krl.ts'
import { formatKrl, parseKrl } from './krl-file.ts'
import { fingerprintOf, parsePublicKey } from './openssh-key.ts'
import { keyFingerprints, publicKeys } from './public-key-argument.ts'

type KrlChange =
  | (Change<'save', string> & { path: string; bytes: Buffer })
  | (Change<'owner', string> & { path: string })
  | (Change<'mode', string> & { path: string })

const serials = Type.Array(
  Type.Union([
    Type.Integer({ minimum: 1, description: 'One serial number.' }),
    Type.String({ pattern: '^[1-9]\\d*(-[1-9]\\d*)?$', description: 'A serial number, or two with a hyphen between.' }),
  ]),
  { description: 'Serial numbers, each alone or as in 7-20.' },
)

/** Keys and certificates, as arguments. */
export const refusalArgs = {
  keys: publicKeys('Public keys that are refused, each with every certificate of it.'),
  fingerprints: keyFingerprints('Public keys that are refused, by their fingerprints.'),
  certificates: Type.Optional(
    Type.Array(
      Arg.object(
        {
          ca: Type.Optional(
            Type.String({ minLength: 1, description: 'Public key of the CA that signed them; any CA by default.' }),
          ),
          serials: Type.Optional(serials),
          ids: Type.Optional(
            Type.Array(Type.String({ minLength: 1, description: 'Key id of certificates.' }), {
              description: 'Key ids (`ssh-keygen -I`) of certificates.',
            }),
          ),
        },
        { description: 'Certificates of one CA.' },
      ),
      { description: 'Certificates that are refused, by CA.' },
    ),
  ),
}

/** Keys and certificates that sshd refuses, as RevokedKeys names the file. See ssh-keygen(1), KEY REVOCATION LISTS. */
export const sshKrl = defineModule({
  name: 'ssh-krl',
  summary:
    'Keys and certificates that sshd refuses (RevokedKeys); an empty list first, since sshd without its list lets nobody in.',
  args: Arg.object({
    path: Arg.path({ description: 'File that holds the list, as in /etc/ssh/revoked.krl; it is 0644 and root’s own.' }),
    ...refusalArgs,
    exclusive: Type.Optional(
      Type.Boolean({ description: 'What is named is the whole list; by default what else is refused stays so.' }),
    ),
  }),
  examples: [
    `- ssh-krl: { path: /etc/ssh/example.krl }
- ssh-krl:
    path: /etc/ssh/example.krl
    keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx anna]
    certificates:
      - ca: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr users
        serials: [3, 7-20]
        ids: [anna@example]
      - ids: [bert@example]`,
    `- ssh-krl:
    path: /etc/ssh/example-exact.krl
    exclusive: true
    fingerprints: [SHA256:xpcRe0qRUGjrOaQ4/5xfi70tDA/9AePVn+HKw/4+cyE]`,
  ],
  touches: 'reads',

  resource: ({ path }) => `file:${path}`,

  reads: ({ path }) => ({
    file: read.file(path),
    folders: foldersAbove(path).map((folder) => read.folder(folder)),
    connection: read.connection(),
    tool: read.status('/usr/bin/ssh-keygen'),
  }),

  plan(want, have): Plan<KrlChange> {
    const { path } = want
    const { file } = have
    if (have.tool.type === 'absent')
      throw new TaskFailure('the host has no ssh-keygen', 'install the package openssh-client before this task')
    if (file.type !== 'absent' && file.type !== 'file')
      throw new TaskFailure(`${path} is not a file but a ${file.type}`, 'remove it, or choose another path')
    if (folderOwner(path, have.folders) !== 'root')
      throw new TaskFailure(
        `${path} is in a folder that root does not own`,
        'sshd trusts the list, so put it in /etc/ssh',
      )
    const old = file.type === 'file' ? listIn(path, file.content ?? Buffer.alloc(0)) : undefined
    const named = wanted(want)
    const next = want.exclusive || !old ? named : union(old, named)
    requireWayIn(have.connection.key, old, next)
    const [before, after] = [old && linesOfKrl(old), linesOfKrl(next)]
    const isSame = before !== undefined && before.join('\n') === after.join('\n') && isKrl(file.content)
    const bytes = isSame
      ? (file.content ?? Buffer.alloc(0))
      : formatKrl({ ...next, version: (old?.version ?? 0n) + 1n })
    const changes: KrlChange[] = []
    if (!isSame) {
      const [from, to] = [before && textOfLines(before), textOfLines(after) || 'a list that is empty\n']
      // Proven as files of keys are, since sshd reads it at each login; later trouble with its settings shall not bring the old list back.
      changes.push({ kind: 'save', what: path, from, to, path, bytes, endangers: 'keys' })
    }
    const owner = `${file.owner}:${file.group}`
    if (file.type === 'file' && owner !== 'root:root')
      changes.push({ kind: 'owner', what: `owner of ${path}`, from: owner, to: 'root:root', path })
    if (file.type === 'file' && file.mode !== 0o644)
      changes.push({ kind: 'mode', what: `mode of ${path}`, from: octal(file.mode), to: '0644', path })
    return {
      changes,
      after: [predict(read.file(path), fileOf(bytes, { mode: 0o644 }))],
      result: { path, revoked: after },
    }
  },

  apply: {
    save: ({ path, bytes }): Command =>
      sh.write(path, bytes, {
        mode: 0o644,
        owner: 'root',
        group: 'root',
        validate: 'ssh-keygen -Q -l -f %s >/dev/null',
      }),
    owner: ({ path, to }) => chown(path, to),
    mode: ({ path, to }) => chmod(path, Number.parseInt(to ?? '', 8)),
  },
})

/** What is refused, in the arguments of a task. */
export interface Refusal {
  keys?: readonly string[]
  fingerprints?: readonly string[]
  certificates?: readonly { ca?: string; serials?: readonly (number | string)[]; ids?: readonly string[] }[]
}

/** What a task names, as a list. */
export function wanted({ keys = [], fingerprints = [], certificates = [] }: Refusal): Krl {
  const named = { ...EMPTY_KRL, keys: new Set(keys.map(blobIn)), fingerprints: new Set(fingerprints) }
  return certificates.reduce<Krl>((list, { ca, serials = [], ids = [] }) => {
    const revoked = { serials: serials.map(rangeIn), identities: new Set(ids) }
    return union(list, { ...EMPTY_KRL, authorities: new Map([[ca === undefined ? '' : blobIn(ca), revoked]]) })
  }, named)
}

function blobIn(line: string): string {
  const key = parsePublicKey(line)
  if (key) return key.blob
  throw new TaskFailure(
    `'${line.slice(0, 60)}' is not a public key`,
    'give it as `ssh-keygen` writes it: type, key, comment',
  )
}

function rangeIn(serials: number | string): [bigint, bigint] {
  const [from = '0', to = from] = String(serials).split('-')
  if (BigInt(to) < BigInt(from)) throw new TaskFailure(`the serial numbers ${serials} run backwards`)
  return [BigInt(from), BigInt(to)]
}

/** The list in a file, which for sshd may also be a text with a public key a line; undefined when it cannot be read. */
export function revokedIn(content: Buffer): Krl | undefined {
  if (isKrl(content)) return parseKrl(content)
  const lines = linesOf(content.toString('utf8')).filter((line) => !/^\s*(#|$)/.test(line))
  const keys = lines.map((line) => parsePublicKey(line)?.blob)
  return keys.every((key) => key !== undefined) ? { ...EMPTY_KRL, keys: new Set(keys) } : undefined
}

function listIn(path: string, content: Buffer): Krl {
  const list = revokedIn(content)
  if (list) return list
  throw new TaskFailure(
    `${path} holds no list of revoked keys that can be read`,
    'look at it with `ssh-keygen -Q -l -f`; move it away to begin a new one',
  )
}

/** Whether it is a list as `ssh-keygen -k` makes it. */
export function isKrl(content: Buffer | undefined): boolean {
  return content?.subarray(0, 6).toString('latin1') === 'SSHKRL'
}

/** The list in lines for people. */
export function linesOfKrl(list: Krl): string[] {
  return krlLines(list, (blob) => fingerprintOf({ type: '', blob, comment: '', options: '' }))
}

/** Refuses to revoke the key that let this run in, unless it is revoked already. */
function requireWayIn(key: string | undefined, old: Krl | undefined, next: Krl): void {
  if (key === undefined || old?.keys.has(key)) return
  const print = fingerprintOf({ type: '', blob: key, comment: '', options: '' })
  if (!next.keys.has(key) && !(next.fingerprints.has(print) && !old?.fingerprints.has(print))) return
  throw new TaskFailure(
    'the key that let this run in would be revoked',
    'log in with another key, and revoke this one then',
  )
}
