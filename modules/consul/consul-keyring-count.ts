import { type Command, sh } from '../../engine/resource/command.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { type Api, askConsul } from './consul-api.ts'

/** What must be counted: all members (`count`), and the key on all of them, used by all of them, or on none. */
export type Counting = 'count' | 'install' | 'use' | 'remove'

/** How many members there must be in each pool. */
interface Pools extends Api {
  nodes: number
  wan_nodes?: number
}

/** Waits until every ring has all of its members and counts the key as it must; fails with who is away. The key comes over stdin. */
export function counted(pools: Pools, kind: Counting, key: Secret): Command {
  const tries = kind === 'count' ? '1' : '20'
  const [nodes, wanNodes] = [String(pools.nodes), String(pools.wan_nodes ?? 0)]
  return sh`i=0; until { ${sh.input(sh`cat`, new Secret(`${key.reveal()}\n`))}
${askConsul(pools, [{ path: 'operator/keyring' }])}
} | perl -e ${COUNT} ${kind} ${nodes} ${wanNodes}; do
i=$((i + 1)); [ "$i" -lt ${tries} ] || { a=$(${askConsul(pools, [{ path: 'agent/members' }])}
) || :; printf '%s\\n' "$a" | perl -e ${COMPLAIN} ${SENTENCES[kind]} >&2; exit 1; }
sleep 0.5; done`
}

const SENTENCES: Readonly<Record<Counting, string>> = {
  count: 'not all members are there any more, so the key is left alone',
  install: 'not all members have the key yet',
  use: 'not all members seal with the key yet',
  remove: 'not all members have let go of the key yet',
}

/** A keyring in compact JSON, as Consul prints it; perl-base, which every Debian has, knows no JSON. */
const COUNT = String.raw`my ($kind, $lan, $wan) = @ARGV; my $key = <STDIN>; chomp $key; local $/; my $body = <STDIN>;
my @rings = $body =~ /\{"WAN":(?:true|false),.*?"NumNodes":\d+/gs; @rings or exit 1;
for (@rings) { my ($all) = /"NumNodes":(\d+)$/; my ($keys, $used) = /"Keys":\{([^{}]*)\}(?:,"PrimaryKeys":\{([^{}]*)\})?,"NumNodes":\d+$/;
  my $wanted = /^\{"WAN":true/ ? $wan : $lan; exit 1 if $wanted && $all != $wanted; next if $kind eq "count";
  my ($has) = $keys =~ /"\Q$key\E":(\d+)/; my ($uses) = defined $used ? $used =~ /"\Q$key\E":(\d+)/ : ($all);
  exit 1 unless $kind eq "remove" ? !$has : ($kind eq "use" ? $uses : $has) == $all }`

/** The sentence, with the names of members that are not alive. */
const COMPLAIN = String.raw`local $/; my $body = <STDIN>; my @away;
while ($body =~ /"Name":"([\w.-]{1,255})".*?"Status":(\d+)/gs) { push @away, $1 if $2 != 1 }
print "lockstep: $ARGV[0]", @away ? "; not alive: " . join(", ", splice @away, 0, 5) : "", "\n";`
