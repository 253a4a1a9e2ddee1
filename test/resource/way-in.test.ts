import { expect, test } from 'vitest'
import { isFolderAbove, partOfPath, partOfUnit } from '../../engine/resource/way-in.ts'

test.each([
  ['/etc/ssh/sshd_config', 'sshd'],
  ['/etc/ssh/sshd_config.d', 'sshd'],
  ['/etc/ssh/sshd_config.d/50-x.conf', 'sshd'],
  ['/etc/ssh/ssh_config', undefined],
  ['/etc/sudoers', 'become'],
  ['/etc/sudoers.d/ops', 'become'],
  ['/etc/sudoers.dist', undefined],
  ['/etc/ufw/after.rules', 'firewall'],
  ['/etc/default/ufw', 'firewall'],
  ['/etc/network/interfaces', 'network'],
  ['/etc/systemd/network/10-eth0.network', 'network'],
  ['/etc/systemd/system/x.service', undefined],
  ['/etc/passwd', 'account'],
  ['/home/ops/.ssh', 'keys'],
  ['/home/ops/.ssh/authorized_keys', 'keys'],
  ['/home/ops/.ssh/config', undefined],
  ['/home/other/.ssh/authorized_keys', undefined],
  ['/root/.ssh/authorized_keys', undefined],
  ['/home/ops', 'keys'],
  ['/home', 'keys'],
  ['/', 'keys'],
  ['/home/op', undefined],
  ['/home/ops/.sshd', undefined],
  ['/etc', 'sshd'],
  ['/etc/ssh', 'sshd'],
  ['/etc/ssh/ssh_host_ed25519_key', undefined],
  ['/etc/ssh/user_ca.pub', 'keys'],
  ['/et', undefined],
])('%s belongs to %s', (path, part) => {
  expect(partOfPath(path, 'ops')).toBe(part)
})

test('the keys of root are those of a login as root', () => {
  expect(partOfPath('/root/.ssh/authorized_keys', 'root')).toBe('keys')
})

test.each([
  ['ssh.service', 'sshd'],
  ['sshd.service', 'sshd'],
  ['ssh.socket', 'sshd'],
  ['ufw.service', 'firewall'],
  ['systemd-networkd.service', 'network'],
  ['nginx.service', undefined],
  ['ssh-agent.service', undefined],
])('%s serves %s', (unit, part) => {
  expect(partOfUnit(unit)).toBe(part)
})

test.each([
  ['/', true],
  ['/home', true],
  ['/home/ops', true],
  ['/home/ops/.ssh', false],
  ['/etc', true],
  ['/etc/ssh', false],
])('%s is above much else: %s', (path, isAbove) => {
  expect(isFolderAbove(path, 'ops')).toBe(isAbove)
})
