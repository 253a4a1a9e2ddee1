import fc from '../../property.ts'
import { one, some, type TasksOf, task } from './arbitrary.ts'

const INSTALL = '[Install]\nWantedBy=multi-user.target\n'
export const unitText = (extra: string, install = true) =>
  `[Service]\nExecStart=/bin/sleep infinity\n${extra}${install ? INSTALL : ''}`
export const unitTexts = [unitText(''), unitText('Nice=5\n'), unitText('', false)]
export const unitName = one('ls-a', 'ls-b')

const family = [
  { name: 'one', environment: { SECONDS: 100000 } },
  { name: 'one', environment: { SECONDS: 'infinity' } },
  { name: 'two' },
]
const familyText = (extra: string) =>
  `[Service]\nEnvironment=SECONDS=1000\nExecStart=/bin/sleep \${SECONDS}\n${extra}${INSTALL}`

/** Tasks of the modules about units, packages and the kernel. */
export const serviceTasks: TasksOf = {
  systemd: fc.oneof(
    task('systemd', {
      name: unitName,
      content: some(one(...unitTexts)),
      state: some(one('started', 'stopped')),
      enabled: some(fc.boolean()),
      dropins: some(
        one({ '10-n': '[Service]\nNice=3\n' }, { '10-n': null }, { '20-e': '[Service]\nEnvironment=A=1\n' }),
      ),
    }),
    task('systemd', { name: unitName, state: some(one('started', 'stopped')), enabled: some(fc.boolean()) }),
    task('systemd', { name: unitName, masked: fc.boolean(), state: some(one('stopped')) }),
    task('systemd', {
      name: one('cron', 'ls-fam-one'),
      state: some(one('started', 'stopped')),
      enabled: some(fc.boolean()),
    }),
  ),
  'systemd-units': task('systemd-units', {
    prefix: one('ls-fam-'),
    content: one(familyText(''), familyText('Nice=2\n')),
    units: fc.uniqueArray(one(...family), { maxLength: 2, selector: ({ name }) => name }),
  }),
  package: fc.oneof(
    task('package', { name: one('hello', ['hello', 'tree'], 'tree'), state: some(one('present', 'absent', 'latest')) }),
    task('package', { name: one('cron'), state: some(one('present', 'absent')), purge: some(one(true)) }),
  ),
  sysctl: fc.oneof(
    task('sysctl', { name: one('net.ipv4.conf.all.rp_filter', 'net.ipv4.ip_forward'), value: one(0, 1, '1') }),
    task('sysctl', { name: one('net.ipv4.tcp_rmem'), value: one('4096 131072 6291456', '4096\t131072  6291455') }),
  ),
}

/** Files that belong to what the tasks above install and run. */
export const serviceFiles: readonly fc.Arbitrary<Record<string, unknown>>[] = [
  task('copy', { dest: unitName.map((name) => `/etc/systemd/system/${name}.service`), content: one(...unitTexts) }),
  task('file', { path: unitName.map((name) => `/etc/systemd/system/${name}.service`), state: one('absent') }),
  task('file', { path: one('/usr/share/doc/hello', '/etc/cron.d', '/usr/bin/tree'), mode: one('0700', '0755') }),
  task('line-in-file', { path: one('/etc/crontab', '/etc/default/cron'), line: one('# line') }),
]
