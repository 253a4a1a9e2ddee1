import { sh } from '../../engine/resource/command.ts'
import type { Results } from '../../engine/resource/module.ts'
import { type ConnectionState, type Prediction, predict, read, textOf } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import type { RuleLists } from './ufw-order.ts'
import { formatTuple, type Names, parseTuple } from './ufw-rule.ts'
import { parseProfiles, parseServices } from './ufw-words.ts'

export const POLICIES = '/etc/default/ufw'
export const SETTINGS = '/etc/ufw/ufw.conf'

/** ufw as a host has it. */
export interface UfwState {
  isInstalled: boolean
  policies: string
  settings: string
  rules: RuleLists
  usesIPv6: boolean
  /** `stale`: ufw's chains are there, but not as ufw would make them. */
  live: 'loaded' | 'stale' | 'unloaded'
  /** UnitFileState of ufw.service; empty when there is none. */
  boot: string
  names: Names
  /** How the run has come here. */
  connection: ConnectionState
}

/** What must be seen of ufw, the same for all its tasks; names are looked up only when a rule has some. */
export function ufwReads(names: { services: boolean; profiles: boolean }) {
  return {
    policies: read.file(POLICIES),
    settings: read.file(SETTINGS),
    firewall: firewallRead,
    ipv6: read.status('/proc/sys/net/ipv6'),
    program: read.status('/usr/sbin/ufw'),
    unit: read.unit('ufw.service'),
    connection: read.connection(),
    services: names.services ? [read.file('/etc/services')] : [],
    profiles: names.profiles ? [profilesRead] : [],
  }
}

/**
 * The tuples out of ufw's rule files, those of IPv6 when ufw heeds them, and whether the kernel has what they say. The files themselves hold mostly the
 * iptables lines that ufw makes of the tuples, which nobody could predict; the kernel answers to iptables alone.
 */
const firewallRead = read.raw(
  'ufw',
  sh`( awk '
f == 0 && /^IPV6="?[Yy]/ { six = 1 }
(f == 1 || f == 2 && six) && sub(/^### tuple ###[ \t]*/, "")' f=0 /etc/default/ufw f=1 /etc/ufw/user.rules f=2 /etc/ufw/user6.rules 2>/dev/null
look() {
"$1" -w 10 -S 2>/dev/null | awk -v t="$2" '
f == 0 && /^DEFAULT_(INPUT|OUTPUT|FORWARD)_POLICY=/ { split($0, p, /[_="]+/); want[p[2]] = (p[4] == "ACCEPT") ? "ACCEPT" : "DROP" }
f == 1 && $0 ~ "^-A " t "-user-(input|output|forward) " { saved++ }
f == 2 && $0 ~ "^-A " t "-user-(input|output|forward) " { loaded++ }
f == 2 && $0 ~ "^-A " t "-before-(input|output|forward) -j " t "-user-" { loaded += 1000000 }
f == 2 && $0 ~ "^-A (INPUT|OUTPUT|FORWARD) -j " t "-before-(input|output|forward)$" { loaded += 1000000 }
f == 2 && $1 == "-P" { have[$2] = $3 }
f == 2 && $0 == "-N " t "-user-input" { chain = 1 }
END {
state = chain ? "loaded" : "unloaded"
if (chain && loaded != saved + 6000000) state = "stale"
for (c in want) if (chain && have[c] != want[c]) state = "stale"
print t, state }' f=0 /etc/default/ufw f=1 "$3" f=2 - 2>/dev/null
}
look iptables ufw /etc/ufw/user.rules
look ip6tables ufw6 /etc/ufw/user6.rules
: )`,
)

/** A profile may be in any file of the folder, whatever the file's name. */
const profilesRead = read.raw('ufw-profiles', sh`cat /etc/ufw/applications.d/* 2>/dev/null; :`)

/** What the reads say; policies and settings stay text, since ufw rewrites lines of them. */
export function ufwState(have: Results<ReturnType<typeof ufwReads>>): UfwState {
  const lines = have.firewall.stdout.toString('utf8').split('\n').filter(Boolean)
  const tuples = lines.flatMap((line) => parseTuple(line) ?? [])
  const policies = textOf(have.policies) ?? ''
  const usesIPv6 = /^IPV6="?yes/im.test(policies) && have.ipv6.type !== 'absent'
  const kernel = [lines.includes('ufw loaded') ? 'loaded' : lines.includes('ufw stale') ? 'stale' : 'unloaded'] as const
  return {
    isInstalled: have.program.type !== 'absent',
    policies,
    settings: textOf(have.settings) ?? '',
    rules: { 4: tuples.filter(({ dst }) => !dst.includes(':')), 6: tuples.filter(({ dst }) => dst.includes(':')) },
    usesIPv6,
    live: kernel[0] === 'loaded' && usesIPv6 && !lines.includes('ufw6 loaded') ? 'stale' : kernel[0],
    connection: have.connection,
    boot: have.unit.load === 'loaded' ? have.unit.enabled : '',
    names: {
      services: parseServices(
        textOf(have.services[0] ?? { type: 'absent', mode: 0, owner: '', group: '', size: 0 }) ?? '',
      ),
      profiles: parseProfiles(have.profiles[0]?.stdout.toString('utf8') ?? ''),
    },
  }
}

/** What the firewall's look will answer; the rule files themselves will be as ufw makes them. */
export function firewallAfter(
  rules: RuleLists,
  { isLoaded, usesIPv6 }: { isLoaded: boolean; usesIPv6: boolean },
): Prediction {
  const state = (is: boolean) => (is ? 'loaded' : 'unloaded')
  const lines = [...rules[4], ...rules[6]].map(formatTuple)
  lines.push(`ufw ${state(isLoaded)}`, `ufw6 ${state(isLoaded && usesIPv6)}`)
  return predict(firewallRead, { code: 0, stdout: Buffer.from(`${lines.join('\n')}\n`), stderr: Buffer.alloc(0) })
}

/** The files that ufw makes anew with every change of a rule. */
export function ruleFilesAfter(): Prediction[] {
  const unknown = new Unknown('ufw makes the lines of iptables from its rules')
  return ['/etc/ufw/user.rules', '/etc/ufw/user6.rules'].map((path) => predict(read.file(path), unknown))
}
