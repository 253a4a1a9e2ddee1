import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { tidy } from '../../engine/resource/read.ts'
import { contentArgs, defineContentModule, sizeOf } from './file-content.ts'

/** A file on the host that holds what a file beside the playbook, or the playbook itself, says. */
export const copy = defineContentModule({
  name: 'copy',
  summary: 'A file with the content of a file beside the playbook, or of the playbook itself.',
  args: Arg.object(
    {
      dest: Arg.path({ description: 'Path of the file on the host, its name included.' }),
      src: Type.Optional(
        Arg.source({
          description:
            'File beside the playbook or in `files/` that it shall equal, of any size. From 1 MiB on it is sent in pieces, and goes on where an interrupted run has stopped; from 8 MiB on it is compared and shown by size and SHA-256.',
        }),
      ),
      content: Type.Optional(Arg.text({ description: 'What the file shall hold, in place of `src`.' })),
      ...contentArgs,
    },
    {
      allOf: [
        Arg.rule('takes either `src` or `content`', { oneOf: [{ required: ['src'] }, { required: ['content'] }] }),
      ],
    },
  ),
  examples: [
    `- copy: { dest: /etc/motd-example, content: "Maintained by Lockstep.\\n", mode: "0640", group: adm }
- copy: { dest: /usr/local/bin/example, src: hello.sh, mode: "u=rwx,go=rx" }
- copy: { dest: /etc/sudoers.d/example, content: "daemon ALL=(root) NOPASSWD: /usr/bin/true\\n", mode: "0440", validate: visudo -cqf %s }
- copy: { dest: /etc/motd-example, content: "Maintained by Lockstep.\\n", backup: true }`,
  ],

  resource: ({ dest }) => `file:${tidy(dest)}`,

  file: ({ dest, src, content }) => ({ path: dest, size: sizeOf(src?.content ?? content) }),

  content: ({ src, content }) => src?.content ?? content ?? '',
})
