import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { labKill, labPowerOn } from '../../../lab/faults.ts'
import { disturb } from '../disturbance.ts'
import { out } from '../play.ts'
import { certificates, EXCHANGE, GLASS, REMOVE_CA, revocation, succession } from './certificates.ts'
import { byBreakGlass, type Fault, full, NO_ROOM, ONE, off, TWO, withoutPower } from './fault.ts'
import { when } from './rotation.ts'
import { makePair } from './service-account.ts'
import type { Stage } from './stage.ts'

const DIRECTIVES = 'sshd takes certificates, and refuses what is revoked'
const PUBLISH = 'The host trusts both CAs of users'
const LOSE_LIST_AND_CA = 'rm /etc/ssh/revoked.krl /etc/ssh/user_ca.pub'

/** The controller's key of the CA of users is lost, and found again. */
const lostKey = {
  hurt: ({ path }: Stage) => move(path('ca/user_ca'), path('lost')),
  mend: ({ path }: Stage) => move(path('lost'), path('ca/user_ca')),
}

async function move(from: string, to: string): Promise<void> {
  renameSync(from, to)
}

async function publish(stage: Stage): Promise<void> {
  expect((await stage.play('run', { rotation_until: 'published' })).failed).toEqual([])
}

/** What ssh-ca.yml finds, where it has gone through before. */
const LOSSES: readonly Omit<Fault, 'rotation' | 'isOver'>[] = [
  {
    what: 'a host has lost its list of what is refused and its CA',
    isQuick: true,
    hurt: () => out(ONE.name, LOSE_LIST_AND_CA),
    open: [GLASS],
    login: byBreakGlass,
  },
  {
    what: 'a host has lost its CA, and what sshd is told of the account for that day',
    hurt: () => out(ONE.name, 'rm /etc/ssh/user_ca.pub /etc/ssh/sshd_config.d/10-break-glass.conf'),
    open: ['the automation'],
  },
  {
    what: 'a host has lost its list after its settings were written, and boots with them',
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
    hurt: () => out(ONE.name, ': >/etc/ssh/user_ca.pub'),
    open: [GLASS, 'the automation'],
  },
  {
    what: 'the list of what is refused of a host is broken',
    hurt: () => out(ONE.name, 'echo SSHKRL, but no more >/etc/ssh/revoked.krl'),
    open: [GLASS],
    login: byBreakGlass,
    says: [/revoked.krl holds no list of revoked keys that can be read/],
    mend: () => out(ONE.name, 'rm /etc/ssh/revoked.krl'),
  },
  {
    what: 'a host has lost its certificate',
    hurt: () => out(ONE.name, 'rm /etc/ssh/ssh_host_ed25519_key-cert.pub'),
    open: [GLASS, 'the automation'],
  },
  { what: 'the controller has lost the key of a CA', ...lostKey, says: [/the private key of a CA is gone/] },
]

export const CA_FAULTS: readonly Fault[] = [
  withoutPower('while sshd reads that it shall take certificates', certificates, 'reload sshd'),
  full('the files of sshd lie', certificates, '/etc/ssh', NO_ROOM),
  ...LOSSES.map((loss): Fault => ({ ...loss, rotation: certificates, isOver: true })),
  full('a host has its list of what is refused', revocation, '/etc/ssh', NO_ROOM),
  {
    what: 'the next public key of a CA is not that of its next private key',
    rotation: succession,
    async hurt({ path }) {
      mkdirSync(path('ca/next'), { mode: 0o700 })
      for (const name of ['ca/next/user_ca', 'other']) makePair(path(name))
      copyFileSync(path('other.pub'), path('ca/next/user_ca.pub'))
    },
  },
  {
    what: 'the next key of a CA is cut short',
    rotation: succession,
    async hurt({ path }) {
      mkdirSync(path('ca/next'), { mode: 0o700 })
      makePair(path('ca/next/user_ca'))
      writeFileSync(path('ca/next/user_ca'), readFileSync(path('ca/next/user_ca'), 'utf8').slice(0, 200))
    },
    says: [/the key \S+\/next\/user_ca cannot be read by ssh-keygen/],
    never: [EXCHANGE],
    mend: async ({ path }) => rmSync(path('ca/next/user_ca')),
  },
  {
    what: 'the controller has lost the key of a CA that is to be replaced',
    rotation: succession,
    ...lostKey,
    says: [/the private key of a CA is gone/],
    never: [PUBLISH, EXCHANGE],
  },
  {
    what: 'a host has lost its list and its CAs when both are trusted',
    rotation: succession,
    async hurt(stage) {
      await publish(stage)
      await out(ONE.name, LOSE_LIST_AND_CA)
    },
    open: [GLASS],
    login: byBreakGlass,
  },
  {
    what: 'a host is down while the next CAs are published, and back for the next run',
    rotation: succession,
    hurt: () => labKill(TWO.name),
    says: [/^lockout2: /],
    never: [PUBLISH, EXCHANGE],
    open: [],
    mend: () => labPowerOn(TWO.name),
  },
  off('while the next CAs are published', succession, { from: PUBLISH, never: [EXCHANGE, REMOVE_CA] }),
  off('while it gets a certificate of the next CA', succession, { from: EXCHANGE, never: [REMOVE_CA] }),
  withoutPower('while the next CAs are published', succession, PUBLISH),
  withoutPower('while the CAs are exchanged', succession, EXCHANGE),
  withoutPower('while it shows the certificate of the next CA', succession, 'reload sshd'),
  withoutPower('while it ceases to trust the old CA', succession, REMOVE_CA),
  full('the files of sshd lie that trust the old CA', succession, '/etc/ssh', NO_ROOM),
]
