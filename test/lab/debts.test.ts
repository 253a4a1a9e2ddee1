import { afterAll, beforeAll, expect, test } from 'vitest'
import { labCut, labFreeze, labHeal, labKill, labPowerOn, labReboot, labThaw } from '../../lab/faults.ts'
import type { LabAccess } from '../../lab/lab.ts'
import { labReset } from '../../lab/lab.ts'
import { type Controller, controllers } from './controller.ts'
import { bringUp, files, inventoryText, out, playOn } from './play.ts'

const hosts = [1, 2, 3, 4, 5].map((number) => ({ name: `debts${number}`, address: `10.93.0.${number}` }))
const names = hosts.map(({ name }) => name)
const [cut, frozen, off, rebooted, failing] = names as [string, string, string, string, string]
const WAIT = 'touch /run/begun; until [ -e /run/go ]; do sleep 0.1; done'
const settings = (where: string) => `
    - name: the settings
      copy: { dest: ${where}/debts.conf, content: "new\\n" }
      notify: restart it`
const handler = (where: string) => `
  handlers:
    - name: restart it
      shell: echo >>${where}/restarts
`
const last = (command: string) => `
    - name: the last task
      command: ${command}`
const at = files({
  'inventory.yml': inventoryText(
    Object.fromEntries(hosts.map(({ name, address }) => [name, { address, fails: name === failing }])),
  ),
  'killed.yml': `- hosts: all
  become: true
  tasks:${settings('/etc')}${last(`sh -c "${WAIT}"`)}
      when: "!fails"
    - name: the failing task
      command: "false"
      when: fails${handler('/var/lib')}`,
  'elsewhere/next.yml': `- hosts: all
  tasks:
    - name: a look around
      file: { path: /home/ops, state: directory }
    - name: the settings
      copy: { dest: /etc/debts.conf, content: "new\\n" }
      become: true
      notify: restart it
  handlers:
    - name: restart it
      shell: echo >>/var/lib/restarts
      become: true
`,
  'stranger.yml': '- hosts: all\n  become: true\n  tasks:\n    - file: { path: /etc, state: directory }\n',
  'nobody.yml': '- hosts: all\n  tasks:\n    - file: { path: /home/ops, state: directory }\n',
  'own.yml': `- hosts: all
  tasks:${settings('/home/ops')}${last(`sh -c "touch /tmp/begun; until [ -e /tmp/go ]; do sleep 0.1; done"`)}${handler('/home/ops')}`,
  'own-next.yml': `- hosts: all
  tasks:${settings('/home/ops')}${handler('/home/ops')}`,
  'two.yml': `- hosts: all
  become: true
  tasks:
    - name: one
      copy: { dest: /etc/one, content: "1\\n" }
      notify: first
    - name: two
      copy: { dest: "/etc/two-{{ inventory_hostname }}", content: "2\\n" }
      delegate_to: ${off}
      notify: second${last(`sh -c "${WAIT}"`)}
  handlers:
    - name: first
      shell: echo >>/var/lib/first
    - name: second
      shell: echo >>/var/lib/second
`,
})
const inventory = at.path('inventory.yml')
const next = at.path('elsewhere/next.yml')
let access: LabAccess
let as: Controller

beforeAll(async () => {
  access = await bringUp(hosts)
  as = controllers(at, access)
  await labReset(names, () => {})
})
afterAll(() => at[Symbol.dispose]())

const begun = (host: string, folder = '/run') =>
  out(host, `until [ -e ${folder}/begun ]; do sleep 0.1; done; rm ${folder}/begun`)
const go = (host: string, folder = '/run') => out(host, `touch ${folder}/go`)
const unlocked = (host: string, lock = '/run/lockstep.lock') =>
  out(host, `until [ ! -e ${lock} ]; do sleep 0.1; done; rm -f /run/go /tmp/go`)
const left = (host: string) =>
  out(host, 'ls -d /var/lib/lockstep /run/lockstep.lock /home/ops/.lockstep* 2>/dev/null || echo nothing')

/** On one host: begins a run, and kills its controller when the change is made and the next task is under way. */
async function runAndKill(host: string, playbook: string, folder = '/run'): Promise<void> {
  const { child, ended } = as('ann', ['run', at.path(playbook), '-i', inventory, '--limit', host])
  await begun(host, folder)
  child.kill('SIGKILL')
  expect(await ended).toMatchObject({ code: 'SIGKILL' })
}

