import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labEnter } from '../../lab/exec.ts'
import { labReboot } from '../../lab/faults.ts'
import type { LabAccess } from '../../lab/lab.ts'
import { labReset } from '../../lab/lab.ts'
import { type Controller, controllers } from './controller.ts'
import { bringUp, files, inventoryText, out, playOn } from './play.ts'

const hosts = [1, 2].map((number) => ({ name: `locks${number}`, address: `10.98.0.${number}` }))
const [one, two] = hosts.map(({ name }) => name) as [string, string]
const LOCK = '/run/lockstep.lock'
/** Work that leaves its marks, and would show if another run's came in between. */
const marks = (who: string, order: string) => `- hosts: all
  become: true
  serial: 1
  order: ${order}
  tasks:
    - shell: echo ${who} >>/var/lib/marks
    - shell: sleep 0.3
    - shell: echo ${who} >>/var/lib/marks
`
const crossing = (who: string, host: string, helper: string) => `- hosts: ${host}
  become: true
  tasks:
    - shell: echo ${who} >>/var/lib/marks; sleep 0.5; echo ${who} >>/var/lib/marks
    - shell: echo ${who} >>/var/lib/marks; sleep 0.1; echo ${who} >>/var/lib/marks
      delegate_to: ${helper}
`
const at = files({
  'inventory.yml': inventoryText(Object.fromEntries(hosts.map(({ name, address }) => [name, { address }]))),
  'long.yml': `- hosts: all
  become: true
  tasks:
    - name: the work
      shell: touch /run/begun; until [ -e /run/go ]; do sleep 0.1; done
    - name: the rest
      shell: touch /run/rest
`,
  'short.yml': `- hosts: all
  tasks:
    - name: a look
      file: { path: /home/ops, state: directory }
    - name: a change
      command: touch /run/changed
      become: true
    - name: a change of the user's own
      command: touch /tmp/own
`,
  'own.yml': '- hosts: all\n  tasks:\n    - command: touch /tmp/changed\n',
  // Each works on one host, and has the other one do something in the end.
  'there.yml': crossing('there', one, two),
  'here.yml': crossing('here', two, one),
  'forth.yml': marks('forth', 'inventory'),
  'back.yml': marks('back', 'reverse_inventory'),
})
const inventory = at.path('inventory.yml')
let access: LabAccess
let as: Controller

beforeAll(async () => {
  access = await bringUp(hosts)
  as = controllers(at, access)
  await labReset([one, two], () => {})
})
afterAll(() => at[Symbol.dispose]())

const run = (name: string, playbook: string, ...words: string[]) =>
  as(name, ['run', at.path(playbook), '-i', inventory, ...words])

/** A run that is at work on the first host until it is let go. */
async function atWork(): Promise<{ letGo(): Promise<{ code: number | string; said: string }> }> {
  await out(one, 'rm -f /run/go /run/begun /run/rest /run/changed')
  const { ended } = run('ann', 'long.yml', '--limit', one)
  await out(one, 'until [ -e /run/begun ]; do sleep 0.1; done')
  return {
    letGo: async () => {
      await out(one, 'touch /run/go')
      return await ended
    },
  }
}

describe('while a run is at work on a host', () => {
  test('another is told at once who, from where, since when and with what; check is not kept out', async () => {
    const work = await atWork()
    const refused = await run('bert', 'short.yml').ended
    expect(refused.code).toBe(5)
    expect(refused.said).toMatch(/ann@\S+ has been working on locks1 since \d\d:\d\d, with \S*long\.yml/)
    expect(await out(one, 'ls /run/changed 2>/dev/null || echo unchanged')).toBe('unchanged')
    expect(await out(two, 'ls /run/changed')).toBe('/run/changed')
    expect((await as('bert', ['check', at.path('short.yml'), '-i', inventory, '--limit', one]).ended).code).toBe(0)
    expect((await as('bert', ['debts', one, '-i', inventory]).ended).code).toBe(0)
    expect((await work.letGo()).code).toBe(0)
  })

  test('another waits for it with --lock-timeout, as long as that', async () => {
    const work = await atWork()
    const short = await run('bert', 'short.yml', '--limit', one, '--lock-timeout', '1').ended
    expect(short.code).toBe(5)
    expect(short.said).toMatch(/waiting +ann@\S+ has been working on locks1/)
    const { child, ended } = run('bert', 'short.yml', '--limit', one, '--lock-timeout', '120')
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('waiting')) resolve()
      })
    })
    expect((await work.letGo()).code).toBe(0)
    expect((await ended).code).toBe(0)
  })

  test('unlock breaks its lock on the record, and it goes no further', async () => {
    const work = await atWork()
    const broken = await as('bert', ['unlock', one, '-i', inventory]).ended
    expect(broken.said).toMatch(
      /^locks1: broke the lock of ann@\S+, who has been working there since \d\d:\d\d with \S*long\.yml\n$/,
    )
    expect(await out(one, 'journalctl --no-pager -q -o cat -t lockstep')).toMatch(
      /^bert@\S+ broke the lock of \{"by":"ann@.*long\.yml/,
    )
    expect((await run('bert', 'short.yml', '--limit', one).ended).code).toBe(0)
    const { code, said } = await work.letGo()
    expect(code).toBe(5)
    expect(said).toMatch(/bert@\S+ broke the lock of this run on locks1 at \d\d:\d\d, so nothing more is done there/)
    expect(await out(one, 'ls /run/rest 2>/dev/null || echo none')).toBe('none')
    expect((await as('bert', ['unlock', one, '-i', inventory]).ended).said).toBe('locks1: nobody has a lock\n')
  })

  test('its lock goes with a reboot, and with its controller as soon as what that began has ended', async () => {
    await atWork()
    await labReboot(one)
    expect((await run('bert', 'short.yml', '--limit', one).ended).code).toBe(0)
    await out(one, 'rm -f /run/go /run/begun')
    const { child, ended } = run('ann', 'long.yml', '--limit', one)
    await out(one, 'until [ -e /run/begun ]; do sleep 0.1; done')
    child.kill('SIGKILL')
    await ended
    expect((await run('bert', 'short.yml', '--limit', one).ended).code).toBe(5)
    await out(one, `touch /run/go; until [ ! -e ${LOCK} ]; do sleep 0.1; done`)
    expect((await run('bert', 'short.yml', '--limit', one).ended).code).toBe(0)
  })

  test('nobody else on the host can hold its lock or read whose it is', async () => {
    const work = await atWork()
    expect(
      await out(one, `stat -c '%a %U' ${LOCK}; runuser -u ops -- sh -c ': <${LOCK}' 2>/dev/null || echo kept out`),
    ).toBe('600 root\nkept out')
    await work.letGo()
  })
})

