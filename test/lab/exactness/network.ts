import fc from '../../property.ts'
import { one, some, type TasksOf, task } from './arbitrary.ts'

const rule = fc.record({
  rule: one('allow', 'deny', 'limit'),
  port: one(8074, '8074:8075', '80,443'),
  proto: one('tcp', 'udp'),
  from: some(one('10.91.0.0/16', '10.91.3.9', 'any')),
  comment: some(one('one', 'two')),
})

/** Tasks of the modules about the packet filter and sshd. */
export const networkTasks: TasksOf = {
  ufw: fc.oneof(
    rule.map((args) => ({ ufw: args })),
    fc.tuple(rule, one({ delete: true }, { insert: 1 })).map(([args, more]) => ({ ufw: { ...args, ...more } })),
    fc.array(rule, { minLength: 1, maxLength: 3 }).map((rules) => ({
      ufw: {
        managed: 'gen',
        rules: rules.map((args, index) => ({ ...args, port: 9000 + index, comment: `gen ${index}` })),
      },
    })),
    task('ufw', { default: one('deny', 'allow', { incoming: 'reject', routed: 'deny' }) }),
    task('ufw', { logging: one('off', 'low', 'on') }),
    task('ufw', { enabled: one(true, true, false) }),
  ),
  'iptables-chain': fc.oneof(
    task('iptables-chain', {
      name: one('GEN'),
      from: one('OUTPUT', 'INPUT'),
      first: some(one(true)),
      rules: one([], ['-p tcp --dport 9 -j DROP'], ['-d 192.0.2.0/24 -j ACCEPT', '-p tcp --dport 9 -j DROP']),
    }),
    task('iptables-chain', { name: one('GEN'), state: one('absent') }),
  ),
  'sshd-config': fc.oneof(
    task('sshd-config', { name: one('60-gen'), content: one('MaxAuthTries 4\n', 'MaxAuthTries 5\n') }),
    task('sshd-config', { name: one('60-gen'), state: one('absent') }),
  ),
}
