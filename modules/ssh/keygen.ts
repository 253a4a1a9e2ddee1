import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { asAccount } from '../files/owned-file.ts'
import { chmod, chown } from '../files/ownership.ts'
import { comment, generate, keyInside, passphraseOf, publish } from './key-pair.ts'
import { faultsOf, type KeygenChange, keepPlan, keyReads, makePlan, placeOf } from './keygen-plan.ts'
import { KEY_TYPES } from './openssh-key.ts'

/** An OpenSSH key pair, made on the host that uses it. See ssh-keygen(1). */
export const keygen = defineModule({
  name: 'keygen',
  summary: 'An OpenSSH key pair, made on the host that uses it; the private key never leaves it.',
  args: Arg.object({
    path: Arg.path({ description: 'Path of the private key; the public one stands beside it with .pub.' }),
    type: Type.Optional(Arg.choice(KEY_TYPES, { description: 'Kind of key; ed25519 by default.' })),
    size: Type.Optional(
      Type.Integer({
        minimum: 256,
        description: 'Size of an rsa or ecdsa key in bits; what ssh-keygen chooses by default.',
      }),
    ),
    comment: Type.Optional(
      Type.String({
        pattern: '^[^\\n]+$',
        description: 'Comment of the key; user and host by default. It is changed in place.',
      }),
    ),
    passphrase: Type.Optional(
      Arg.secret({
        description: 'Passphrase that seals the private key; without it, or with an empty one, the key is open.',
      }),
    ),
    owner: Type.Optional(
      Arg.account({ description: 'Account that owns both files; the owner of the folder by default.' }),
    ),
    group: Type.Optional(Arg.account({ description: 'Group of both files; left as it is by default.' })),
    mode: Type.Optional(Arg.mode({ description: 'Permission bits of the private key; "0600" by default.' })),
    regenerate: Type.Optional(
      Arg.choice(['never', 'fail', 'mismatch', 'always'], {
        description:
          'What happens to a key that is not as asked for: `never` keeps it, `fail` (the default) ends the task, `mismatch` makes a new one when type, size or sealing differ or when it cannot be read, `always` also when only the comment differs.',
      }),
    ),
  }),
  examples: [
    `- keygen: { path: /root/.example_ed25519, comment: root@example }
- keygen: { path: /root/.example_rsa, type: rsa, size: 3072, passphrase: correct horse, comment: sealed }
- keygen: { path: /root/.example_ecdsa, type: ecdsa, size: 384, mode: "0400", regenerate: mismatch }`,
  ],
  touches: 'reads',

  resource: ({ path }) => `file:${path}`,

  reads: ({ path }) => keyReads(path),

  plan(given, have): Plan<KeygenChange> {
    const want = { ...given, passphrase: passphraseOf(given.passphrase) }
    const place = placeOf(want, have)
    const inside = keyInside(have.inside)
    if (have.private.type === 'absent') return makePlan(want, have, place, undefined)
    const faults = faultsOf(want, have, inside).join(' and ')
    const policy = want.regenerate ?? 'fail'
    if (faults === '' || policy === 'never') return keepPlan(want, have, place, inside)
    if (policy === 'fail') {
      throw new TaskFailure(
        `the key ${want.path} ${faults}`,
        'keep it with `regenerate: never`, or have a new one made with `regenerate: mismatch`',
      )
    }
    return makePlan(want, have, place, `a key that ${faults}`)
  },

  apply: {
    generate: ({ place, mode }, { type = 'ed25519', size, comment, passphrase }) =>
      generate({ ...place, type, size, comment, passphrase: passphraseOf(passphrase), mode }),
    publish: ({ place, to }) => publish(place, to ?? ''),
    comment: ({ place, to }, { passphrase }) => comment(place, to ?? '', passphraseOf(passphrase)),
    owner: ({ path, to }) => chown(path, to),
    mode: ({ place, to }) => asAccount(place.writer, chmod(place.path, Number.parseInt(to ?? '', 8))),
  },
})
