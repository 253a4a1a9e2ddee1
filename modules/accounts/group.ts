import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { sh } from '../../engine/resource/command.ts'
import { defineModule } from '../../engine/resource/module.ts'
import { NO_GROUP, predict, predictSome, read } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'

type GroupChange =
  | (Change<'create', string> & { gid: number | undefined })
  | Change<'gid', number>
  | Change<'remove', string>

/** A group of the host. See groupadd(8). */
export const group = defineModule({
  name: 'group',
  summary: 'A group of the host.',
  args: Arg.object({
    name: Arg.account({ maxLength: 32, description: 'Name of the group.' }),
    gid: Type.Optional(Type.Integer({ minimum: 0, description: 'Its number; the host chooses when left out.' })),
    system: Type.Optional(
      Type.Boolean({ description: 'Whether a new group gets a number of the range for system groups.' }),
    ),
    state: Type.Optional(Arg.choice(['present', 'absent'], { description: 'Whether it exists; present by default.' })),
  }),
  examples: [
    `- group: { name: tunnels, gid: 4700 }
- group: { name: operators, system: true }
- group: { name: former, state: absent }
`,
  ],

  resource: ({ name }) => `group:${name}`,

  reads: ({ name }) => ({ group: read.group(name) }),

  plan({ name, gid, state }, { group: have }) {
    const here = read.group(name)
    if (state === 'absent') {
      const changes: GroupChange[] = have.present
        ? [{ kind: 'remove', what: name, from: 'present', to: undefined }]
        : []
      return { changes, after: [predict(here, NO_GROUP)], result: { name } }
    }
    if (!have.present) {
      const change: GroupChange = { kind: 'create', what: name, from: undefined, to: numbered(gid), gid }
      const after = { present: true, members: [], ...(gid === undefined ? {} : { gid }) }
      return { changes: [change], after: [predictSome(here, after)], result: { name, gid: known(name, gid) } }
    }
    const wanted = gid ?? have.gid
    const changes: GroupChange[] =
      wanted === have.gid ? [] : [{ kind: 'gid', what: `number of ${name}`, from: have.gid, to: wanted }]
    return { changes, after: [predict(here, { ...have, gid: wanted })], result: { name, gid: known(name, wanted) } }
  },

  apply: {
    create: ({ gid }, { name, system }) =>
      sh`groupadd ${[...(system ? ['-r'] : []), ...(gid === undefined ? [] : ['-g', gid])]} -- ${name}`,
    gid: ({ to }, { name }) => sh`groupmod -g ${to ?? ''} -- ${name}`,
    remove: (_, { name }) => sh`groupdel -- ${name}`,
  },
})

function numbered(gid: number | undefined): string {
  return gid === undefined ? 'present' : `present, number ${gid}`
}

/** A group that is only predicted has no number yet. */
function known(name: string, gid = -1): number | Unknown {
  return gid < 0 ? new Unknown(`the number of the group ${name}, which the host chooses`) : gid
}
