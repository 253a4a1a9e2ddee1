import fc from '../../property.ts'
import { KEY_ONE, KEY_THREE, KEY_TWO, one, some, type TasksOf, task } from './arbitrary.ts'

const user = one('u1', 'u2')

/** Tasks of the modules about accounts and their keys. */
export const accountTasks: TasksOf = {
  group: task('group', { name: one('g1', 'g2'), gid: some(one(4711)), state: one('present', 'present', 'absent') }),
  user: fc.oneof(
    {
      arbitrary: task('user', {
        name: user,
        groups: some(one([], ['g1'], ['g2', 'g1'])),
        append: some(one(true)),
        shell: some(one('/bin/bash', '/usr/sbin/nologin')),
        comment: some(one('', 'Some One')),
        group: some(one('g1', 'daemon')),
        system: some(one(true)),
        create_home: some(one(false)),
        password_lock: some(fc.boolean()),
      }),
      weight: 3,
    },
    task('user', { name: user, password: one('$6$Kn4hXyZJ$1PbHuEAgWZ3W0Kc0qY3tAzbVpA4s8L0vYxWJrQvQ5Z0') }),
    task('user', { name: user, state: one('absent'), remove: some(one(true)) }),
  ),
  'authorized-key': fc.oneof(
    task('authorized-key', {
      user: one('u1', 'root'),
      key: one(KEY_ONE, KEY_TWO),
      key_options: some(one('restrict', 'no-pty')),
      state: some(one('present', 'absent')),
    }),
    task('authorized-key', { user: one('u1', 'root'), keys: one([KEY_ONE], [KEY_TWO, KEY_ONE]), exclusive: one(true) }),
  ),
  'known-hosts': fc.oneof(
    task('known-hosts', { name: one('mm1', ['mm2', '10.0.0.2']), key: one(KEY_ONE, KEY_TWO), user: some(one('u1')) }),
    task('known-hosts', { name: one('mm1', 'mm2'), state: one('absent') }),
    task('known-hosts', { entries: one([{ hosts: 'mm3', key: KEY_ONE }], []), exclusive: one(true) }),
  ),
  'account-lock': task('account-lock', { name: user }),
  'key-removal': fc.oneof(
    task('key-removal', { keys: one([KEY_ONE], [KEY_TWO, KEY_THREE]), keep_open: some(one(['root'], ['u1'])) }),
    task('key-removal', { fingerprints: one(['SHA256:xpcRe0qRUGjrOaQ4/5xfi70tDA/9AePVn+HKw/4+cyE']) }),
  ),
  'key-succession': fc.oneof(
    task('key-succession', { old: one(KEY_ONE, KEY_TWO), new: one(KEY_THREE) }),
    task('key-succession', { old: one(KEY_ONE), new: one(KEY_TWO), state: one('both', 'new') }),
    task('key-succession', { old: one(KEY_ONE, KEY_TWO), state: one('new') }),
  ),
  keygen: task('keygen', {
    path: one('/home/u1/k', '/srv/x/k', '/root/k'),
    comment: some(one('one', 'two')),
    type: some(one('ed25519', 'ecdsa')),
    mode: some(one('0600', '0400')),
    regenerate: some(one('never', 'mismatch', 'always')),
  }),
  'ssh-cert': task('ssh-cert', {
    path: one('/root/k-cert.pub', '/root/l-cert.pub'),
    ca: one('/root/k', '/root/k', '/root/none'),
    public_key: one(KEY_ONE, KEY_TWO),
    identity: one('one', 'two'),
    principals: one(['ops'], ['ops', 'u1']),
    valid_for: one('16h', '52w'),
    options: some(one([], ['permit-pty'])),
  }),
  'ssh-krl': fc.oneof(
    task('ssh-krl', {
      path: one('/etc/ssh/gen.krl', '/srv/x/gen.krl'),
      keys: some(one([KEY_ONE], [KEY_TWO, KEY_ONE])),
      exclusive: some(fc.boolean()),
    }),
    task('ssh-krl', {
      path: one('/etc/ssh/gen.krl'),
      certificates: one([{ ids: ['x'] }], [{ ca: KEY_ONE, serials: [3, '5-9'] }]),
      exclusive: some(fc.boolean()),
    }),
  ),
  // The ed25519 key is the one that we know the host by.
  'ssh-host-key': task('ssh-host-key', { type: one('ed25519', 'ecdsa', 'ecdsa') }),
}
