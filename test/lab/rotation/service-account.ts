import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { labExec } from '../../../lab/exec.ts'
import { out } from '../play.ts'
import { HOSTS, type Stage } from './stage.ts'

const HOME = '/home/backup'

/** An account on each host with a key pair of its own, by which it gets in to every other host. */
export const SERVICE = {
  service_user: 'backup',
  service_key: `${HOME}/.ssh/id_ed25519`,
  service_known_hosts: `${HOME}/.ssh/known_hosts`,
  service_units: [],
}

export function makePair(file: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'first', '-f', file])
}

/** Makes the account on all hosts, which know each other by the keys that the lab knows them by. */
export async function makeServiceAccounts(stage: Stage): Promise<void> {
  const pairs = HOSTS.map(({ name }) => ({ name, file: stage.path(`service-${name}`) }))
  for (const { file } of pairs) makePair(file)
  const known = readFileSync(stage.access.knownHostsFile, 'utf8')
  await Promise.all(
    pairs.map(async ({ name, file }) => {
      const others = pairs.filter((pair) => pair.name !== name)
      const trusted = others.map((pair) => `restrict ${readFileSync(`${pair.file}.pub`, 'utf8')}`).join('')
      await out(
        name,
        `userdel -rf backup 2>/dev/null; useradd -m -d ${HOME} -s /bin/sh backup; install -d -m 700 -o backup -g backup ${HOME}/.ssh`,
      )
      const texts = {
        id_ed25519: readFileSync(file),
        'id_ed25519.pub': readFileSync(`${file}.pub`),
        authorized_keys: trusted,
        known_hosts: known,
      }
      for (const [base, input] of Object.entries(texts)) {
        const write = `umask 077; cat >${HOME}/.ssh/${base}; chown backup: ${HOME}/.ssh/${base}`
        await labExec(name, ['sh', '-c', write], { input })
      }
    }),
  )
}
