import { Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import { predictSome, read } from '../../engine/resource/read.ts'
import { partOfUnit } from '../../engine/resource/way-in.ts'
import { sshdCheckFor } from '../ssh/sshd-check.ts'
import { bringUp, bringUpResult, requireUnit, unitArg, unitName } from './unit.ts'

/** Has a running unit read its configuration anew, and sees to it that it is still up afterwards. */
export const reload = defineAction({
  name: 'reload',
  summary: 'Has a running systemd unit read its configuration anew, and sees to it that it is still up afterwards.',
  args: Arg.object({
    name: unitArg,
    or_restart: Type.Optional(
      Type.Boolean({ description: 'Whether a unit that cannot reload is restarted, and one that is down is started.' }),
    ),
  }),
  examples: [
    `- reload: ssh
- reload: { name: systemd-journald, or_restart: true }
`,
  ],
  certain: true,

  reads: ({ name }) => ({ unit: read.unit(unitName(name)) }),

  decide({ name, or_restart }, { unit }) {
    requireUnit(unitName(name), unit)
    if (unit.active !== 'active' && unit.active !== 'reloading' && !or_restart) {
      throw new TaskFailure(
        `${unitName(name)} is ${unit.active}, so it cannot be reloaded`,
        'start it with `systemd`, or say `or_restart: true`',
      )
    }
    if (unit.canReload === false && !or_restart) {
      throw new TaskFailure(
        `${unitName(name)} cannot be reloaded: its unit file does not say how`,
        'add ExecReload= to it, or say `or_restart: true`',
      )
    }
    return { due: true, what: `reloads ${unitName(name)}`, endangers: partOfUnit(unitName(name)) }
  },

  run: ({ name, or_restart }) => [
    ...sshdCheckFor(unitName(name)),
    bringUp(or_restart ? 'reload-or-restart' : 'reload', unitName(name)),
  ],

  after: ({ name }) => [predictSome(read.unit(unitName(name)), { active: 'active', needsReload: false })],

  conclude: ({ name }, outcome) => bringUpResult(unitName(name), outcome),
})