test('a check has no lock at any time', () => {
  const seen: string[] = []
  const look = () =>
    execFileSync('env', labEnter(one, ['sh', '-c', `ls ${LOCK} /home/ops/.lockstep.lock 2>/dev/null || :`]))
  return playOn({
    mode: 'check',
    playbook: at.path('short.yml'),
    inventory,
    access,
    limit: one,
    onEvent: ({ type }) => {
      if (type === 'host-connected' || type === 'task-started' || type === 'play-finished') seen.push(look().toString())
    },
  }).then(({ failed }) => {
    expect(failed).toEqual([])
    expect(seen.length).toBeGreaterThan(3)
    expect(seen.filter((text) => text !== '')).toEqual([])
  })
})

test('a link in the place of a lock is not followed', async () => {
  await out(one, 'ln -s /etc/hostname /home/ops/.lockstep.lock; rm -f /tmp/changed')
  const { code, said } = await run('ann', 'own.yml', '--limit', one).ended
  expect(code).toBe(5)
  expect(said).toContain('locks1 cannot be locked: /home/ops/.lockstep.lock is not a plain file')
  expect(
    await out(one, 'cat /etc/hostname; ls /tmp/changed 2>/dev/null || echo unchanged; rm /home/ops/.lockstep.lock'),
  ).toBe(`${one}\nunchanged`)
  expect((await run('ann', 'own.yml', '--limit', one).ended).code).toBe(0)
  expect(await out(one, 'ls -d /home/ops/.lockstep* 2>/dev/null || echo nothing')).toBe('nothing')
})

describe('two runs that meet on the same hosts in opposite orders', () => {
  const marksOf = async () =>
    await Promise.all([one, two].map((host) => out(host, 'cat /var/lib/marks 2>/dev/null; rm -f /var/lib/marks')))

  test('end at once when neither waits, and never work on a host together', async () => {
    const ended = await Promise.all([run('ann', 'forth.yml').ended, run('bert', 'back.yml').ended])
    for (const { code } of ended) expect([0, 5]).toContain(code)
    for (const text of await marksOf()) expect(text).toMatch(/^((forth\nforth|back\nback)(\n|$))*$/)
  })

  test('both get through, one after the other, when both wait', async () => {
    const wait = ['--lock-timeout', '200']
    const ended = await Promise.all([run('ann', 'forth.yml', ...wait).ended, run('bert', 'back.yml', ...wait).ended])
    expect(ended.map(({ code }) => code)).toEqual([0, 0])
    const [first, second] = await marksOf()
    expect(['forth\nforth\nback\nback', 'back\nback\nforth\nforth']).toContain(first)
    expect(second).toBe(first)
  })

  test('both get through when each delegates to the host of the other', async () => {
    const wait = ['--lock-timeout', '200']
    const ended = await Promise.all([run('ann', 'there.yml', ...wait).ended, run('bert', 'here.yml', ...wait).ended])
    expect(ended.map(({ code }) => code)).toEqual([0, 0])
    const [first, second] = await marksOf()
    expect(['there\nthere\nhere\nhere', 'here\nhere\nthere\nthere']).toContain(first)
    expect(second).toBe(first)
  })
})
