import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { labKill, labPowerOn } from '../../../lab/faults.ts'
import { out } from '../play.ts'
import { type Fault, full, NO_ROOM, off, TWO, withoutPower } from './fault.ts'
import { keys, REMOVE_KEY, SWITCH_KEY } from './keys.ts'
import { makePair, SERVICE } from './service-account.ts'

const PUBLISH = 'Hosts let the next login key in as they do the old one'
const PROVE = 'Every host lets the next login key in'
const SWITCH_SERVICE = 'The next key takes the place of the old one'
const SERVICE_NEXT = `${SERVICE.service_key}.next`
const makeServiceNext = `ssh-keygen -q -t ed25519 -N '' -f ${SERVICE_NEXT} && chown backup: ${SERVICE_NEXT}*`

export const KEY_FAULTS: readonly Fault[] = [
  {
    what: 'the next public key is not that of the next private key',
    rotation: keys,
    async hurt({ path }) {
      for (const name of ['id.next', 'other']) makePair(path(name))
      copyFileSync(path('other.pub'), path('id.next.pub'))
    },
  },
  {
    what: 'the next key is cut short',
    rotation: keys,
    isQuick: true,
    async hurt({ path }) {
      makePair(path('id.next'))
      writeFileSync(path('id.next'), readFileSync(path('id.next'), 'utf8').slice(0, 200))
    },
    says: [/the key \S+\/id\.next cannot be read by ssh-keygen/],
    never: [SWITCH_KEY, SWITCH_SERVICE],
    mend: async ({ path }) => rmSync(path('id.next')),
  },
  {
    what: 'the next key is there without its public half',
    rotation: keys,
    async hurt({ path }) {
      makePair(path('id.next'))
      rmSync(path('id.next.pub'))
    },
  },
  {
    what: 'the next public key of a service is not that of its next private key',
    rotation: keys,
    hurt: () => out(TWO.name, `${makeServiceNext} && cp ${SERVICE.service_key}.pub ${SERVICE_NEXT}.pub`),
  },
  {
    what: 'the next key of a service is cut short',
    rotation: keys,
    hurt: () => out(TWO.name, `${makeServiceNext} && truncate -s 200 ${SERVICE_NEXT}`),
    says: [/^lockout2: .*the key \S+\/id_ed25519\.next cannot be read by ssh-keygen/],
    never: [SWITCH_SERVICE],
    mend: () => out(TWO.name, `rm ${SERVICE_NEXT}`),
  },
  {
    what: 'a host is down while keys are published, and back for the next run',
    rotation: keys,
    hurt: () => labKill(TWO.name),
    says: [/^lockout2: /],
    never: [SWITCH_KEY],
    open: [],
    mend: () => labPowerOn(TWO.name),
  },
  off('while keys are published', keys, { from: PUBLISH, never: [SWITCH_KEY, SWITCH_SERVICE] }),
  off('after it has published, before it has proven', keys, { from: PROVE, never: [REMOVE_KEY, SWITCH_SERVICE] }),
  withoutPower('while keys are published', keys, PUBLISH),
  withoutPower('while keys are proven', keys, PROVE),
  withoutPower('while keys are switched', keys, SWITCH_KEY),
  withoutPower('while the old key goes', keys, REMOVE_KEY),
  withoutPower('while its service changes its key', keys, SWITCH_SERVICE),
  full('the keys lie that open the account', keys, '/home/ops/.ssh', NO_ROOM),
  full('the key pair of a service lies', keys, '/home/backup/.ssh', NO_ROOM),
  full('a host keeps what it can go back to', keys, '/var/lib/lockstep', /could not be kept/),
]
