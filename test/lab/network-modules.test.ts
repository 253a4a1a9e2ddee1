import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { labReboot } from '../../lab/faults.ts'
import { files, freshHosts, inventoryText, type Outcome, out, playOn } from './play.ts'

const host = { name: 'netmods1', address: '10.94.0.1' }
const [key = ''] = readFileSync(new URL('../modules/fixtures/openssh-keys.txt', import.meta.url), 'utf8').split('\n')
const lab = freshHosts([host])

async function play(mode: 'check' | 'run', ...tasks: object[]): Promise<Outcome> {
  using at = files({
    'play.yml': JSON.stringify([{ hosts: 'all', become: true, tasks }]),
    'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
  })
  const { access } = lab
  return await playOn({ playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access, mode })
}

/** Check names what a run then does, and a second run has nothing left. */
async function settle(...tasks: object[]): Promise<string[]> {
  const check = await play('check', ...tasks)
  const run = await play('run', ...tasks)
  expect([...check.failed, ...run.failed]).toEqual([])
  expect(run.changed).toEqual(check.changed)
  expect((await play('run', ...tasks)).changed).toEqual([])
  return run.changed.map((line) => line.replace(`${host.name}: `, ''))
}

const on = (script: string) => out(host.name, script)

describe('a chain of one’s own', () => {
  const chain = {
    name: 'the chain',
    'iptables-chain': {
      name: 'MM',
      table: 'nat',
      from: 'OUTPUT',
      rules: ['-p tcp -d 192.0.2.1 --dport 8074 -j DNAT --to-destination 127.81.0.2'],
    },
  }
  const firewall = { name: 'the firewall', ufw: { enabled: true, rule: 'allow', port: 22 } }
  const rules = () => on('iptables -t nat -S | grep -w MM')

  test('stands once after five reloads of ufw, a restart, off and on, and a reboot', async () => {
    expect(await settle(firewall, chain)).toEqual(['the chain', 'the firewall'])
    const before = await rules()
    expect(before.split('\n')).toHaveLength(3)
    await on('for i in 1 2 3 4 5; do ufw reload; done; systemctl restart ufw; ufw --force disable; ufw --force enable')
    expect(await rules()).toBe(before)
    await labReboot(host.name)
    expect(await rules()).toBe(before)
    expect((await play('check', firewall, chain)).changed).toEqual([])
  })

  test('is put right when somebody empties it or jumps to it twice', async () => {
    await settle(firewall, chain)
    const before = await rules()
    await on(
      'iptables -t nat -F MM && iptables -t nat -A OUTPUT -j MM && iptables -t nat -A PREROUTING -m comment --comment "a b" -j MM',
    )
    expect(await settle(firewall, chain)).toEqual(['the chain'])
    expect(await rules()).toBe(before)
  })

  test('goes without a trace', async () => {
    await settle(chain)
    expect(await settle({ name: 'no chain', 'iptables-chain': { name: 'MM', table: 'nat', state: 'absent' } })).toEqual(
      ['no chain'],
    )
    expect(
      await on(
        'iptables -t nat -S | grep -c MM; ls /etc/iptables-chains /etc/systemd/system 2>/dev/null | grep -c MM; :',
      ),
    ).toBe('0\n0')
  })
})

describe('ufw', () => {
  const rule = { name: 'the rule', ufw: { enabled: true, rule: 'allow', port: 8074, proto: 'tcp', from: '192.0.2.9' } }
  test.each([
    { title: 'its chain is emptied', script: 'iptables -F ufw-user-input' },
    { title: 'a policy is opened', script: 'iptables -P INPUT ACCEPT' },
    { title: 'everything is flushed', script: 'iptables -P INPUT ACCEPT; iptables -F; iptables -X' },
    { title: 'it is stopped behind its back', script: '/lib/ufw/ufw-init force-stop' },
    { title: 'it would be off after a reboot', script: 'systemctl disable -q ufw' },
    { title: 'the rule is deleted', script: 'ufw delete allow proto tcp from 192.0.2.9 to any port 8074' },
  ])('sees in the kernel and in its files that $title', async ({ script }) => {
    await settle({ name: 'ssh', ufw: { rule: 'allow', port: 22 } }, rule)
    await on(`iptables -I INPUT -p tcp --dport 22 -j ACCEPT; ${script}`)
    expect(await settle(rule)).toEqual(['the rule'])
    expect(
      await on(
        'iptables -S ufw-user-input | grep -c 192.0.2.9; iptables -S INPUT | head -1; systemctl is-enabled ufw; iptables -D INPUT -p tcp --dport 22 -j ACCEPT 2>/dev/null; :',
      ),
    ).toBe('1\n-P INPUT DROP\nenabled')
  })
})

describe('in a user’s folder', () => {
  const user = { name: 'the user', user: { name: 'eve' } }
  const lets = { name: 'the key', 'authorized-key': { user: 'eve', key } }

  test.each([
    { title: 'a folder', script: 'ln -s /root/.ssh /home/eve/.ssh' },
    { title: 'a file', script: 'mkdir -m 700 /home/eve/.ssh && ln -s /etc/shadow /home/eve/.ssh/authorized_keys' },
  ])('root does not follow a link for $title', async ({ script }) => {
    await settle(user)
    const before = await on('stat -c "%n %U %a" /etc/shadow /root; ls -a /root')
    await on(`rm -rf /home/eve/.ssh; runuser -u eve -- sh -c '${script}'`)
    for (const mode of ['check', 'run'] as const) {
      const { failed } = await play(mode, user, lets)
      expect(failed).toHaveLength(1)
      expect(failed[0]).toMatch(/ is a link (of eve )?to \/(root\/\.ssh|etc\/shadow)/)
    }
    expect(await on('stat -c "%n %U %a" /etc/shadow /root; ls -a /root')).toBe(before)
  })

  test('keys and key pairs are the user’s own from the first byte', async () => {
    await settle(user)
    await on('rm -rf /home/eve/.ssh')
    const pair = { name: 'the pair', keygen: { path: '/home/eve/.ssh/id', passphrase: 'correct horse' } }
    expect(await settle(user, lets, pair)).toEqual(['the key', 'the pair'])
    expect(await on('stat -c "%n %U:%G %a" /home/eve/.ssh /home/eve/.ssh/*')).toBe(
      [
        '/home/eve/.ssh eve:eve 700',
        '/home/eve/.ssh/authorized_keys eve:eve 600',
        '/home/eve/.ssh/id eve:eve 600',
        '/home/eve/.ssh/id.pub eve:eve 644',
      ].join('\n'),
    )
    expect(
      await on(
        'ls -A /home/eve/.ssh | grep lockstep; ssh-keygen -y -P "correct horse" -f /home/eve/.ssh/id >/dev/null && echo opens',
      ),
    ).toBe('opens')
  })
})

test('a configuration that sshd refuses changes nothing', async () => {
  const good = { name: 'sshd', 'sshd-config': { name: '50-x', content: 'MaxAuthTries 4\n' } }
  await settle(good)
  const { failed } = await play('run', { name: 'sshd', 'sshd-config': { name: '50-x', content: 'NoSuchWord yes\n' } })
  expect(failed).toHaveLength(1)
  expect(failed[0]).toContain('/etc/ssh/sshd_config.d/50-x.conf: line 1: Bad configuration option: NoSuchWord')
  expect(await on('cat /etc/ssh/sshd_config.d/50-x.conf; ls -A /etc/ssh/sshd_config.d; sshd -t && echo well')).toBe(
    'MaxAuthTries 4\n50-x.conf\nwell',
  )
})
