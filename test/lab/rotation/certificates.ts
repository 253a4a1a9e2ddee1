import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { type Rotation, when } from './rotation.ts'
import { makePair } from './service-account.ts'
import type { Stage } from './stage.ts'
import type { Way } from './ways.ts'

const PLAYBOOK = 'playbooks/ssh-ca.yml'
const GLASS_PROOF = 'The key for the day that CAs fail logs in, before'
const PROOF = 'A certificate logs in, and the host proves itself by its own'
const REVOKE = 'Nothing is refused yet, or what has been so far'
export const EXCHANGE = 'The next CAs take the place of the old ones'
export const REMOVE_CA = 'The host trusts the new CA of users alone'

const caVars = (stage: Stage): Record<string, unknown> => ({
  ssh_ca_folder: stage.path('ca'),
  ssh_ca_principals: { ops: ['admin'] },
  ssh_ca_users: ['anna', 'bert'].map((name) => ({
    ...{ name, principals: ['admin'] },
    key: publicKeyOf(stage, name),
  })),
})

/** The public half of a key pair in the controller's folder. */
export function publicKeyOf(stage: Stage, name: string): string {
  return readFileSync(`${stage.path(name)}.pub`, 'utf8').trim()
}

/** Somebody who logs in by the certificate that lies in the controller's folder, to hosts that are known by their CAs alone. */
export const certificateOf = (name: string): Pick<Way, 'account' | 'key' | 'certificate'> => ({
  account: 'ops',
  key: ({ path }) => path(name),
  certificate: ({ path }) => path(`ca/users/${name}-cert.pub`),
})

const automation: Way = { name: 'the automation', account: 'ops', key: ({ access }) => access.privateKeyFile }
export const GLASS = 'the account for the day that CAs fail'
export const breakGlass: Way = { name: GLASS, account: 'breakglass', key: ({ path }) => path('ca/break-glass') }

export const certificates: Rotation = {
  playbook: PLAYBOOK,
  what: 'certificates are brought to hosts',
  async prepare({ path }) {
    for (const name of ['anna', 'bert']) makePair(path(name))
  },
  vars: caVars,
  ways: [automation, { ...breakGlass, from: GLASS_PROOF }, { name: 'Anna', ...certificateOf('anna'), from: PROOF }],
  dangers: [{ kind: 'cut', host: 1, round: 'reload sshd', moment: 'after' }],
  folders: [],
}

export const revocation: Rotation = {
  playbook: PLAYBOOK,
  what: 'the key of somebody is revoked',
  after: certificates,
  vars: (stage) => ({ ...caVars(stage), ssh_ca_revoked_keys: [publicKeyOf(stage, 'anna')] }),
  ways: [
    automation,
    breakGlass,
    { name: 'Bert', ...certificateOf('bert') },
    { name: 'Anna', ...certificateOf('anna'), until: REVOKE, refused: REVOKE },
  ],
  dangers: [{ kind: 'kill', event: when('task-finished', REVOKE) }],
  folders: [],
}

const NEXT_PROOF = 'Every host lets a certificate of the next CA in'

export const succession: Rotation = {
  playbook: 'playbooks/rotate-ssh-ca.yml',
  what: 'the CAs are replaced',
  after: certificates,
  async prepare({ path }) {
    copyFileSync(path('ca/users/anna-cert.pub'), path('before-cert.pub'))
    copyFileSync(path('ca/known_hosts'), path('known-before'))
  },
  vars: (stage) => ({ ...caVars(stage), rotation: 'one' }),
  ways: [
    automation,
    breakGlass,
    { name: 'Anna', ...certificateOf('anna') },
    {
      name: 'Anna by the certificate that she has taken home',
      ...certificateOf('anna'),
      certificate: ({ path }) => path('before-cert.pub'),
      until: REMOVE_CA,
      refused: 'Every host refuses a certificate of the old CA',
    },
    {
      name: 'Anna by all that she has taken home',
      ...certificateOf('anna'),
      certificate: ({ path }) => path('before-cert.pub'),
      known: ({ path }) => path('known-before'),
      until: EXCHANGE,
    },
    {
      name: 'a certificate of the next CA',
      account: 'ops',
      key: ({ path }) => path('ca/probe'),
      certificate: ({ path }) =>
        existsSync(path('ca/probe.next-cert.pub')) ? path('ca/probe.next-cert.pub') : path('ca/probe-cert.pub'),
      from: NEXT_PROOF,
    },
  ],
  dangers: [{ kind: 'kill', event: when('task-finished', EXCHANGE) }],
  folders: [],
}
