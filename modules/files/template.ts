import { Arg } from '../../engine/resource/arguments.ts'
import { tidy } from '../../engine/resource/read.ts'
import { contentArgs, defineContentModule, sizeOf } from './file-content.ts'

/** A file on the host that holds what a template says there. */
export const template = defineContentModule({
  name: 'template',
  summary: 'A file with the text of a template, rendered for the host.',
  args: Arg.object({
    dest: Arg.path({ description: 'Path of the file on the host, its name included.' }),
    src: Arg.template({ description: 'Template beside the playbook or in `templates/`.' }),
    ...contentArgs,
  }),
  examples: [
    `- template: { dest: /etc/example-a.conf, src: example.conf.hbs }
- template: { dest: /etc/example-b.conf, src: example.conf.hbs, owner: daemon, group: daemon, mode: "0600" }`,
  ],

  resource: ({ dest }) => `file:${tidy(dest)}`,

  file: ({ dest, src }) => ({ path: dest, size: sizeOf(src?.content) }),

  content: ({ src }) => src.content,
})
