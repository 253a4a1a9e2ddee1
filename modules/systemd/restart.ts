import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { predictSome, read } from '../../engine/resource/read.ts'
import { partOfUnit } from '../../engine/resource/way-in.ts'
import { sshdCheckFor } from '../ssh/sshd-check.ts'
import { bringUp, bringUpResult, requireUnit, unitArg, unitName } from './unit.ts'

/** Restarts a unit, or starts it when it is down, and sees to it that it is up afterwards. */
export const restart = defineAction({
  name: 'restart',
  summary:
    'Restarts a systemd unit and waits until it is up; a unit that does not come up fails with the end of its journal.',
  args: Arg.object({ name: unitArg }),
  examples: [
    `- restart: systemd-journald
- restart: { name: ssh }
`,
  ],
  certain: true,

  reads: ({ name }) => ({ unit: read.unit(unitName(name)) }),

  decide({ name }, { unit }) {
    requireUnit(unitName(name), unit)
    return { due: true, what: `restarts ${unitName(name)}`, endangers: partOfUnit(unitName(name)) }
  },

  run: ({ name }) => [...sshdCheckFor(unitName(name)), bringUp('restart', unitName(name))],

  after: ({ name }) => [predictSome(read.unit(unitName(name)), { active: 'active', needsReload: false })],

  conclude: ({ name }, outcome) => bringUpResult(unitName(name), outcome),
})