test('what a run owed to hosts that were cut off, froze, lost power, rebooted or failed is found and paid by another', async () => {
  const { child, ended } = as('ann', ['run', at.path('killed.yml'), '-i', inventory])
  await Promise.all([cut, frozen, off, rebooted].map((host) => begun(host)))
  await Promise.all([labCut(cut), labFreeze(frozen), labKill(off), labReboot(rebooted)])
  // It would take its time to miss them all, and can do nothing about it.
  child.kill('SIGKILL')
  await ended
  await Promise.all([labHeal(cut), labThaw(frozen), labPowerOn(off)])
  await Promise.all([cut, frozen].map((host) => go(host)))
  // The host has not missed the connection yet that was cut off.
  expect((await as('bert', ['unlock', cut, '-i', inventory]).ended).code).toBe(0)
  await Promise.all(names.map((host) => unlocked(host)))
  for (const host of names) {
    expect(await out(host, 'cat /etc/debts.conf; ls /var/lib/restarts 2>/dev/null || echo none')).toBe('new\nnone')
  }

  const told = await as('bert', ['check', next, '-i', inventory]).ended
  expect(told.code).toBe(2)
  for (const host of names)
    expect(told.said).toMatch(
      new RegExp(`owed +${host}: 'restart it' owed since \\d\\d:\\d\\d, by ann@\\S+, for 'the settings' in`),
    )
  expect(told.said).toMatch(/drift +restart it \(handler\).*\n +.*echo.*\n +owed since \d\d:\d\d, by ann@/)

  const check = await playOn({ playbook: next, inventory, access, mode: 'check' })
  expect(check.changed).toEqual(names.map((host) => `${host}: restart it`))
  const types = check.events.map(({ type }) => type)
  expect(types.lastIndexOf('debt-found')).toBeLessThan(types.indexOf('task-started'))

  const run = await playOn({ playbook: next, inventory, access, mode: 'run' })
  expect(run.failed).toEqual([])
  expect(run.changed).toEqual(check.changed)
  for (const host of names) expect(await out(host, 'wc -l </var/lib/restarts')).toBe('1')
  for (const host of names) expect(await left(host)).toBe('nothing')
  expect((await playOn({ playbook: next, inventory, access, mode: 'run' })).changed).toEqual([])
})

test('a debt that a killed controller left is told by a playbook without its handler, and outlives a reboot', async () => {
  await out(failing, 'rm -f /etc/debts.conf /var/lib/restarts')
  await runAndKill(cut, 'two.yml')
  await labReboot(cut)
  const limit = ['-i', inventory, '--limit', cut]
  const stranger = await as('bert', ['run', at.path('stranger.yml'), ...limit]).ended
  expect(stranger.code).toBe(0)
  expect(stranger.said).toContain('this playbook has no such handler, so it stays owed')
  expect((await as('bert', ['check', at.path('stranger.yml'), ...limit]).ended).code).toBe(2)
  const nobody = await as('bert', ['run', at.path('nobody.yml'), ...limit]).ended
  expect(nobody.said).toContain(`DEBTS_HIDDEN]: handlers may be owed to ${cut} that only root can see`)
  expect(await out(cut, 'ls /var/lib/lockstep/debts | wc -l')).toBe('2')
})

test('the debts command lists what is owed, also while a run is at work, and forgets on the record', async () => {
  const listed = await as('bert', ['debts', '-i', inventory, '--output', 'json']).ended
  expect(listed.code).toBe(2)
  const found = new Map(
    listed.said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { host: string; debts: { handler: string; reason: string }[] })
      .map(({ host, debts }) => [host, debts.map(({ handler, reason }) => `${handler} by ${reason}`).sort()]),
  )
  expect(found).toEqual(new Map(names.map((name) => [name, name === cut ? ['first by one', 'second by two'] : []])))

  const forgot = await as('bert', ['debts', cut, '-i', inventory, '--forget', 'first']).ended
  expect(forgot.said).toMatch(/^debts1: forgot 'first', owed since .* by ann@.*, for 'one' in .*two.yml\n$/)
  expect(await out(cut, 'journalctl --no-pager -q -o cat -t lockstep')).toMatch(/^bert@\S+ forgot the handler 'first'/)
  expect((await as('bert', ['debts', cut, '-i', inventory]).ended).said).toMatch(
    /^debts1: 'second' owed since [^\n]*\n$/,
  )

  // What was done on another host is owed on the one it was done for, and paid there.
  const paying = as('carl', ['run', at.path('two.yml'), '-i', inventory, '--limit', cut])
  await begun(cut)
  await go(cut)
  expect((await paying.ended).code).toBe(0)
  expect(await out(cut, 'rm /run/go; ls /var/lib/first /var/lib/second 2>/dev/null || :')).toBe('/var/lib/second')
  expect(await left(cut)).toBe('nothing')
  expect(await left(off)).toBe('nothing')
})

test('Ctrl-C finishes the task that is under way, leaves what is owed, and the next run pays it', async () => {
  await out(rebooted, 'rm -f /etc/one /etc/two-*')
  const { child, ended } = as('ann', ['run', at.path('two.yml'), '-i', inventory, '--limit', rebooted])
  await begun(rebooted)
  child.kill('SIGINT')
  await go(rebooted)
  expect((await ended).code).toBe(130)
  expect(
    await out(rebooted, 'ls /var/lib/first /var/lib/second 2>/dev/null || ls /var/lib/lockstep/debts | wc -l'),
  ).toBe('2')
  const run = await playOn({ playbook: at.path('two.yml'), inventory, access, mode: 'run', limit: rebooted })
  expect(run.changed).toEqual([`${rebooted}: first`, `${rebooted}: second`, `${rebooted}: the last task`])
  expect(await left(rebooted)).toBe('nothing')
})

test('a user who becomes nobody keeps debts at home, and pays them', async () => {
  await runAndKill(frozen, 'own.yml', '/tmp')
  await go(frozen, '/tmp')
  await unlocked(frozen, '/home/ops/.lockstep.lock')
  expect(
    await out(frozen, 'stat -c "%a %U" /home/ops/.lockstep/debts; ls /var/lib/lockstep 2>/dev/null || echo none'),
  ).toBe('700 ops\nnone')
  expect((await as('bert', ['debts', frozen, '-i', inventory]).ended).said).toContain(`${frozen}: 'restart it' owed`)
  const run = await playOn({ playbook: at.path('own-next.yml'), inventory, access, mode: 'run', limit: frozen })
  expect(run.changed).toEqual([`${frozen}: restart it`])
  expect(await left(frozen)).toBe('nothing')
})
