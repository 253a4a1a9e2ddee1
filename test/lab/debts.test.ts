import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { labExec } from '../../lab/exec.ts'
import { labReboot } from '../../lab/faults.ts'
import { until } from '../../lab/wait.ts'
import { files, freshHosts, inventoryText, out, playOn } from './play.ts'

const host = { name: 'debts1', address: '10.93.0.1' }
const playbook = (last: string) => `- hosts: all
  become: true
  tasks:
    - name: the settings
      copy: { dest: /etc/debts.conf, content: "new\\n" }
      notify: restart it
    - name: the last task
      command: ${last}
  handlers:
    - name: restart it
      shell: echo >>/var/lib/restarts
`
const at = files({
  'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
  'killed.yml': playbook('sh -c "touch /run/begun; until [ -e /run/go ]; do sleep 0.1; done"'),
  'next.yml': playbook("'true'"),
})
const inventory = at.path('inventory.yml')
const lab = freshHosts([host])

beforeAll(() => void execFileSync(process.execPath, ['engine/build.mjs', at.path('dist')]))
afterAll(() => at[Symbol.dispose]())

/** Starts a run that has something to change, and kills its controller when that is made and the next task is under way. */
async function runAndKill(): Promise<void> {
  await out(host.name, 'rm -f /etc/debts.conf /run/begun /run/go')
  const words = [at.path('dist/lockstep.js'), 'run', at.path('killed.yml'), '-i', inventory]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  const closed = once(child, 'close')
  const hasBegun = async () => (await labExec(host.name, ['test', '-e', '/run/begun'])).code === 0
  try {
    await until('the last task is under way', async () => child.exitCode !== null || (await hasBegun()), {
      limitMs: 120_000,
      everyMs: 100,
    })
    expect(child.exitCode, 'the run has ended before its last task').toBeNull()
  } finally {
    child.kill('SIGKILL')
    await closed
  }
}

/** Lets what a killed controller has started come to its end. */
async function letGo(): Promise<void> {
  await out(host.name, 'touch /run/go; until flock -n /run/lockstep.lock true; do sleep 0.1; done')
}

test('a handler that a killed controller owed is found by check and paid by the next run, also after a reboot', async () => {
  await runAndKill()
  await labReboot(host.name)
  expect(await out(host.name, 'cat /etc/debts.conf; ls /var/lib/restarts 2>/dev/null || echo none')).toBe('new\nnone')

  const next = { playbook: at.path('next.yml'), inventory, access: lab.access }
  const check = await playOn({ ...next, mode: 'check' })
  expect(check.changed).toEqual([`${host.name}: restart it`, `${host.name}: the last task`])
  const found = check.events.find(({ type }) => type === 'debt-found')
  expect(found).toMatchObject({
    host: host.name,
    handlerExists: true,
    debt: { handler: 'restart it', reason: 'the settings' },
  })

  const run = await playOn({ ...next, mode: 'run' })
  expect(run.failed).toEqual([])
  expect(run.changed).toEqual(check.changed)
  expect(
    await out(
      host.name,
      'wc -l </var/lib/restarts; ls -d /var/lib/lockstep /run/lockstep.lock 2>/dev/null || echo nothing',
    ),
  ).toBe('1\nnothing')
  expect((await playOn({ ...next, mode: 'run' })).changed).toEqual([`${host.name}: the last task`])
})

test('a lock outlives its controller just as long as what that has started on the host', async () => {
  await letGo()
  await runAndKill()
  const next = { playbook: at.path('next.yml'), inventory, access: lab.access, mode: 'run' as const }
  const refused = await playOn(next)
  expect(refused.failed).toEqual([expect.stringMatching(/has been working on debts1 since .*, with .*killed.yml/)])
  expect(refused.summary.hosts[host.name]?.lost).toBe('locked')
  await letGo()
  expect((await playOn(next)).changed).toEqual([`${host.name}: restart it`, `${host.name}: the last task`])
})
