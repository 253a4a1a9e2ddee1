import { labKill, labPowerOn } from '../../../lab/faults.ts'
import { out } from '../play.ts'
import { GLASS } from './certificates.ts'
import { byBreakGlass, type Fault, full, NO_ROOM, ONE, off, TWO, withoutPower } from './fault.ts'
import { SWITCH_KEY } from './keys.ts'
import { leaving } from './leaving.ts'

const LINES = 'No file lets their keys in'
const READ = 'reload sshd'
const OPEN = /^localhost: Every host has proven that they are shut out: open on lockout2/

export const LEAVING_FAULTS: readonly Fault[] = [
  {
    what: 'a host is down when somebody leaves, and back for the next run',
    rotation: leaving,
    hurt: () => labKill(TWO.name),
    says: [/^lockout2: /, OPEN],
    never: [SWITCH_KEY],
    open: [],
    mend: () => labPowerOn(TWO.name),
  },
  off('while trust is taken away, and is back when secrets are to be changed', leaving, {
    from: LINES,
    back: 'Proof: whoever stays still logs in',
    never: [SWITCH_KEY],
  }),
  withoutPower('while lines go', leaving, LINES),
  withoutPower('while it reads its list', leaving, READ),
  {
    what: 'a host has lost its list of what is refused when somebody leaves',
    rotation: leaving,
    hurt: () => out(ONE.name, 'rm /etc/ssh/revoked.krl'),
    open: [GLASS],
    login: byBreakGlass,
  },
  full('the list is that somebody who leaves goes on', leaving, '/etc/ssh', NO_ROOM, OPEN),
]
