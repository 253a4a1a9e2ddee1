import { posix } from 'node:path'
import { Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { read } from '../../engine/resource/read.ts'

/** Brings a file of the host to the controller. */
export const fetch = defineAction({
  name: 'fetch',
  summary: 'A file of the host, brought to the controller; up to 8 MiB.',
  args: Arg.object({
    src: Arg.path({ description: 'Path of the file on the host.' }),
    dest: Type.String({
      minLength: 1,
      description: 'Folder on the controller; the file is put below it as HOST/PATH. With `flat`, the file itself.',
    }),
    flat: Type.Optional(
      Type.Boolean({
        description:
          'Puts the file at `dest` itself, or into it when it ends with a slash; name the host in it, or hosts overwrite each other.',
      }),
    ),
    fail_on_missing: Type.Optional(
      Type.Boolean({ description: 'Whether a file that is absent is a failure; true when left out.' }),
    ),
  }),
  examples: [
    `- fetch: { src: /etc/hostname, dest: fetched }
- fetch: { src: /etc/debian_version, dest: fetched/, flat: true }
- fetch: { src: /etc/no-such-file, dest: fetched, fail_on_missing: false }`,
  ],
  looks: true,

  reads: ({ src }) => ({ file: read.file(src) }),

  decide({ src, fail_on_missing }, { file }) {
    if (file.type === 'absent' && fail_on_missing === false) return { due: false, result: { src } }
    if (src.split('/').includes('..')) {
      return { due: false, failure: `${src} leads upwards`, hint: 'name the file without `..`' }
    }
    if (file.type === 'file') return { due: true, what: `brings ${src}` }
    if (file.type === 'absent') {
      return { due: false, failure: `${src} does not exist`, hint: 'say `fail_on_missing: false` if that is fine' }
    }
    const to = file.target === undefined ? '' : ` to ${file.target}`
    return { due: false, failure: `${src} is a ${file.type}${to}, not a file`, hint: 'name the file itself' }
  },

  keep: ({ src, dest, flat }, { file }, host) => ({
    path: flat ? dest + (dest.endsWith('/') ? posix.basename(src) : '') : posix.join(dest, host, src),
    content: file.content ?? Buffer.alloc(0),
    // What not everybody may read on the host is for nobody else here either.
    mode: file.mode & 0o004 ? 0o644 : 0o600,
  }),
})
