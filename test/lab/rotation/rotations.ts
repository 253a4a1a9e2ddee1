import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { Disturbance } from '../disturbance.ts'
import { out } from '../play.ts'
import { makePair, makeServiceAccounts, SERVICE } from './service-account.ts'
import { HOSTS, type Stage } from './stage.ts'
import type { Way } from './ways.ts'

/** A playbook that changes who gets in, and what it promises about that. */
export interface Rotation {
  playbook: string
  what: string
  /** Brings fresh hosts and an empty folder to where it begins. */
  prepare(stage: Stage): Promise<void>
  vars(stage: Stage): Record<string, unknown>
  ways: readonly Way[]
  /** Where a disturbance would do most harm. */
  dangers: readonly Disturbance[]
  /** Folders of the hosts in which nothing may stay that ends in .next or .old. */
  folders: readonly string[]
}

const SWITCH = 'The next login key takes the place of the old one'
const REMOVE = 'No file of any account lets the old login key in'
const REMOVE_SERVICE = 'No file of any account lets an old key in'
const GLASS = 'The key for the day that CAs fail logs in, before'
const PROOF = 'A certificate logs in, and the host proves itself by its own'

/** What a line of output fits that tells of a task. */
export const when = (type: 'task-started' | 'task-finished', task: string) => `"type":"${type}".*"name":"${task}"`

export const keys: Rotation = {
  playbook: 'playbooks/rotate-ssh-keys.yml',
  what: 'the keys of the automation and of a service are changed',
  async prepare(stage) {
    const key = stage.path('id')
    makePair(key)
    copyFileSync(key, stage.path('before'))
    const line = readFileSync(`${key}.pub`, 'utf8').trim()
    await Promise.all(
      HOSTS.map(({ name }) => out(name, `echo 'no-agent-forwarding ${line}' >/home/ops/.ssh/authorized_keys`)),
    )
    await makeServiceAccounts(stage)
  },
  vars: (stage) => ({ ...SERVICE, remote_user: 'ops', private_key_file: stage.path('id'), rotation: 'one' }),
  ways: [
    { name: 'the login key', account: 'ops', key: ({ path }) => path('id') },
    { name: 'the login key of before', account: 'ops', key: ({ path }) => path('before'), until: REMOVE },
    {
      name: 'the next login key',
      account: 'ops',
      key: ({ path }) => (existsSync(path('id.next')) ? path('id.next') : path('id')),
      from: 'Every host lets the next login key in',
    },
    { name: 'the key of the service', account: 'backup', key: () => SERVICE.service_key, between: 'backup' },
    ...HOSTS.map(
      ({ name }, index): Way => ({
        name: `the key of the service on ${name} of before`,
        account: 'backup',
        key: ({ path }) => path(`service-${name}`),
        to: HOSTS.filter((_, other) => other !== index).map((host) => host.name),
        until: REMOVE_SERVICE,
      }),
    ),
  ],
  dangers: [
    { kind: 'kill', event: when('task-finished', SWITCH) },
    { kind: 'cut', host: 1, round: REMOVE, moment: 'before' },
  ],
  folders: ['/home/backup/.ssh'],
}

const caVars = (stage: Stage): Record<string, unknown> => ({
  ssh_ca_folder: stage.path('ca'),
  ssh_ca_principals: { ops: ['admin'] },
  ssh_ca_users: ['anna', 'bert'].map((name) => ({
    ...{ name, principals: ['admin'] },
    key: readFileSync(`${stage.path(name)}.pub`, 'utf8').trim(),
  })),
})

const certificateOf = (name: string): Pick<Way, 'account' | 'key' | 'certificate'> => ({
  account: 'ops',
  key: ({ path }) => path(name),
  certificate: ({ path }) => path(`ca/users/${name}-cert.pub`),
})

const automation: Way = { name: 'the automation', account: 'ops', key: ({ access }) => access.privateKeyFile }
const breakGlass: Way = {
  name: 'the account for the day that CAs fail',
  account: 'breakglass',
  key: ({ path }) => path('ca/break-glass'),
}

export const certificates: Rotation = {
  playbook: 'playbooks/ssh-ca.yml',
  what: 'certificates are brought to hosts',
  async prepare(stage) {
    for (const name of ['anna', 'bert']) makePair(stage.path(name))
  },
  vars: caVars,
  ways: [automation, { ...breakGlass, from: GLASS }, { name: 'Anna', ...certificateOf('anna'), from: PROOF }],
  dangers: [{ kind: 'cut', host: 1, round: 'reload sshd', moment: 'after' }],
  folders: [],
}

const revocation: Rotation = {
  playbook: 'playbooks/ssh-ca.yml',
  what: 'the key of somebody is revoked',
  async prepare(stage) {
    await certificates.prepare(stage)
    expect((await stage.play('run', { ssh_ca_revoked_keys: [] })).failed).toEqual([])
  },
  vars: (stage) => ({
    ...caVars(stage),
    ssh_ca_revoked_keys: [readFileSync(`${stage.path('anna')}.pub`, 'utf8').trim()],
  }),
  ways: [
    automation,
    breakGlass,
    { name: 'Bert', ...certificateOf('bert') },
    { name: 'Anna', ...certificateOf('anna'), until: 'Nothing is refused yet, or what has been so far' },
  ],
  dangers: [{ kind: 'kill', event: when('task-finished', 'Nothing is refused yet, or what has been so far') }],
  folders: [],
}

/** Every playbook that changes who gets in is swept by a line here. */
export const ROTATIONS: readonly Rotation[] = [keys, certificates, revocation]
