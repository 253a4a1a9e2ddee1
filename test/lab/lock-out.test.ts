import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LabAccess, labReset } from '../../lab/lab.ts'
import { until } from '../../lab/wait.ts'
import { bringUp, files, inventoryText, type Outcome, out, playOn, reloadSshd } from './play.ts'

const host = { name: 'guard1', address: '10.97.0.1' }
const inventory = inventoryText({ [host.name]: { address: host.address, connect_timeout: 3 } })
let access: LabAccess

beforeAll(async () => {
  access = await bringUp([host])
  await labReset([host.name], () => {})
})

const on = (script: string) => out(host.name, script)

async function play(
  mode: 'check' | 'run',
  tasks: object[],
  { handlers = [] as object[], guardSeconds = 30 } = {},
): Promise<Outcome> {
  using at = files({
    'play.yml': JSON.stringify([{ hosts: 'all', become: true, tasks, handlers }]),
    'inventory.yml': inventory,
  })
  return await playOn({
    playbook: at.path('play.yml'),
    inventory: at.path('inventory.yml'),
    access,
    mode,
    guardSeconds,
  })
}

/** Nothing of a guard is left: no folder and no timer. */
async function leavesNothing(): Promise<void> {
  expect(
    await on('ls -d /var/lib/lockstep 2>/dev/null; systemctl list-units --all --plain --no-legend "lockstep-guard*"'),
  ).toBe('')
}

/** What is to be as it was: the files that let people in, and the filter. */
const state = () =>
  on(`cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* /etc/sudoers.d/ops /home/ops/.ssh/authorized_keys /etc/passwd /etc/default/ufw 2>/dev/null
stat -c '%n %a %U' / /home /home/ops /home/ops/.ssh /etc /etc/ssh /etc/ssh/* /etc/sudoers.d
ls -A /etc/ssh/sshd_config.d /etc/sudoers.d /etc/ufw /etc/systemd/network; systemctl is-active ssh; iptables-save | grep -v "^#" | sed "s/\\[.*//"; ip -4 -o addr show eth0 | sed "s/valid_lft.*//"`)

/** A new login works, with what it needs to work as root; sshd may be starting itself over. */
async function isOpen(): Promise<void> {
  let failed: string[] = []
  await until(
    'one can log in',
    async () => {
      ;({ failed } = await play('run', [{ name: 'a look', command: 'true', changed_when: false }]))
      return failed.length === 0
    },
    { limitMs: 20_000, everyMs: 200 },
  ).catch(() => expect(failed).toEqual([]))
}

/** Lets nobody log in who is not logged in yet. */
const SHUT = {
  name: 'SHUT',
  from: 'INPUT',
  first: true,
  rules: ['-p tcp --dport 22 -m conntrack --ctstate NEW -j DROP'],
}
const WITHOUT_SHUT =
  'systemctl disable -q --now lockstep-iptables-SHUT.service 2>/dev/null; find /etc -name "*SHUT*" -delete; systemctl daemon-reload'

const ufwOn = [
  { name: 'ssh may come in', ufw: { rule: 'allow', port: 22, proto: 'tcp' } },
  { name: 'the firewall is on', ufw: { enabled: true } },
]

