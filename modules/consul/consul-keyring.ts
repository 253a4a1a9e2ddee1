import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { defineModule, TaskFailure } from '../../engine/resource/module.ts'
import { predict, type RawRead, read } from '../../engine/resource/read.ts'
import type { Secret } from '../../engine/resource/secret.ts'
import { isAnsweredWith, printedAnswer } from '../curl.ts'
import { type Api, type ApiRequest, addressOf, apiArgs, askConsul } from './consul-api.ts'
import { counted } from './consul-keyring-count.ts'
import {
  awayIn,
  fingerprint,
  type KeyringChange,
  type KeyringWish,
  keyringChanges,
  named,
  primaryKeys,
  ringsAfter,
  ringsOf,
  unnamedKeys,
} from './consul-keyring-plan.ts'

const KEY = '^([A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{32}|[A-Za-z0-9+/]{43}=)$'

/** Without a primary, what to remove is not said. */
const NAMES_KEYS = Arg.rule('needs `primary`, or `others` with `exclusive: false`', {
  anyOf: [
    { required: ['primary'] },
    { required: ['others', 'exclusive'], properties: { exclusive: { const: false } } },
  ],
})

/** The keys of the gossip of a whole cluster: one member is asked, and all are changed. */
export const consulKeyring = defineModule({
  name: 'consul-keyring',
  summary:
    'The gossip keys of a Consul cluster, changed on all members step by step; one member is asked, so say `run_once`.',
  args: Arg.object(
    {
      ...apiArgs,
      primary: Type.Optional(
        Arg.secret({
          pattern: KEY,
          description: 'Key that messages are sealed with: 16, 24 or 32 bytes in Base64; left as it is when left out.',
        }),
      ),
      others: Type.Optional(
        Type.Array(Arg.secret({ pattern: KEY }), {
          maxItems: 10,
          description: 'Keys that open messages too, as the next one before it is used, or an earlier one for a while.',
        }),
      ),
      exclusive: Type.Optional(
        Type.Boolean({
          description:
            'Removes all keys that are not named, which is the default; `false` leaves them, and goes without `primary`.',
        }),
      ),
      nodes: Type.Integer({
        minimum: 1,
        description: 'Members of the datacenter, clients too: keys change only when all are there.',
      }),
      wan_nodes: Type.Optional(
        Type.Integer({
          minimum: 1,
          description:
            'Servers of all datacenters, whose gossip has the same keys: they change only when all are there.',
        }),
      ),
    },
    { allOf: [NAMES_KEYS] },
  ),
  examples: [
    `- consul-keyring:
    primary: 4sCzFKWEpUYnGvzyUIrBoBB2SSkKWnVDBYwlSsTRHOQ=
    others: [cg8StVXbQJ0gPvMd9o7yrg==]
    nodes: 1
`,
    `- consul-keyring: { others: [4sCzFKWEpUYnGvzyUIrBoBB2SSkKWnVDBYwlSsTRHOQ=], exclusive: false, nodes: 1, wan_nodes: 1 }
- consul-keyring: { primary: 4sCzFKWEpUYnGvzyUIrBoBB2SSkKWnVDBYwlSsTRHOQ=, nodes: 1 }
`,
  ],

  resource: (want) => `consul-keyring:${addressOf(want)}`,

  reads: (want) => ({ keyring: keyringRead(want), members: membersRead(want) }),
  sets: ['keyring'],

  plan(want, { keyring, members }) {
    const rings = ringsOf(keyring)
    const away = awayIn(members)
    if (typeof rings === 'string') {
      throw new TaskFailure(`the gossip keys of ${addressOf(want)} were not to be seen: ${rings}${named(away)}`)
    }
    const wish = wishOf(want)
    const changes: KeyringChange[] = keyringChanges(wish, rings, away)
    const then = ringsAfter(wish, rings)
    const stdout = printedAnswer(200, JSON.stringify(then))
    return {
      changes,
      after: [predict(keyringRead(want), { ...keyring, stdout })],
      result: {
        primary: wish.primary === undefined ? null : fingerprint(wish.primary),
        others: wish.others.map(fingerprint),
        unnamed: unnamedKeys(wish, rings).map(fingerprint),
        sealing: primaryKeys(then).map(fingerprint),
      },
    }
  },

  apply: {
    install: ({ key }, want) => step(want, 'install', key),
    use: ({ key }, want) => step(want, 'use', key),
    remove: ({ key }, want) => step(want, 'remove', key),
  },
})

/** Only the agent's API tells which members have which keys. */
function keyringRead(api: Api): RawRead {
  const ask = askConsul(api, [{ path: 'operator/keyring' }])
  return read.raw(`consul-keyring:${addressOf(api)}`, ask, { anything: true })
}

/** Nothing else tells who is not alive; it is for the sentence of a failure alone. */
function membersRead(api: Api): RawRead {
  return read.raw(`consul-members:${addressOf(api)}`, askConsul(api, [{ path: 'agent/members' }]))
}

interface Wanted {
  primary?: Secret
  others?: Secret[]
  exclusive?: boolean
  nodes: number
  wan_nodes?: number
}

function wishOf({ primary, others = [], exclusive = true, nodes, wan_nodes: wanNodes }: Wanted): KeyringWish {
  const known = new Set(primary ? [primary.reveal()] : [])
  const unlike = others.filter((key) => !known.has(key.reveal()) && known.add(key.reveal()))
  return { primary, others: unlike, isExclusive: exclusive, nodes, wanNodes }
}

/** All members are there, are told, and answer. */
function step(want: Wanted & Api, kind: KeyringChange['kind'], key: Secret): Command[] {
  return [counted(want, 'count', key), tell(want, METHODS[kind], key), counted(want, kind, key)]
}

const METHODS = { install: 'POST', use: 'PUT', remove: 'DELETE' } as const

/** One step; Consul answers when all members have, and with 500 when one of them could not. */
function tell(api: Api, method: NonNullable<ApiRequest['method']>, key: Secret): Command {
  return sh`a=$(${askConsul(api, [{ path: 'operator/keyring', method, json: { Key: key } }])}
) || exit 1
${isAnsweredWith(200)} || { echo "lockstep: Consul answered: $(printf '%s\\n' "$a" | sed '$d' | tr '\\n' ' ' | sed 's,[A-Za-z0-9+/]\\{20\\}[A-Za-z0-9+/=]*,...,g' | head -c 500)" >&2; exit 1; }`
}
