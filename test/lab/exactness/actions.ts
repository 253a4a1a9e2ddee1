import fc from '../../property.ts'
import { KEY_ONE, one, path, some, type TasksOf, task } from './arbitrary.ts'

const made = one('/srv/cmd', '/srv/cmd/f')
const holds = one('test -e /srv/raw', 'grep -q port /srv/x/f 2>/dev/null', 'test -d /srv/x')
/** A path to make, and when that is due. A guard that is no path tells nobody what is made, so that is its own. */
const due = fc.oneof(
  made.map((path) => ({ path, guard: { creates: path } })),
  holds.map((unless) => ({ path: '/srv/raw', guard: { unless } })),
  holds.map((only_if) => ({ path: '/srv/raw', guard: { only_if } })),
)

/** Tasks of the actions. What is not guarded touches only what is its own. */
export const actionTasks: TasksOf = {
  assert: task('assert', { that: one('inventory_hostname != ""', '1 + 1 == 2', ['size(play_hosts) > 1']) }),
  command: fc.oneof(
    due.map(({ path, guard }) => ({ command: { argv: ['mkdir', '-p', path], ...guard } })),
    fc.oneof(path, one('/srv/cmd')).map((removes) => ({ command: { argv: ['rm', '-rf', removes], removes } })),
    one('touch /srv/own', 'false').map((cmd) => ({ command: cmd })),
  ),
  debug: fc.oneof(
    one('of {{inventory_hostname}}').map((msg) => ({ debug: msg })),
    task('debug', { var: one('play_hosts') }),
  ),
  fail: task('fail', { msg: one('so it is') }).map((one) => ({ ...one, when: 'ends_with(inventory_hostname, "a")' })),
  fetch: task('fetch', {
    src: fc.oneof(one('/etc/hostname', '/srv/key.txt'), path),
    dest: one('fetched'),
    fail_on_missing: some(one(false)),
  }),
  http: fc.oneof(
    task('http', { url: one('http://127.0.0.1:8980/f', 'http://127.0.0.1:8980/no'), timeout: one(5) }),
    task('http', { url: one('http://127.0.0.1:8980/f'), status: one([200, 404]), expect: some(one('port')) }),
    task('http', { url: one('http://127.0.0.1:8980/f'), method: one('POST', 'HEAD'), status: one([200, 404, 501]) }),
  ),
  'key-audit': task('key-audit', {
    known: some(one([])),
    certificates: some(one(['/etc/ssl/private', '/srv'])),
    tolerate: some(one(['weak', 'open', 'unknown'])),
  }),
  'key-refused': task('key-refused', { path: one('/etc/ssh/gen.krl'), keys: one([KEY_ONE]) }),
  reload: fc.oneof(
    one('ssh', 'ls-a').map((name) => ({ reload: name })),
    task('reload', { name: one('ls-a', 'systemd-journald'), or_restart: one(true) }),
  ),
  restart: one('systemd-journald', 'ls-a', 'ls-b').map((name) => ({ restart: name })),
  script: due.map(({ path, guard }) => ({ script: { src: 'mark.sh', args: [path], ...guard } })),
  shell: due.map(({ path, guard }) => ({ shell: { cmd: `mkdir -p ${path}\necho port >>${path}/said`, ...guard } })),
  'ssh-key-offer': task('ssh-key-offer', {
    host: one('127.0.0.1'),
    user: one('root'),
    offer: one(KEY_ONE),
    key: one('/root/k'),
    expect: some(one('refused')),
    timeout: one(3),
  }),
  'ssh-login-probe': task('ssh-login-probe', {
    host: one('127.0.0.1'),
    user: one('root', 'u1'),
    key: one('/root/k', '/home/u1/k'),
    expect: some(one('refused', 'accepted')),
    timeout: one(3),
  }),
  'wait-for': fc.oneof(
    one({ port: 22 }, { port: 22, expect: '^SSH-2' }, { port: 9, state: 'stopped' }).map((args) => ({
      'wait-for': { ...args, timeout: 5 },
    })),
    task('wait-for', { path, state: some(one('absent')), expect: some(one('^port')), timeout: one(1) }),
    task('wait-for', { port: one(8980), timeout: one(1) }),
  ),
}
