import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { ufwReads, ufwState } from './ufw-look.ts'
import { planUfw, type UfwChange, wishesOf } from './ufw-plan.ts'

const policy = ['allow', 'deny', 'reject'] as const
const port = (what: string) =>
  Type.Union([Type.Integer({ minimum: 1, maximum: 65535 }), Type.String({ pattern: '^[\\w:,-]+(/(tcp|udp))?$' })], {
    description: `${what}: a number, a name of /etc/services, a range as 6000:6010, or a list as 80,443.`,
  })
const nic = (what: string) => Type.Optional(Type.String({ pattern: '^[\\w.+,=%@-]{1,15}$', description: what }))

const ruleArgs = {
  direction: Type.Optional(
    Arg.choice(['in', 'out'], { description: 'Which packets the rule sees; those that come in by default.' }),
  ),
  route: Type.Optional(Type.Boolean({ description: 'The rule is for packets that the host passes on.' })),
  from: Type.Optional(
    Type.String({ minLength: 1, description: 'Address or network that packets come from; any by default.' }),
  ),
  from_port: Type.Optional(port('Port that packets come from')),
  to: Type.Optional(
    Type.String({ minLength: 1, description: 'Address or network that packets go to; any by default.' }),
  ),
  port: Type.Optional(port('Port that packets go to')),
  proto: Type.Optional(
    Arg.choice(['any', 'tcp', 'udp', 'ipv6', 'esp', 'ah', 'igmp', 'gre', 'vrrp'], {
      description: 'Protocol; any by default, or that of the service that is named.',
    }),
  ),
  interface: nic('Network interface that the packets come in by, or go out by when the direction is out.'),
  interface_in: nic('Network interface that the packets come in by.'),
  interface_out: nic('Network interface that the packets go out by.'),
  app: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Application profile of /etc/ufw/applications.d, in place of `port` and `proto`.',
    }),
  ),
  log: Type.Optional(
    Type.Union([Type.Boolean(), Type.Literal('all')], {
      description: 'Logs new connections, or with `all` every packet.',
    }),
  ),
  comment: Type.Optional(
    Type.String({ pattern: "^[^'\\n]*$", description: 'Comment of the rule; when left out it stays as it is.' }),
  ),
  delete: Type.Optional(Type.Boolean({ description: 'The rule shall not be there.' })),
}
const verbs = ['allow', 'deny', 'reject', 'limit'] as const
const Rule = Arg.object(
  { rule: Arg.choice(verbs, { description: 'What happens to the packets.' }), ...ruleArgs },
  { description: 'A rule.' },
)

/** The firewall ufw: whether it is on, its policies and its rules. See ufw(8). */
export const ufw = defineModule({
  name: 'ufw',
  summary: 'The firewall ufw: whether it is on, its policies, its logging, one rule or an ordered list of rules.',
  args: Arg.object(
    {
      enabled: Type.Optional(
        Type.Boolean({
          description: 'Whether the firewall is on, now and after a reboot. It is turned on after all else.',
        }),
      ),
      default: Type.Optional(
        Type.Union(
          [
            Arg.choice(policy, { description: 'Policy for what comes in.' }),
            Arg.object({
              incoming: Type.Optional(Arg.choice(policy, { description: 'Policy for what comes in.' })),
              outgoing: Type.Optional(Arg.choice(policy, { description: 'Policy for what goes out.' })),
              routed: Type.Optional(Arg.choice(policy, { description: 'Policy for what the host passes on.' })),
            }),
          ],
          { description: 'What happens to packets that no rule is about; a single word is for what comes in.' },
        ),
      ),
      logging: Type.Optional(
        Arg.choice(['off', 'low', 'medium', 'high', 'full', 'on'], {
          description: 'How much is logged; `on` leaves a level that is not off.',
        }),
      ),
      rule: Type.Optional(
        Arg.choice(verbs, { description: 'What happens to packets that the arguments beside it describe.' }),
      ),
      ...ruleArgs,
      rules: Type.Optional(
        Type.Array(Rule, { description: 'Several rules, which shall stand in this order, in place of `rule`.' }),
      ),
      insert: Type.Optional(
        Type.Integer({
          minimum: 1,
          description: 'Number at which new rules go in front of others; a rule that is there stays where it is.',
        }),
      ),
      managed: Type.Optional(
        Type.String({
          pattern: "^[\\w-]([^'\\n]*[\\w-])?$",
          description:
            'Begins the comments of the rules of this task; a rule with such a comment that the task does not name is deleted.',
        }),
      ),
    },
    {
      allOf: [
        Arg.rule('takes either `rule` or `rules`', { not: { required: ['rule', 'rules'] } }),
        Arg.rule('needs `rule`, which says what happens to the packets', {
          anyOf: [
            { required: ['rule'] },
            { not: { anyOf: Object.keys(ruleArgs).map((name) => ({ required: [name] })) } },
          ],
        }),
      ],
    },
  ),
  examples: [
    `- ufw: { rule: allow, port: 22, proto: tcp, comment: ssh }
- ufw: { rule: allow, from: 10.10.250.0/24, port: 8074:8075, proto: tcp }
- ufw: { rule: deny, port: 25, direction: out }
- ufw: { default: { incoming: deny, outgoing: allow }, logging: low, enabled: true }
- ufw: { rule: deny, port: 2525, direction: out, delete: true }`,
    `- ufw:
    managed: mm-tunnel
    insert: 1
    rules:
      - { rule: allow, from: 10.10.250.231, port: 22, proto: tcp, comment: mm-tunnel mm2 }
      - { rule: limit, from: 10.10.250.165, port: 22, proto: tcp }
      - { rule: deny, port: 8074, comment: "mm-tunnel: through ssh only" }
- ufw: { rule: allow, app: OpenSSH, log: true }
- ufw: { rule: allow, route: true, interface_in: eth0, interface_out: lo, to: 10.2.0.0/16 }`,
  ],

  resource: () => 'ufw:firewall',

  reads: (want) => {
    const rules = wishesOf(want)
    const ports = rules.flatMap(({ port, from_port }) =>
      [port, from_port].map((one) => String(one ?? '').split('/')[0] ?? ''),
    )
    return ufwReads({
      services: ports.some((one) => one !== 'any' && /[a-z]/i.test(one)),
      profiles: rules.some(({ app }) => app !== undefined),
    })
  },

  state: ufwState,

  plan(want, have): Plan<UfwChange> {
    if (!have.isInstalled) throw new TaskFailure('the host has no ufw', 'install the package ufw before this task')
    return planUfw(want, have)
  },

  apply: {
    load: ({ from }) => (from === 'unloaded' ? sh`ufw --force enable` : sh`ufw --force reload`),
    // ufw refuses --force before a rule; standard input is closed, so it cannot wait for an answer.
    rule: ({ words }) => sh`ufw ${words} </dev/null`,
    delete: ({ words }) => sh`ufw ${words} </dev/null`,
    logging: ({ to }) => sh`ufw --force logging ${to ?? ''}`,
    default: ({ words }) => sh`ufw --force default ${words}`,
    boot: () => sh`systemctl enable -q ufw.service`,
    enable: () => sh`ufw --force enable`,
    disable: () => sh`ufw --force disable`,
  },
})
