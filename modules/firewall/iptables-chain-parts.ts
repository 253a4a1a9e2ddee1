import { createHash } from 'node:crypto'
import { type Command, sh } from '../../engine/resource/command.ts'
import { read } from '../../engine/resource/read.ts'

/** Where the chains' rules are kept for the boot. */
export const FOLDER = '/etc/iptables-chains'

/** What a task says about its chain. */
export interface ChainWant {
  name: string
  table?: string
  ip_version?: 'ipv4' | 'ipv6'
  from?: string
  first?: boolean
  rules?: string[]
  state?: 'present' | 'absent'
}

/** The rules as they are handed to iptables, a line each. */
export function textOfRules({ name, rules = [] }: ChainWant): string {
  return rules.map((rule) => `-A ${name} ${rule}\n`).join('')
}

/** The kernel tells its rules to nobody but iptables: what names the chain, in the form in which iptables itself writes rules. */
export function liveRead(want: ChainWant) {
  const { name, table = 'filter' } = want
  return read.raw(
    `iptables:${idOf(want)}`,
    sh`${toolOf(want)} -w 10 -t ${table} -S 2>/dev/null | sed -n ${`/^-[NA] ${name}\\( \\|$\\)/p; / -j ${name}$/p`}`,
  )
}

/**
 * Loads the rules in one transaction, then saves them as iptables itself prints them: that is what the next look sees,
 * however the task spells its rules.
 */
export function loadRules(want: ChainWant): Command {
  const { name, table = 'filter' } = want
  const tool = toolOf(want)
  const input = `*${table}\n:${name} - [0:0]\n${textOfRules(want)}COMMIT\n`
  return sh`( umask 022
${sh.input(sh`${`${tool}-restore`} -w 10 -n`, input)} || exit 1
mkdir -p ${FOLDER} && t=$(mktemp ${`${FOLDER}/.lockstep-XXXXXXXXXX`}) || exit 1
trap 'rm -f -- "$t"' EXIT; trap 'exit 1' HUP INT TERM
r=$(${tool} -w 10 -t ${table} -S ${name} | sed -n '/^-A /p') || exit 1
h=$(printf '%s' "$r" | sha256sum) || exit 1
printf '# asked %s\n# saved %s\n*%s\n:%s - [0:0]\n%s\nCOMMIT\n' ${digestOf(want)} "\${h%% *}" ${table} ${name} "$r" >"$t" || exit 1
chmod 0644 "$t" && { sync -- "$t" 2>/dev/null || sync; } && mv -fT -- "$t" ${rulesPath(want)}
)`
}

/** What `loadRules` saved; `isWhole` is false when somebody else has changed it since. */
export function savedRules(text: string | undefined): { asked: string; lines: string[]; isWhole: boolean } | undefined {
  const asked = /^# asked (\S+)$/m.exec(text ?? '')?.[1]
  if (text === undefined || asked === undefined) return undefined
  const lines = text.split('\n').filter((line) => line.startsWith('-A '))
  return { asked, lines, isWhole: text.includes(`\n# saved ${sha256(lines.join('\n'))}\n`) }
}

/** Takes every jump to the chain away but one from the right place, and makes that one when there is none. */
export function guardJump(want: ChainWant): Command {
  const { name, from = '', first, table = 'filter' } = want
  const tool = toolOf(want)
  const place = first ? '-I' : '-A'
  return sh`( n=0
${tool} -w 10 -t ${table} -S | sed -n ${`s/^-A \\([^ ]*\\) \\(.*-j ${name}\\)$/\\1 \\2/p`} | { while read -r chain spec; do
if [ "$chain $spec" = ${`${from} -j ${name}`} ] && [ $n = 0 ]; then n=1; continue; fi
printf '%s\n' "-D $chain $spec" | xargs ${tool} -w 10 -t ${table} || exit 1
done
[ $n = 1 ] || ${tool} -w 10 -t ${table} ${place} ${from} -j ${name}; }
)`
}

/** Takes everything away that the other commands made. */
export function remove(want: ChainWant): Command {
  const { name, table = 'filter' } = want
  const tool = toolOf(want)
  return sh`( systemctl disable -q --no-reload --now -- ${unitName(want)} 2>/dev/null
rm -f -- ${unitPath(want)} ${rulesPath(want)} && systemctl daemon-reload || exit 1
systemctl reset-failed -- ${unitName(want)} 2>/dev/null
rmdir ${FOLDER} 2>/dev/null
${tool} -w 10 -t ${table} -S 2>/dev/null | sed -n ${`s/^-A \\([^ ]*\\) \\(.*-j ${name}\\)$/\\1 \\2/p`} | while read -r chain spec; do
printf '%s\n' "-D $chain $spec" | xargs ${tool} -w 10 -t ${table} || exit 1
done || exit 1
if ${tool} -w 10 -t ${table} -S ${name} >/dev/null 2>&1; then ${tool} -w 10 -t ${table} -F ${name} && ${tool} -w 10 -t ${table} -X ${name}; fi
)`
}

/** Loads the file before the network is up, after whatever else loads rules; `systemctl stop` leaves the chain alone. */
export function unitText(want: ChainWant): string {
  const { name, table = 'filter', from, first } = want
  const tool = `/usr/sbin/${toolOf(want)}`
  const iptables = `${tool} -w 10 -t ${table}`
  return `[Unit]
Description=Chain ${name} in the packet filter's table ${table}
DefaultDependencies=no
Requires=local-fs.target
After=local-fs.target ufw.service netfilter-persistent.service nftables.service
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${tool}-restore -w 10 -n ${rulesPath(want)}
ExecStart=/bin/sh -c '${iptables} -C ${from} -j ${name} 2>/dev/null || ${iptables} ${first ? '-I' : '-A'} ${from} -j ${name}'

[Install]
WantedBy=multi-user.target
`
}

/** Tells whether the file was made from these rules. */
export function digestOf({ rules = [] }: ChainWant): string {
  return sha256(rules.join('\n'))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The command for its kind of packets. */
export function toolOf({ ip_version }: ChainWant): string {
  return ip_version === 'ipv6' ? 'ip6tables' : 'iptables'
}

/** What the chain's file and unit are called after. */
export function idOf(want: ChainWant): string {
  return `${toolOf(want)}-${want.table ?? 'filter'}-${want.name}`
}

/** The file that the boot loads. */
export function rulesPath(want: ChainWant): string {
  return `${FOLDER}/${idOf(want)}.rules`
}

/** The unit that loads it. */
export function unitName(want: ChainWant): string {
  return `${toolOf(want)}-chain-${want.table ?? 'filter'}-${want.name}.service`
}

/** The file of that unit. */
export function unitPath(want: ChainWant): string {
  return `/etc/systemd/system/${unitName(want)}`
}
