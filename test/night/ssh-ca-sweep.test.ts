import { copyFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { controllers } from '../lab/controller.ts'
import { files, out } from '../lab/play.ts'
import { when } from '../lab/rotation/rotation.ts'
import { signedHosts } from '../lab/signed-hosts.ts'

const PLAYBOOK = 'playbooks/rotate-ssh-ca.yml'
const HOSTS = [
  { name: 'signed1', address: '10.98.41.1' },
  { name: 'signed2', address: '10.98.41.2' },
]
const EVERY_RUN = 30 * 60_000
const signed = signedHosts(HOSTS)
const { ca: CA, rotate } = signed

/** A kill with the end of each leaves a state that the next run goes on from in another way. */
const PHASES = [
  'There is a next CA for users',
  'The host trusts both CAs of users',
  'The next CAs take the place of the old ones',
  'There is a list that knows hosts by the next CA alone',
  'It is noted that the old CAs are to be refused',
  'The host trusts the new CA of users alone',
  'The rotation of the CAs is over',
]

test(
  'what a killed rotation has left to do a check names, the next run does, and ssh-ca.yml finds nothing to do after it',
  async () => {
    using at = files({ 'vars.json': JSON.stringify(signed.vars()) })
    const start = controllers(at, signed.lab.access)
    for (const [index, task] of PHASES.entries()) {
      const rotation = `killed-${index}`
      const words = ['run', PLAYBOOK, '-i', signed.path('inventory.yml'), '-e', `@${at.path('vars.json')}`]
      const { code } = await start('ann', [...words, '-e', `rotation=${rotation}`, '--output', 'jsonl'], {
        killAt: when('task-finished', task),
      }).ended
      expect(code, task).toBe('SIGKILL')
      const check = await rotate(rotation, {}, { mode: 'check' })
      const run = await rotate(rotation)
      expect([...check.failed, ...run.failed], task).toEqual([])
      expect(run.changed, task).toEqual(check.changed)
      expect((await signed.play('ssh-ca')).changed, task).toEqual([])
    }
  },
  EVERY_RUN,
)

test(
  'an automation that logs in by a certificate of the old CA does not cut itself off',
  async () => {
    const key = signed.path('automation')
    for (const half of ['', '.pub']) copyFileSync(signed.path(`anna${half}`), `${key}${half}`)
    copyFileSync(signed.issued, `${key}-cert.pub`)
    const login = { connection: 'openssh', remote_user: 'ops', private_key_file: key }
    const rotateAsAnna = () => signed.play('rotate-ssh-ca', { vars: { rotation: 'own' } }, login)

    const refused = await rotateAsAnna()
    expect(refused.failed).toEqual(
      HOSTS.map(({ name }) =>
        expect.stringMatching(new RegExp(`^${name}: The host trusts the new CA of users alone: .*`)),
      ),
    )
    expect(refused.results.flatMap(({ failure }) => failure?.code ?? [])).toEqual(HOSTS.map(() => 'LOCKED_OUT'))
    for (const { name } of HOSTS)
      expect(await out(name, 'wc -l </etc/ssh/user_ca.pub; ls -d /var/lib/lockstep 2>/dev/null || :')).toBe('2')

    copyFileSync(`${CA}/users/anna-cert.pub`, `${key}-cert.pub`)
    const finished = await rotateAsAnna()
    expect(finished.failed).toEqual([])
    for (const { name } of HOSTS) expect(await out(name, 'wc -l </etc/ssh/user_ca.pub')).toBe('1')
  },
  EVERY_RUN,
)
