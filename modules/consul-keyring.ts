import { Type } from '@sinclair/typebox'
import { Arg } from '../engine/resource/arguments.ts'
import { type Command, sh } from '../engine/resource/command.ts'
import { defineModule, TaskFailure } from '../engine/resource/module.ts'
import { predict, type RawRead, read } from '../engine/resource/read.ts'
import { Secret } from '../engine/resource/secret.ts'
import { type Api, type ApiRequest, addressOf, apiArgs, askConsul } from './consul-api.ts'
import {
  fingerprint,
  type KeyringChange,
  type KeyringWish,
  keyringChanges,
  ringsAfter,
  ringsOf,
} from './consul-keyring-plan.ts'
import { isAnsweredWith, printedAnswer } from './curl.ts'

const KEY = '^([A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{32}|[A-Za-z0-9+/]{43}=)$'

/** The keys of the gossip of a whole cluster: one member is asked, and all are changed. */
export const consulKeyring = defineModule({
  name: 'consul-keyring',
  summary:
    'The gossip keys of a Consul cluster, changed on all members step by step; one member is asked, so say `run_once`.',
  args: Arg.object({
    ...apiArgs,
    primary: Arg.secret({
      pattern: KEY,
      description: 'Key that messages are sealed with: 16, 24 or 32 bytes in Base64.',
    }),
    others: Type.Optional(
      Type.Array(Arg.secret({ pattern: KEY }), {
        maxItems: 10,
        description: 'Keys that open messages too, as an earlier one for a while; all that are not named are removed.',
      }),
    ),
    nodes: Type.Integer({
      minimum: 1,
      description: 'Members of the datacenter, clients too: keys change only when all are there.',
    }),
  }),
  examples: [
    `- consul-keyring:
    primary: 4sCzFKWEpUYnGvzyUIrBoBB2SSkKWnVDBYwlSsTRHOQ=
    others: [cg8StVXbQJ0gPvMd9o7yrg==]
    nodes: 1
`,
    `- consul-keyring: { primary: 4sCzFKWEpUYnGvzyUIrBoBB2SSkKWnVDBYwlSsTRHOQ=, nodes: 1 }
`,
  ],

  resource: (want) => `consul-keyring:${addressOf(want)}`,

  reads: (want) => ({ keyring: keyringRead(want) }),

  plan(want, { keyring }) {
    const rings = ringsOf(keyring)
    if (typeof rings === 'string') {
      throw new TaskFailure(`the gossip keys of ${addressOf(want)} were not to be seen: ${rings}`)
    }
    const wish = wishOf(want)
    const changes: KeyringChange[] = keyringChanges(wish, rings)
    const stdout = printedAnswer(200, JSON.stringify(ringsAfter(wish, rings)))
    const result = { primary: fingerprint(wish.primary), others: wish.others.map(fingerprint) }
    return {
      changes,
      after: [predict(keyringRead(want), { ...keyring, stdout })],
      result,
    }
  },

  apply: {
    install: ({ key }, want) => [tell(want, 'POST', key), counted(want, 'install', key)],
    use: ({ key }, want) => [tell(want, 'PUT', key), counted(want, 'use', key)],
    remove: ({ key }, want) => [tell(want, 'DELETE', key), counted(want, 'remove', key)],
  },
})

/** Only the agent's API tells which members have which keys. */
function keyringRead(api: Api): RawRead {
  return read.raw(`consul-keyring:${addressOf(api)}`, askConsul(api, [{ path: 'operator/keyring' }]), {
    anything: true,
  })
}

function wishOf({ primary, others = [], nodes }: { primary: Secret; others?: Secret[]; nodes: number }): KeyringWish {
  const known = new Set([primary.reveal()])
  return { primary, others: others.filter((key) => !known.has(key.reveal()) && known.add(key.reveal())), nodes }
}

/** One step; Consul answers when all members have, and with 500 when one of them could not. */
function tell(api: Api, method: NonNullable<ApiRequest['method']>, key: Secret): Command {
  return sh`a=$(${askConsul(api, [{ path: 'operator/keyring', method, json: { Key: key } }])}
) || exit 1
${isAnsweredWith(200)} || { echo "lockstep: Consul answered: $(printf '%s\\n' "$a" | sed '$d' | tr '\\n' ' ' | sed 's,[A-Za-z0-9+/]\\{20\\}[A-Za-z0-9+/=]*,...,g' | head -c 500)" >&2; exit 1; }`
}

/** Waits until every ring counts the key as it must: on all members, used by all, or on none. The key comes over stdin. */
function counted(api: Api, kind: KeyringChange['kind'], key: Secret): Command {
  const ask = askConsul(api, [{ path: 'operator/keyring' }])
  return sh`i=0; until { ${sh.input(sh`cat`, new Secret(`${key.reveal()}\n`))}
${ask}
} | perl -e ${COUNT} ${kind}; do
i=$((i + 1)); [ "$i" -lt 20 ] || { echo 'lockstep: not all members tell of the key what they should' >&2; exit 1; }
sleep 0.5; done`
}

/** A keyring in compact JSON, as Consul prints it; perl-base, which every Debian has, knows no JSON. */
const COUNT = String.raw`my $kind = shift; my $key = <STDIN>; chomp $key; local $/; my $body = <STDIN>;
my @rings = $body =~ /"Keys":\{[^{}]*\}(?:,"PrimaryKeys":\{[^{}]*\})?,"NumNodes":\d+/g; @rings or exit 1;
for (@rings) { my ($all) = /"NumNodes":(\d+)/; my ($keys) = /"Keys":\{([^{}]*)\}/; my ($used) = /"PrimaryKeys":\{([^{}]*)\}/;
  my ($has) = $keys =~ /"\Q$key\E":(\d+)/; my ($uses) = defined $used ? $used =~ /"\Q$key\E":(\d+)/ : ($all);
  exit 1 unless $kind eq "remove" ? !$has : ($kind eq "use" ? $uses : $has) == $all }`
