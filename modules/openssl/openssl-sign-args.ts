import { type Static, Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Results } from '../../engine/resource/module.ts'
import { read, tidy } from '../../engine/resource/read.ts'
import { folderOf } from '../files/folders.ts'
import { KEY_TYPES } from './openssl-key-type.ts'
import { opensslRead, publicKeyRead, signerRead } from './openssl-look.ts'
import { namesArg, subjectArgs } from './subject.ts'

const AUTHORITIES = { required: ['kind'], properties: { kind: { enum: ['root', 'intermediate'] } } }
const LEAVES = { properties: { kind: { const: 'leaf' } } }
const only = (names: readonly string[], kinds: object) => ({
  anyOf: [kinds, { not: { anyOf: names.map((name) => ({ required: [name] })) } }],
})

/** Arguments of `openssl-sign`. */
export const signArgs = Arg.object(
  {
    dir: Arg.path({
      description:
        'Folder of the CA that signs, kept at 0700: `ca.pem`, `ca.key`, `issued/` and `issued.jsonl`. With `delegate_to: localhost` it lies on the controller.',
    }),
    kind: Type.Optional(
      Arg.choice(['root', 'intermediate', 'leaf'], {
        description:
          '`leaf` (the default) signs a request; `root` makes the CA in `dir`, and `intermediate` makes one there that `parent` signs.',
      }),
    ),
    ...subjectArgs,
    csr: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Request of a leaf as PEM text, as `openssl-csr` gives it. Only its public key is used: who the certificate is for is said here.',
      }),
    ),
    name: Type.Optional(
      Type.String({
        pattern: '^\\w[\\w.-]*$',
        maxLength: 200,
        description: 'Name of a leaf in the folder, as in issued/NAME.pem; `cn` by default.',
      }),
    ),
    san: namesArg('DNS names and addresses that a leaf is for.'),
    usages: Type.Optional(
      Type.Array(Arg.choice(['serverAuth', 'clientAuth'], {}), {
        minItems: 1,
        description: 'What a leaf may be used for; both serverAuth and clientAuth by default.',
      }),
    ),
    days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 36500,
        description: 'Days that a new certificate is valid; 90 for a leaf and 1825 for a CA when left out.',
      }),
    ),
    renew_before: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'Days before its end at which it is due for another; a third of its days by default, at least 30 and at most half of them.',
      }),
    ),
    digest: Type.Optional(
      Arg.choice(['sha256', 'sha384', 'sha512', 'sha1'], { description: 'What is signed with; sha256 by default.' }),
    ),
    parent: Type.Optional(Arg.path({ description: 'Folder of the CA that signs an intermediate one.' })),
    type: Type.Optional(Arg.choice(KEY_TYPES, { description: 'Kind of key of a new CA; ecdsa-p256 by default.' })),
    path_length: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 9,
        description: 'How many intermediate CAs may stand below a CA; 0 by default.',
      }),
    ),
    renew: Type.Optional(
      Arg.choice(['never', 'same-key'], {
        description:
          'What happens to a CA near its end: `never` (the default) warns, `same-key` gives it a new certificate for its own key, by which what it has signed stays valid.',
      }),
    ),
    allow: Type.Optional(
      Type.Array(Arg.choice(['rsa-1024', 'sha1', 'wildcard'], {}), {
        description:
          'Weaknesses that are wanted, by name: `rsa-1024` for rsa keys below 2048 bits, `sha1`, `wildcard` for names with a `*`.',
      }),
    ),
  },
  {
    allOf: [
      Arg.rule('takes `csr` for a leaf, which needs it', {
        anyOf: [{ allOf: [AUTHORITIES, { not: { required: ['csr'] } }] }, { allOf: [LEAVES, { required: ['csr'] }] }],
      }),
      Arg.rule('takes `name`, `san` and `usages` for a leaf only', only(['name', 'san', 'usages'], LEAVES)),
      Arg.rule(
        'takes `type`, `path_length` and `renew` for a CA only',
        only(['type', 'path_length', 'renew'], AUTHORITIES),
      ),
      Arg.rule('needs `parent` for an intermediate CA, and takes it for no other', {
        anyOf: [
          { required: ['kind', 'parent'], properties: { kind: { const: 'intermediate' } } },
          { properties: { kind: { enum: ['root', 'leaf'] } }, not: { required: ['parent'] } },
        ],
      }),
    ],
  },
)

export type SignWant = Static<typeof signArgs>
export type SignHave = Results<ReturnType<typeof signReads>>

/** The file of the certificate that a task is about. */
export function ownPath({ kind = 'leaf', dir, name, cn }: SignWant): string {
  return kind === 'leaf' ? `${tidy(dir)}/issued/${name ?? cn}.pem` : `${tidy(dir)}/ca.pem`
}

/** What must be seen of a CA and of what it has signed. */
export function signReads(want: SignWant) {
  const { kind = 'leaf', parent } = want
  const dir = tidy(want.dir)
  const issuer = kind === 'intermediate' ? tidy(parent ?? '/') : dir
  const isAuthority = kind !== 'leaf'
  return {
    own: read.file(ownPath(want)),
    ownKey: isAuthority ? [publicKeyRead(`${dir}/ca.key`)] : [],
    keyFile: isAuthority ? [read.status(`${dir}/ca.key`)] : [],
    folder: isAuthority ? [read.status(dir)] : [],
    ownAbove: kind === 'intermediate' ? [read.file(`${dir}/above.pem`)] : [],
    // A root signs itself, and what is to become of it depends on nothing else.
    issuer: kind === 'root' ? [] : [read.file(`${issuer}/ca.pem`)],
    issuerKey: kind === 'root' ? [] : [publicKeyRead(`${issuer}/ca.key`)],
    above: kind === 'root' ? [] : [read.file(`${issuer}/above.pem`)],
    parentFolder: read.folder(folderOf(dir)),
    signer: signerRead,
    tool: opensslRead,
  }
}
