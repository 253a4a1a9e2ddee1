import { type Static, Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { apiArgs, secondsOf } from './consul-api.ts'
import { criteriaOf } from './consul-criteria.ts'
import type { Criterion, GateWish } from './consul-criterion.ts'
import { type ConsulLook, type Looking, lookCommand, parseLooks } from './consul-look.ts'

const args = Arg.object(
  {
    ...apiArgs,
    role: Type.Optional(
      Arg.choice(['server', 'client'], {
        description:
          'What the agent is; server by default. Of a client it asks only that it is up, alive and knows a leader.',
      }),
    ),
    voters: Type.Optional(Type.Integer({ minimum: 1, description: 'Servers that vote; all of them must be healthy.' })),
    tolerance: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Servers that the cluster must be able to lose; what so many voters can bear when left out.',
      }),
    ),
    max_trailing: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Entries that a server may be behind the leader; 250 by default.' }),
    ),
    max_last_contact_ms: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Milliseconds since a server last heard of the leader, at most; 200 by default.',
      }),
    ),
    caught_up: Type.Optional(
      Type.Boolean({
        description: 'Whether the server here must have all that the leader has, and have applied it.',
      }),
    ),
    at_least: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Raft index that the server here must have, as in the `commit_index` of the leader.',
      }),
    ),
    restarted_since: Type.Optional(
      Type.String({
        description: 'The `process` of an earlier look: the agent here must be another process by now.',
      }),
    ),
    unit: Type.Optional(
      Type.String({
        pattern: '^\\w[\\w@.:-]*$',
        description: 'The systemd unit of the agent, for `process`; consul by default.',
      }),
    ),
    polls: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 20,
        description:
          'Looks that must all be good, with the same leader; 2 by default, since autopilot looks only every two seconds.',
      }),
    ),
    apart: Type.Optional(
      Type.Number({ minimum: 0.1, maximum: 60, description: 'Seconds between two looks; 2.5 by default.' }),
    ),
  },
  {
    allOf: [
      Arg.rule('needs `voters` unless the role is client', {
        anyOf: [{ required: ['voters'] }, { required: ['role'], properties: { role: { const: 'client' } } }],
      }),
      Arg.rule('takes `caught_up` and `at_least` of servers only', {
        not: {
          required: ['role'],
          properties: { role: { const: 'client' } },
          anyOf: [{ required: ['caught_up'] }, { required: ['at_least'] }],
        },
      }),
    ],
  },
)

type Want = Static<typeof args>

/** Whether a cluster of Consul is well enough for the next step, as its autopilot and the member itself see it. */
export const consulGate = defineAction({
  name: 'consul-gate',
  summary: 'Whether a Consul cluster is well enough to go on: leader, voters, health, and this member caught up.',
  args,
  examples: [
    `- consul-gate: { voters: 1, caught_up: true }
  register: gate
  until: gate.passed
  retries: 20
  delay: 1
- consul-gate: { voters: 1, tolerance: 0, max_trailing: 50, at_least: "{{gate.commit_index}}", polls: 1 }
- consul-gate: { voters: 1, max_last_contact_ms: 500, polls: 3, apart: 0.5, timeout: 5 }
`,
  ],
  looks: true,

  decide: ({ role = 'server' }) => ({ due: true, what: `asks the Consul ${role} here how the cluster is` }),

  run: (want) => lookCommand(want, lookingOf(want)),

  terse: true,

  seconds(want) {
    const { polls, apart } = lookingOf(want)
    return Math.ceil(polls * (5 * secondsOf(want) + apart)) + 5
  },

  conclude(want, outcome) {
    const { role, polls } = lookingOf(want)
    const looks = parseLooks(outcome, role)
    const last = looks.at(-1)
    const judged = looks.map((look) => criteriaOf(look, wishOf(want)))
    const criteria = [...(judged.at(-1) ?? []), ...(polls > 1 ? [steady(looks, judged, polls)] : [])]
    const bad = criteria.find(({ passed }) => !passed)
    const passed = last !== undefined && looks.length === polls && bad === undefined
    const verdict = passed ? praise(last, want) : (bad?.complaint ?? 'the host could not look at its agent')
    const result = {
      passed,
      verdict,
      criteria: criteria.map(({ name, passed, seen }) => ({ name, passed, seen })),
      ...valuesOf(last),
    }
    if (passed) return { changed: false, result }
    return { changed: false, result, failure: verdict, ...(isSilent(last) ? { hint: WHEN_SILENT } : {}) }
  },
})

/** Nothing listens where the agent is to answer. */
function isSilent(look: ConsulLook | undefined): boolean {
  return /^curl: \(7\) /.test(look?.reasons['agent/self'] ?? '')
}

const WHEN_SILENT = 'start the agent; where there is no cluster yet, consul-cluster.yml builds one'

function lookingOf({ role = 'server', polls = 2, apart = 2.5, unit = 'consul' }: Want): Looking {
  return { role, polls, apart, unit }
}

function wishOf(want: Want): GateWish {
  const { role = 'server', voters, max_trailing = 250, max_last_contact_ms = 200 } = want
  return {
    role,
    voters,
    tolerance: want.tolerance ?? Math.floor(((voters ?? 1) - 1) / 2),
    maxTrailing: max_trailing,
    maxLastContactMs: max_last_contact_ms,
    isCaughtUp: want.caught_up ?? false,
    atLeast: want.at_least ?? 0,
    before: want.restarted_since,
  }
}

/** All looks good, and the same leader in each. */
function steady(looks: readonly ConsulLook[], judged: readonly Criterion[][], polls: number): Criterion {
  const firstBad = judged.findIndex((criteria) => criteria.some(({ passed }) => !passed))
  const leaders = [...new Set(looks.map(({ leader }) => leader || 'none'))]
  const good = judged.filter((criteria) => criteria.every(({ passed }) => passed)).length
  const why = judged[firstBad]?.find(({ passed }) => !passed)?.complaint
  const complaint =
    why === undefined
      ? `the leader changed from ${leaders[0]} to ${leaders[1]} between two looks`
      : `in look ${firstBad + 1} of ${polls} ${why}`
  const passed = good === polls && leaders.length === 1
  return { name: 'steady', passed, seen: `${good} of ${polls} looks good`, complaint }
}

function praise({ health, configuration, self }: ConsulLook, { role, voters }: Want): string {
  if (role === 'client') return `${self?.Member.Name} is alive and knows a leader`
  const leader = configuration?.Servers.find(({ Leader }) => Leader)?.Node
  const spare = health?.FailureTolerance ?? 0
  const bears = spare === 0 ? 'none of them may fail' : `${spare} of them may fail`
  return `${leader} leads ${voters} healthy ${voters === 1 ? 'voter' : 'voters'}, and ${bears}`
}

/** What the last look has seen, for the tasks that follow. */
function valuesOf(look: ConsulLook | undefined) {
  const raft = look?.self?.Stats.raft
  return {
    node: look?.self?.Member.Name ?? '',
    version: look?.self?.Config.Version ?? '',
    leader: look?.leader ?? '',
    leader_name: look?.configuration?.Servers.find(({ Leader }) => Leader)?.Node ?? '',
    is_leader: raft?.state === 'Leader',
    commit_index: Number(raft?.commit_index ?? 0),
    applied_index: Number(raft?.applied_index ?? 0),
    process: look?.process ?? '',
  }
}
