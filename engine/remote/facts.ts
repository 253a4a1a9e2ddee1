import { sh } from '../resource/command.ts'
import { type RawRead, type RawState, read } from '../resource/read.ts'
import type { Value, ValueMap } from '../resource/value.ts'

/** Gathers the facts: lines of `name value`, mostly by the shell itself. Only when something in the play names them. */
export const factsRead: RawRead = read.raw(
  'lockstep-facts',
  sh`p() { printf '%s %s\\n' "$1" "$2"; }
p kernel "$(uname -s) $(uname -r) $(uname -m)"
read -r v </proc/sys/kernel/hostname && p hostname "$v"
[ -r /etc/os-release ] && while IFS= read -r v; do p os "$v"; done </etc/os-release
while read -r k v u; do case $k in MemTotal:) p memory "$v";; esac; done </proc/meminfo
n=0; while read -r k v; do case $k in processor) n=$((n + 1));; esac; done </proc/cpuinfo; p cpus "$n"
read -r v </proc/1/comm && p init "$v"
p time "$(date +%s)"
command -v ip >/dev/null 2>&1 && { ip -o addr show 2>/dev/null | while IFS= read -r v; do p addr "$v"; done; ip -o route show default 2>/dev/null | while IFS= read -r v; do p route "$v"; done; }
:`,
)

/** Facts as playbooks see them; `FACTS` lists them. */
export function parseFacts(state: RawState): ValueMap {
  const lines = state.stdout.toString('utf8').split('\n')
  const all = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
  const one = (name: string) => all(name)[0] ?? ''
  const [kernelName = '', release = '', architecture = ''] = one('kernel').split(' ')
  const os = new Map(all('os').map(splitAssignment))
  const addresses = addressesOf(all('addr'))
  const device = / dev (\S+)/.exec(one('route'))?.[1] ?? ''
  const first = Object.entries(addresses).find(([name]) => name !== 'lo')?.[1]
  return {
    os: {
      id: os.get('ID') ?? '',
      name: os.get('NAME') ?? '',
      version: os.get('VERSION_ID') ?? '',
      codename: os.get('VERSION_CODENAME') ?? '',
    },
    kernel: { name: kernelName, release },
    architecture,
    hostname: one('hostname'),
    memory_mib: Math.floor(Number(one('memory') || 0) / 1024),
    cpus: Number(one('cpus') || 0),
    service_manager: one('init'),
    addresses,
    default_address: firstText((addresses[device] ?? first) as Value | undefined),
    time: Number(one('time') || 0),
  }
}

function splitAssignment(line: string): [string, string] {
  const equals = line.indexOf('=')
  return [line.slice(0, equals), line.slice(equals + 1).replace(/^(["'])(.*)\1$/, '$2')]
}

/** Lines of `ip -o addr`: `2: eth0 inet 10.0.0.1/24 …`. */
function addressesOf(lines: readonly string[]): Record<string, string[]> {
  const addresses: Record<string, string[]> = Object.create(null)
  for (const line of lines) {
    const match = /^\d+: (\S+)\s+inet6? ([0-9a-f.:]+)/.exec(line)
    if (!match) continue
    const [, name = '', address = ''] = match
    addresses[name] = [...(addresses[name] ?? []), address]
  }
  return addresses
}

function firstText(value: Value | undefined): string {
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : ''
}
