import fc from '../../property.ts'
import { accountTasks } from './accounts.ts'
import { actionTasks } from './actions.ts'
import { KEY_ONE, one, type Task, type TasksOf } from './arbitrary.ts'
import { certificateTasks } from './certificates.ts'
import { fileTasks } from './files.ts'
import { networkTasks } from './network.ts'
import { serviceFiles, serviceTasks } from './services.ts'

/** Tasks of every module and action, by name. */
export const tasksOf: TasksOf = {
  ...fileTasks,
  ...accountTasks,
  ...serviceTasks,
  ...networkTasks,
  ...certificateTasks,
  ...actionTasks,
}

/**
 * Modules and actions that no random playbook calls, and why. What they lack there they are held to by their examples
 * (modules.test.ts) and by tests of their own.
 */
export const undrawn: Readonly<Record<string, string>> = Object.fromEntries(
  ['consul-canary', 'consul-gate', 'consul-keyring', 'consul-reload', 'consul-snapshot', 'consul-tls-probe'].map(
    (name) => [
      name,
      'works on a running member of Consul, which writes of its own accord and so never leaves a host as it was',
    ],
  ),
)

/** How often each comes; 2 where nothing is said. */
const WEIGHTS: Readonly<Record<string, number>> = {
  file: 9,
  copy: 4,
  'line-in-file': 4,
  'block-in-file': 3,
  user: 4,
  systemd: 5,
  ufw: 3,
  package: 1,
  debug: 1,
  'sshd-config': 1,
  sysctl: 1,
}

const looped = fc.constantFrom<Task[]>(
  { copy: { dest: '/srv/x/{{item}}', content: 'of {{item}}\n' }, loop: ['f', 'g'] },
  { 'line-in-file': { path: '/srv/x/f', line: 'line {{item}}', create: true }, loop: ['a', 'b', 'c'] },
  { ufw: { rule: 'allow', port: '{{item}}', proto: 'tcp' }, loop: [7001, 7002] },
  { file: { path: '/srv/{{item}}', state: 'directory' }, loop: ['x', 'x/y', 'x/y/z'] },
  { user: { name: '{{item}}' }, loop: ['u1', 'u2'] },
  { 'authorized-key': { user: '{{item}}', key: KEY_ONE }, loop: ['u1', 'u2'] },
  { group: { name: '{{item}}' }, loop: ['g1', 'g2'] },
  { systemd: { name: 'ls-{{item}}', state: 'stopped' }, loop: ['a', 'b'] },
  { command: { argv: ['mkdir', '-p', '/srv/{{item}}'], creates: '/srv/{{item}}' }, loop: ['cmd', 'cmd/f'] },
  { fetch: { src: '/etc/{{item}}', dest: 'fetched' }, loop: ['hostname', 'debian_version'] },
)

const plain: fc.Arbitrary<Task> = fc.oneof(
  ...Object.entries(tasksOf).map(([name, arbitrary]) => ({ arbitrary, weight: WEIGHTS[name] ?? 2 })),
  { arbitrary: looped, weight: 4 },
  ...serviceFiles.map((arbitrary) => ({ arbitrary, weight: 1 })),
)

/** What a task may say beside its module. */
const keywords = one<Task[]>(
  { delegate_to: '{{first play_hosts}}' },
  { delegate_to: '{{last play_hosts}}' },
  { run_once: true },
  { no_log: true },
  { throttle: 1 },
  { serial: 1 },
  { check_mode: true },
)

/** One task of any module. */
export const single: fc.Arbitrary<Task> = fc.oneof(
  { arbitrary: plain, weight: 6 },
  { arbitrary: fc.tuple(plain, keywords).map(([task, more]) => ({ ...task, ...more })), weight: 1 },
)