describe('is refused before anything is done', () => {
  test.each<{ title: string; tasks: object[]; message: RegExp }>([
    {
      title: 'a firewall without a rule for ssh',
      tasks: [{ name: 'it', ufw: { enabled: true } }],
      message: /ufw would refuse the connection that this run uses, from .* to port 22/,
    },
    {
      title: 'the removal of the login’s only key',
      tasks: [{ name: 'it', 'authorized-key': { user: 'ops', keys: [], exclusive: true } }],
      message: /the key that let this run in as ops would be removed/,
    },
    {
      title: 'the removal of the login’s account',
      tasks: [{ name: 'it', user: { name: 'ops', state: 'absent' } }],
      message: /ops is the account that this run works with/,
    },
  ])('$title', async ({ tasks, message }) => {
    const before = await state()
    for (const mode of ['check', 'run'] as const) {
      expect((await play(mode, tasks)).failed).toEqual([expect.stringMatching(message)])
    }
    expect(await state()).toBe(before)
  })

  test.each([
    {
      what: 'that sshd refuses',
      content: 'PermitRootLogin perhaps\n',
      message: /10-x\.conf:? line 1: unsupported option "perhaps"/,
    },
    {
      what: 'without its list of revoked keys',
      content: 'RevokedKeys /etc/ssh/no-such-file\n',
      message: /RevokedKeys of sshd names \/etc\/ssh\/no-such-file, which is not there/,
    },
    {
      what: 'without the keys of its authorities',
      content: 'TrustedUserCAKeys /etc/ssh/no-such-file\n',
      message: /TrustedUserCAKeys of sshd names \/etc\/ssh\/no-such-file, which is not there/,
    },
  ])('a configuration $what, when it is written and when it shall be read', async ({ content, message }) => {
    const before = await state()
    const process = await on('systemctl show -P MainPID ssh; ss -4Hltne "sport = :22"')
    const refused = await play('run', [{ name: 'it', 'sshd-config': { name: '10-x', content } }])
    expect(refused.failed).toEqual([expect.stringMatching(message)])
    expect(await state()).toBe(before)
    const written = { name: 'it', copy: { dest: '/etc/ssh/sshd_config.d/10-x.conf', content } }
    const handlers = [{ name: 'reload', reload: 'ssh' }]
    try {
      const reloaded = await play('run', [{ ...written, notify: 'reload' }], { handlers })
      expect(reloaded.failed).toEqual([expect.stringMatching(message)])
      expect(await on('systemctl show -P MainPID ssh; ss -4Hltne "sport = :22"')).toBe(process)
    } finally {
      await on('rm -f /etc/ssh/sshd_config.d/10-x.conf')
    }
    await play('run', [{ name: 'it is owed no more', reload: 'ssh' }], { handlers })
    await isOpen()
    await leavesNothing()
  })
})

test('a change that leaves the way open stands, and leaves nothing else behind', async () => {
  const run = await play(
    'run',
    [...ufwOn, { name: 'sshd', 'sshd-config': { name: '10-x', content: 'MaxAuthTries 5\n' }, notify: 'reload' }],
    {
      handlers: [{ name: 'reload', reload: 'ssh' }],
    },
  )
  expect(run.failed).toEqual([])
  expect(await on('ufw status | head -1; sshd -T | grep maxauthtries')).toBe('Status: active\nmaxauthtries 5')
  await leavesNothing()
  await on('ufw --force reset >/dev/null; rm /etc/ssh/sshd_config.d/10-x.conf /etc/ufw/*.20*')
  await on(reloadSshd)
})

