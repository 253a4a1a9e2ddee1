import { existsSync, readFileSync } from 'node:fs'
import { Problem } from '../engine/problem.ts'
import { cgroupRoot } from './cgroup.ts'
import { mustRun, runCommand } from './command.ts'
import { withPatience } from './patience.ts'

/** Why this machine cannot host a lab, or nothing when it can. */
export function labSupported(): Problem | undefined {
  const reason = whyNot()
  if (reason === undefined) return undefined
  return new Problem({
    code: 'LAB_UNSUPPORTED',
    message: `this machine cannot host the lab: ${reason}`,
    hint: 'run the same command with sudo on a Debian machine, or give hosts of your own with -i INVENTORY',
  })
}

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return `it needs Linux, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'it needs root, for namespaces and mounts'
  if (!existsSync('/usr/bin/apt-get')) return 'it needs apt, for its tools and for the root image'
  if (!mayAdministrate()) return 'root is not allowed to mount here (a container without privileges)'
  if (cgroupRoot() === undefined) return 'it needs a cgroup2 file system, and none is mounted'
  return undefined
}

/** CAP_SYS_ADMIN is bit 21, see capabilities(7). */
function mayAdministrate(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${effective}`) >> 21n) & 1n) === 1n
}

const tools = [
  { program: 'debootstrap', package: 'debootstrap' },
  { program: 'systemd-nspawn', package: 'systemd-container' },
  { program: 'ip', package: 'iproute2' },
  { program: 'tcpdump', package: 'tcpdump' },
  { program: 'nsenter', package: 'util-linux' },
  { program: 'flock', package: 'util-linux' },
  { program: 'perl', package: 'perl-base' },
  { program: 'ssh-keygen', package: 'openssh-client' },
]

/** Installs what the lab calls and the machine lacks, saying so. */
export async function ensureTools(log: (line: string) => void): Promise<void> {
  const missing = tools.filter(({ program }) => !onPath(program)).map((tool) => tool.package)
  if (missing.length === 0) return
  const packages = [...new Set(missing)]
  log(`installing ${packages.join(', ')} with apt-get`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages]
  const first = await runCommand(install, { env })
  if (first.code === 0) return
  await withPatience(log, async () => {
    await mustRun(['apt-get', 'update', '-q'], { env })
    await mustRun(install, { env })
  })
}

function onPath(program: string): boolean {
  const directories = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':')
  return directories.some((directory) => directory !== '' && existsSync(`${directory}/${program}`))
}
