import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan } from '../../engine/resource/module.ts'
import { guardJump, idOf, loadRules, remove } from './iptables-chain-parts.ts'
import { type ChainChange, chainReads, presentPlan, removePlan } from './iptables-chain-plan.ts'

/** A chain of one's own in the packet filter, and one jump into it, now and after a reboot. See iptables(8). */
export const iptablesChain = defineModule({
  name: 'iptables-chain',
  summary: 'A chain of one’s own in the packet filter and one jump into it; outlives ufw’s reloads and a reboot.',
  args: Arg.object(
    {
      name: Type.String({
        pattern: '^[A-Za-z][\\w-]{0,27}$',
        description: 'Name of the chain, which belongs to this task alone.',
      }),
      table: Type.Optional(
        Arg.choice(['filter', 'nat', 'mangle', 'raw'], {
          description: 'Table that the chain is in; filter by default.',
        }),
      ),
      ip_version: Type.Optional(
        Arg.choice(['ipv4', 'ipv6'], { description: 'Which packets it sees; ipv4 by default.' }),
      ),
      from: Type.Optional(
        Arg.choice(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'], {
          description: 'Built-in chain with the jump; needed unless the chain shall be absent.',
        }),
      ),
      first: Type.Optional(
        Type.Boolean({
          description:
            'A new jump goes before what is in the built-in chain, not behind it. One that is there stays where it is.',
        }),
      ),
      rules: Type.Optional(
        Type.Array(
          Type.String({
            pattern: '^-[^\\n]+$',
            description: 'A rule without -A and chain, as in -p tcp --dport 25 -j REJECT.',
          }),
          {
            description: 'The rules, in order; packets that no rule takes go on where they came from.',
          },
        ),
      ),
      state: Type.Optional(
        Arg.choice(['present', 'absent'], {
          description:
            'Whether the chain shall be there; absent takes jump, rules, file and unit away. Present by default.',
        }),
      ),
    },
    {
      allOf: [
        Arg.rule('needs `from` and `rules` unless the state is absent', {
          anyOf: [{ required: ['from', 'rules'] }, { properties: { state: { const: 'absent' } }, required: ['state'] }],
        }),
      ],
    },
  ),
  examples: [
    `- iptables-chain:
    name: EXAMPLE-NAT
    table: nat
    from: OUTPUT
    rules:
      - -p tcp -d 192.0.2.1 --dport 8074 -j DNAT --to-destination 127.81.0.2
      - -p tcp -d 192.0.2.2 --dport 8074 -j DNAT --to-destination 127.81.0.3:8074
- iptables-chain: { name: EXAMPLE-OUT, from: OUTPUT, first: true, rules: ["-d 192.0.2.0/24 -p udp --dport 8074 -j DROP"] }
- iptables-chain: { name: EXAMPLE-OLD, table: nat, state: absent }`,
  ],

  resource: (want) => `iptables:${idOf(want)}`,

  reads: (want) => chainReads(want),

  plan(want, have): Plan<ChainChange> {
    return want.state === 'absent' ? removePlan(want, have) : presentPlan(want, have)
  },

  apply: {
    rules: (_, want) => loadRules(want),
    jump: (_, want) => guardJump(want),
    unit: ({ what, to, isToldLater }) => [
      sh.write(what, to ?? '', { mode: 0o644 }),
      ...(isToldLater ? [] : [sh`systemctl daemon-reload`]),
    ],
    enable: ({ what }) => sh`systemctl enable -q --now -- ${what}`,
    remove: (_, want) => remove(want),
  },
})