describe('is undone when no new login proves the way', () => {
  beforeEach(isOpen)
  const reload = [{ name: 'reload', reload: 'ssh' }]

  test.each<{ title: string; tasks: object[]; handlers?: object[]; before?: object[]; after?: string }>([
    {
      title: 'a rule of ufw for the interface',
      before: ufwOn,
      tasks: [{ name: 'it', ufw: { rule: 'deny', port: 22, interface: 'eth0', insert: 1 } }],
      after: 'ufw --force reset >/dev/null; rm -f /etc/ufw/*.20*',
    },
    {
      title: 'a chain that drops logins',
      tasks: [{ name: 'it', 'iptables-chain': SHUT }],
      after: WITHOUT_SHUT,
    },
    {
      title: 'a configuration of sshd that takes nobody, once it is read',
      tasks: [{ name: 'write', 'sshd-config': { name: '10-shut', content: 'AllowUsers nobody\n' }, notify: 'reload' }],
      handlers: reload,
    },
    { title: 'sshd that is stopped', tasks: [{ name: 'it', systemd: { name: 'ssh', state: 'stopped' } }] },
    {
      title: 'keys that are overwritten',
      tasks: [
        {
          name: 'it',
          copy: {
            dest: '/home/ops/.ssh/authorized_keys',
            content: '# nobody\n',
            owner: 'ops',
            group: 'ops',
            mode: '0600',
          },
        },
      ],
    },
    {
      title: 'keys that are deleted',
      tasks: [{ name: 'it', file: { path: '/home/ops/.ssh/authorized_keys', state: 'absent' } }],
    },
    {
      title: 'a folder of keys that everybody may write to',
      tasks: [{ name: 'it', file: { path: '/home/ops/.ssh', state: 'directory', mode: '0777' } }],
    },
    {
      title: 'a home that everybody may write to',
      tasks: [{ name: 'it', file: { path: '/home/ops', state: 'directory', mode: '0777' } }],
    },
    {
      title: 'a home that is removed with its keys',
      tasks: [{ name: 'it', file: { path: '/home/ops', state: 'absent' } }],
    },
    {
      title: 'the folder of sshd that is removed',
      tasks: [{ name: 'it', file: { path: '/etc/ssh', state: 'absent' } }],
    },
    {
      title: 'sudo that is taken away',
      tasks: [{ name: 'it', copy: { dest: '/etc/sudoers.d/ops', content: '# nothing\n', mode: '0440' } }],
    },
    {
      title: 'a login shell that lets nobody in',
      tasks: [{ name: 'it', user: { name: 'ops', shell: '/usr/sbin/nologin' } }],
    },
  ])('$title', async ({ tasks, handlers = [], before = [], after }) => {
    if (before.length > 0) expect((await play('run', before)).failed).toEqual([])
    const was = await state()
    const run = await play('run', tasks, { handlers })
    expect(run.failed).toEqual([expect.stringMatching(/it would have cut off the way in, so it was undone/)])
    expect(run.results.find(({ status }) => status === 'failed')?.failure?.code).toBe('LOCKED_OUT')
    if (after !== undefined) await on(after)
    else expect(await state()).toBe(was)
    await isOpen()
    // A handler that was undone is still owed.
    if (handlers.length > 0) await play('run', [{ name: 'it is paid', command: 'true' }], { handlers })
    await leavesNothing()
  })

  test('a network that goes down, by the host itself', async () => {
    await on('systemctl is-active -q systemd-networkd || systemctl start systemd-networkd')
    const was = await state()
    const content = '[Match]\nName=eth0\n[Network]\nAddress=10.97.9.9/24\n[Link]\nActivationPolicy=always-down\n'
    const tasks = [
      { name: 'the file', copy: { dest: '/etc/systemd/network/10-eth0.network', content }, notify: 'restart' },
    ]
    const run = await play('run', tasks, {
      handlers: [{ name: 'restart', restart: 'systemd-networkd' }],
      guardSeconds: 8,
    })
    expect(run.failed).not.toEqual([])
    await on('until ! ls -d /var/lib/lockstep/guard-* >/dev/null 2>&1; do sleep 0.1; done')
    expect(await state()).toBe(was)
    await isOpen()
    await play('run', [{ name: 'it is paid', command: 'true' }], {
      handlers: [{ name: 'restart', restart: 'systemd-networkd' }],
    })
    await leavesNothing()
    await on('systemctl stop systemd-networkd.socket systemd-networkd')
  })
})

describe('a controller that is lost while a guard stands', () => {
  // The new login gets no answer for so long that the host's own timer is the first.
  const patient = inventoryText({ [host.name]: { address: host.address, connect_timeout: 120 } })
  const at = files({
    'inventory.yml': patient,
    'play.yml': JSON.stringify([{ hosts: 'all', become: true, tasks: [{ name: 'it', 'iptables-chain': SHUT }] }]),
  })
  beforeAll(() => {
    execFileSync(process.execPath, ['engine/build.mjs', at.path('dist')])
  })
  afterAll(() => at[Symbol.dispose]())

  test('does not keep the host from undoing the change', async () => {
    const words = ['run', at.path('play.yml'), '-i', at.path('inventory.yml'), '--guard-seconds', '10']
    const child = spawn(process.execPath, [at.path('dist/lockstep.js'), ...words], { stdio: 'ignore' })
    const closed = once(child, 'close')
    const isShut = async () =>
      (
        await on(
          'ls /var/lib/lockstep/guard-*/armed 2>/dev/null && iptables -C INPUT -j SHUT 2>/dev/null && echo shut || :',
        )
      ).endsWith('shut')
    try {
      await until('the way is shut', async () => child.exitCode !== null || (await isShut()), { everyMs: 50 })
      expect(child.exitCode, 'the run has ended before').toBeNull()
    } finally {
      child.kill('SIGKILL')
      await closed
    }
    await on('until [ ! -e /var/lib/lockstep ]; do sleep 0.1; done')
    expect(await on('iptables -S | grep SHUT || :')).toBe('')
    await isOpen()
    await leavesNothing()
    await on(WITHOUT_SHUT)
  })
})
