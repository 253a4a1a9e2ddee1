import { copyFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { controllers } from '../lab/controller.ts'
import { files, out } from '../lab/play.ts'
import { signedHosts } from '../lab/signed-hosts.ts'

const PLAYBOOK = 'playbooks/rotate-ssh-ca.yml'
const HOSTS = [
  { name: 'signed1', address: '10.98.41.1' },
  { name: 'signed2', address: '10.98.41.2' },
]
const EVERY_RUN = 24 * 3600_000
const signed = signedHosts(HOSTS)
const { ca: CA, rotate, takeHome } = signed

/** `all` places, or `2/30` for a thirtieth of them, spread evenly; one in the switch unless given. */
const asked = process.env.LOCKSTEP_SWEEP
const part = /^(\d+)\/(\d+)$/.exec(asked === 'all' ? '1/1' : (asked ?? ''))

test(
  'a controller that is killed at any event of a rotation locks nobody out, and leaves what a check names and the next run finishes',
  async () => {
    using at = files({ 'vars.json': JSON.stringify(signed.vars()) })
    const start = controllers(at, signed.lab.access)
    const undisturbed = await rotate('first')
    expect(undisturbed.failed).toEqual([])
    const failures: string[] = []
    for (const event of placesOf(undisturbed.events.length)) {
      const rotation = `event-${event}`
      const taken = takeHome('users/anna-cert.pub', 'taken-cert.pub')
      const words = ['run', PLAYBOOK, '-i', signed.path('inventory.yml'), '-e', `@${at.path('vars.json')}`]
      const { code } = await start('ann', [...words, '-e', `rotation=${rotation}`, '--output', 'jsonl'], {
        killAt: event,
      }).ended
      const left: string[] = []
      for (const { name, address } of HOSTS) {
        const ways = [await signed.logsIn(address, taken), await signed.logsIn(address, signed.issued)]
        if (!ways.includes('ops')) left.push(`${name} lets neither certificate in: ${ways.join(', ')}`)
      }
      const check = await rotate(rotation, {}, { mode: 'check' })
      const run = await rotate(rotation)
      left.push(...check.failed, ...run.failed)
      if (JSON.stringify(check.changed) !== JSON.stringify(run.changed))
        left.push(`check named ${check.changed.join(', ')}; run did ${run.changed.join(', ')}`)
      left.push(...(await signed.play('ssh-ca')).changed)
      for (const { address } of HOSTS)
        left.push(...[await signed.logsIn(address, taken)].filter((said) => said !== 'Permission denied'))
      process.stdout.write(`killed at event ${event} (${code}): ${left.length === 0 ? 'passed' : left.join('; ')}\n`)
      if (left.length > 0) failures.push(`event ${event}: ${left.join('; ')}`)
    }
    expect(failures).toEqual([])
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

function placesOf(events: number): number[] {
  if (!part) return [Math.round(events * 0.7)]
  const [, which, of] = part.map(Number)
  return Array.from({ length: events }, (_, index) => index + 1).filter(
    (place) => place % (of ?? 1) === (which ?? 0) % (of ?? 1),
  )
}
