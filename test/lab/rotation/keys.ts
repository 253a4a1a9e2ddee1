import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { out } from '../play.ts'
import { type Rotation, when } from './rotation.ts'
import { makePair, makeServiceAccounts, SERVICE } from './service-account.ts'
import { HOSTS, type Stage } from './stage.ts'
import type { Way } from './ways.ts'

export const SWITCH_KEY = 'The next login key takes the place of the old one'
export const REMOVE_KEY = 'No file of any account lets the old login key in'
const REMOVE_SERVICE = 'No file of any account lets an old key in'

/** The automation has a key pair of its own, which every host lets in with an option. */
export async function makeLoginKey(stage: Stage): Promise<void> {
  const key = stage.path('id')
  makePair(key)
  copyFileSync(key, stage.path('before'))
  const line = readFileSync(`${key}.pub`, 'utf8').trim()
  await Promise.all(
    HOSTS.map(({ name }) => out(name, `echo 'no-agent-forwarding ${line}' >/home/ops/.ssh/authorized_keys`)),
  )
}

export const loginVars = (stage: Stage) => ({ remote_user: 'ops', private_key_file: stage.path('id') })

export const LOGIN_WAYS: readonly Way[] = [
  { name: 'the login key', account: 'ops', key: ({ path }) => path('id') },
  {
    name: 'the login key of before',
    account: 'ops',
    key: ({ path }) => path('before'),
    until: REMOVE_KEY,
    refused: 'Every host refuses the old login key',
  },
  {
    name: 'the next login key',
    account: 'ops',
    key: ({ path }) => (existsSync(path('id.next')) ? path('id.next') : path('id')),
    from: 'Every host lets the next login key in',
  },
]

export const keys: Rotation = {
  playbook: 'playbooks/rotate-ssh-keys.yml',
  what: 'the keys of the automation and of a service are changed',
  async prepare(stage) {
    await makeLoginKey(stage)
    await makeServiceAccounts(stage)
  },
  vars: (stage) => ({ ...SERVICE, ...loginVars(stage), rotation: 'one' }),
  ways: [
    ...LOGIN_WAYS,
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
    { kind: 'kill', event: when('task-finished', SWITCH_KEY) },
    { kind: 'cut', host: 1, round: REMOVE_KEY, moment: 'without power' },
  ],
  folders: ['/home/backup/.ssh'],
}
