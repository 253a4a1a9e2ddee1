import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { labKill, labPowerOn } from '../../../lab/faults.ts'
import { type Disturbance, disturb } from '../disturbance.ts'
import { out } from '../play.ts'
import { certificates, keys, type Rotation, when } from './rotations.ts'
import { makePair } from './service-account.ts'
import { HOSTS, type Stage } from './stage.ts'

/** Something that goes wrong beside a rotation. */
export interface Fault {
  what: string
  rotation: Rotation
  /** Tried by day too. */
  isQuick?: true
  /** The rotation has gone through before. */
  isOver?: true
  /** What goes wrong before the run. */
  hurt?(stage: Stage): Promise<unknown>
  /** What goes wrong in the run. */
  place?: Disturbance
  /** The ways that must be open in spite of it; without it all that were promised. */
  open?: readonly string[]
  /** How the run logs in. */
  login?(stage: Stage): object
  /** What the run fails with; it goes through without it. */
  says?: RegExp
  /** What a person does then, before the next run. */
  mend?(stage: Stage): Promise<unknown>
}

const [ONE, TWO] = HOSTS
const REMOVE = 'No file of any account lets the old login key in'
const DIRECTIVES = 'sshd takes certificates, and refuses what is revoked'
const NO_ROOM = /No space left on device|KiB are free there/
const GLASS = 'the account for the day that CAs fail'
const byBreakGlass = ({ path }: Stage) => ({ remote_user: 'breakglass', private_key_file: path('ca/break-glass') })

/** A folder of a host on a disk of its own, which is full; and back on the disk that it was on. */
export const fill = (folder: string) => `mkdir -p ${folder} && tar -C ${folder} -cpf /run/kept.tar . &&
mount -t tmpfs -o size=2m none ${folder} && tar -C ${folder} -xpf /run/kept.tar
dd if=/dev/zero of=${folder}/rest bs=1k 2>/dev/null || :`
export const empty = (
  folder: string,
) => `rm ${folder}/rest && tar -C ${folder} -cpf /run/kept.tar . && umount ${folder} &&
tar -C ${folder} -xpf /run/kept.tar && rm /run/kept.tar`

const full = (what: string, rotation: Rotation, folder: string, says: RegExp): Fault => ({
  what: `the disk is full where ${what}`,
  rotation,
  says,
  hurt: () => out(TWO.name, fill(folder)),
  mend: () => out(TWO.name, empty(folder)),
})

const withoutPower = (when: string, rotation: Rotation, round: string): Fault => ({
  what: `a host loses its power ${when}`,
  rotation,
  place: { kind: 'cut', host: 1, round, moment: 'without power' },
})

export const FAULTS: readonly Fault[] = [
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
    says: /the key \S+\/id\.next cannot be read by ssh-keygen/,
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
    what: 'a host is down while keys are published, and back for the next run',
    rotation: keys,
    hurt: () => labKill(TWO.name),
    says: /^lockout2: /,
    open: [],
    mend: () => labPowerOn(TWO.name),
  },
  withoutPower('while keys are published', keys, 'Hosts let the next login key in as they do the old one'),
  withoutPower('while keys are proven', keys, 'Every host lets the next login key in'),
  withoutPower('while keys are switched', keys, 'The next login key takes the place of the old one'),
  { ...withoutPower('while the old key goes', keys, REMOVE), isQuick: true },
  withoutPower('while its service changes its key', keys, 'The next key takes the place of the old one'),
  withoutPower('while sshd reads that it shall take certificates', certificates, 'reload sshd'),
  full('the keys lie that open the account', keys, '/home/ops/.ssh', NO_ROOM),
  full('the key pair of a service lies', keys, '/home/backup/.ssh', NO_ROOM),
  full('a host keeps what it can go back to', keys, '/var/lib/lockstep', /could not be kept/),
  full('the files of sshd lie', certificates, '/etc/ssh', NO_ROOM),
  {
    what: 'a host has lost its list of what is refused and its CA',
    rotation: certificates,
    isQuick: true,
    isOver: true,
    hurt: () => out(ONE.name, 'rm /etc/ssh/revoked.krl /etc/ssh/user_ca.pub'),
    open: [GLASS],
    login: byBreakGlass,
  },
  {
    what: 'a host has lost its CA, and what sshd is told of the account for that day',
    rotation: certificates,
    isOver: true,
    hurt: () => out(ONE.name, 'rm /etc/ssh/user_ca.pub /etc/ssh/sshd_config.d/10-break-glass.conf'),
    open: ['the automation'],
  },
  {
    what: 'a host has lost its list after its settings were written, and boots with them',
    rotation: certificates,
    isOver: true,
    async hurt(stage) {
      await out(ONE.name, 'rm /etc/ssh/sshd_config.d/40-ssh-ca.conf; systemctl reload ssh')
      await disturb(stage.subject(), { kind: 'kill', event: when('task-finished', DIRECTIVES) })
      await out(ONE.name, 'rm /etc/ssh/revoked.krl')
      await labKill(ONE.name)
      await labPowerOn(ONE.name)
    },
    open: [GLASS],
    login: byBreakGlass,
  },
  {
    what: 'the file of CAs of a host is empty',
    rotation: certificates,
    isOver: true,
    hurt: () => out(ONE.name, ': >/etc/ssh/user_ca.pub'),
    open: [GLASS, 'the automation'],
  },
  {
    what: 'the list of what is refused of a host is broken',
    rotation: certificates,
    isOver: true,
    hurt: () => out(ONE.name, 'echo SSHKRL, but no more >/etc/ssh/revoked.krl'),
    open: [GLASS],
    login: byBreakGlass,
    says: /revoked.krl holds no list of revoked keys that can be read/,
    mend: () => out(ONE.name, 'rm /etc/ssh/revoked.krl'),
  },
  {
    what: 'a host has lost its certificate',
    rotation: certificates,
    isOver: true,
    hurt: () => out(ONE.name, 'rm /etc/ssh/ssh_host_ed25519_key-cert.pub'),
    open: [GLASS, 'the automation'],
  },
]
