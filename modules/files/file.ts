import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { octal, sh } from '../../engine/resource/command.ts'
import { defineModule } from '../../engine/resource/module.ts'
import { read, tidy } from '../../engine/resource/read.ts'
import { foldersToSee, planFile } from './file-states.ts'
import { belowLegs } from './file-tree.ts'
import { chmod, chown, ownershipArgs, ownershipLegs, ownershipReads } from './ownership.ts'

const args = Arg.object(
  {
    path: Arg.path({ description: 'Path on the host.' }),
    state: Type.Optional(
      Arg.choice(['file', 'directory', 'link', 'absent', 'touch'], {
        description:
          '`directory` is made with the folders above it, `link` points to `src`, `touch` makes an empty file where none is, `absent` removes it and everything below; `file`, or leaving it out, expects it to be there.',
      }),
    ),
    src: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'What a link points to, as it is written in the link; it need not exist.',
      }),
    ),
    force: Type.Optional(Type.Boolean({ description: 'Lets a link take the place of a file.' })),
    recurse: Type.Optional(
      Type.Boolean({
        description:
          'Gives owner, group and mode to everything below a directory as well; a symbolic mode with X tells folders from files.',
      }),
    ),
    ...ownershipArgs,
  },
  {
    allOf: [
      Arg.rule('needs `src` with `state: link`, and takes it only there', {
        if: { required: ['state'], properties: { state: { type: 'string', const: 'link' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['src'] },
        else: { not: { required: ['src'] } },
      }),
      Arg.rule('takes `force` only with `state: link`', {
        anyOf: [{ required: ['src'] }, { not: { required: ['force'] } }],
      }),
      Arg.rule('takes no `mode` with `state: link`, since a link has none of its own', {
        not: { required: ['src', 'mode'] },
      }),
      Arg.rule('takes `recurse` only with a directory', {
        anyOf: [{ not: { required: ['recurse'] } }, { properties: { state: { type: 'string', const: 'directory' } } }],
      }),
    ],
  },
)

/** A file, directory or link with its owner and mode, or its absence. */
export const file = defineModule({
  name: 'file',
  summary:
    'A file, directory or link with its owner and mode, or its absence; `touch` never changes the times of what is there.',
  args,
  examples: [
    `- file: { path: /srv/example/a/b, state: directory, owner: daemon, group: daemon, mode: "u=rwx,g=rx,o=" }
- file: { path: /srv/example/a/flag, state: touch, mode: "0640" }
- file: { path: /srv/example/current, state: link, src: a/b }
- file: { path: /srv/example/a/flag, state: file, group: adm }
- file: { path: /srv/example/gone, state: absent }`,
    `- file: { path: /srv/example-tree/x, state: directory }
- file: { path: /srv/example-tree/x/y, state: touch }
- file: { path: /srv/example-tree, state: directory, recurse: true, owner: daemon, mode: "u=rwX,go=rX" }`,
  ],

  sets: ['target', 'below'],
  touches: 'reads',

  resource: ({ path }) => `file:${tidy(path)}`,

  reads: (want) => ({
    target: read.status(want.path),
    above: foldersToSee(want).map((folder) => read.folder(folder)),
    below: want.recurse ? [read.tree(want.path)] : [],
    ...ownershipReads(want),
  }),

  plan: planFile,

  apply: {
    ...ownershipLegs,
    ...belowLegs,
    // mkdir sets the mode itself, so that nothing but the folder that it made can be meant.
    directory: ({ what, mode, owner }) => sh.all([sh`mkdir -m ${`0${octal(mode)}`} -- ${what}`, ...chown(what, owner)]),
    touch: ({ what, mode, owner }) =>
      sh.all([sh`( umask 077; set -C; : >${what} )`, ...chown(what, owner), chmod(what, mode)]),
    link: ({ what, to, owner }) => sh.all([sh`ln -sfT -- ${to ?? ''} ${what}`, ...chown(what, owner)]),
    remove: ({ what }) => sh`rm -f -- ${what}`,
    'remove-tree': ({ what }) => sh`rm -rf --one-file-system -- ${what}`,
  },
})
