import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { Problem } from '../engine/problem.ts'
import { labExec } from './exec.ts'
import { hostRecord } from './host.ts'
import { placeOf } from './place.ts'

/**
 * Everything that tells one state of a host from another, one line a thing: files that differ from the image,
 * temporary files, packet filter, units, the network's kernel parameters. Two digests of a host that was only looked at
 * are equal, also when somebody logged in between.
 */
export async function labDigest(host: string): Promise<string[]> {
  const { name, layers } = hostRecord(host)
  const running = await labExec(name, ['sh', '-c', lookScript])
  if (running.code !== 0) {
    throw new Problem({
      code: 'LAB_DIGEST',
      message: `the digest of ${name} failed: ${running.stderr.toString().trim()}`,
    })
  }
  const live = running.stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !ignoredLines.some((ignored) => ignored.test(line)))
  return [...fileLines(placeOf(name).upper, layers), ...live]
}

/** Files of the overlay's own layer, but for those that were only copied up and are the same below. */
function fileLines(upper: string, layers: readonly string[]): string[] {
  const lines: string[] = []
  const walk = (path: string) => {
    if (ignoredFiles.some((ignored) => ignored.test(path))) return
    const own = describe(`${upper}${path}`)
    const below = layers.map((layer) => describe(`${layer}${path}`)).find((line) => line !== undefined)
    if (own !== undefined && own !== below) lines.push(`file ${path || '/'} ${own}`)
    if (!own?.startsWith('directory')) return
    for (const entry of readdirSync(`${upper}${path}`).sort()) walk(`${path}/${entry}`)
  }
  walk('')
  return lines
}

/** Kind, mode, owner, time of the last change and content; nothing when there is no such file. */
function describe(file: string): string | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false })
  if (!stats) return undefined
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0')
  return `${kindOf(stats)} ${mode} ${stats.uid}:${stats.gid} ${stats.mtime.toISOString()}${contentOf(file, stats)}`
}

function contentOf(file: string, stats: Stats): string {
  if (stats.isSymbolicLink()) return ` -> ${readlinkSync(file)}`
  if (stats.isFile()) return ` ${createHash('sha256').update(readFileSync(file)).digest('hex')}`
  return ''
}

function kindOf(stats: Stats): string {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'link'
  // The overlay's sign for "removed" is a character device 0/0.
  if (stats.isCharacterDevice()) return stats.rdev === 0 ? 'removed' : 'device'
  return 'special'
}

/** What a system writes while nobody asks it for anything. */
const ignoredFiles = [
  // Logs, the journal, and the records of logins.
  /^\/var\/log(\/|$)/,
  // Stamps of timers and the seed of the random numbers, written at their own times and at shutdown.
  /^\/var\/lib\/systemd(\/|$)/,
  // Private /tmp of services, one a boot. Other temporary files are looked at inside the host.
  /^\/var\/tmp(\/|$)/,
  // Mount points of the container, not on its disk.
  /^\/(run|tmp|dev|proc|sys)(\/|$)/,
]

/** Kernel parameters that are counters or secrets of the running kernel, and units that come and go with what is looked at. */
const ignoredLines = [
  /^sysctl net\.netfilter\.nf_conntrack_count /,
  /^sysctl net\.ipv4\.tcp_fastopen_key /,
  /^sysctl net\.ipv6\.conf\.\S+\.stable_secret /,
  // Moved by the kernel with the memory of the machine.
  /^sysctl net\.ipv4\.(tcp|udp)_mem /,
  // Sessions, and the units that systemd makes for what the kernel shows it.
  /^unit \S+\.(scope|device) /,
  // Mounts of a service that is starting; systemd takes notice of mounts late when there are many at once.
  /^unit run-credentials-\S+\.mount /,
]

/** The packet filter without its counters; a family whose tool is missing has no rules to show. */
const lookScript = `
set -u
find /tmp /var/tmp /dev/shm -mindepth 1 ! -path '*/systemd-private-*' ! -path '/tmp/.*-unix*' -printf 'temporary %p %M %U:%G %T+ %s\\n' | sort
for save in iptables-save ip6tables-save; do
  command -v $save >/dev/null && $save | sed -n "/^[:-]/s/ \\[[0-9]*:[0-9]*\\]$//; /^\\*/{s/^.//;h}; /^[:-]/{G;s/\\(.*\\)\\n\\(.*\\)/$save \\2 \\1/p}"
done
systemctl list-units --all --plain --no-legend --no-pager --full | awk '{ print "unit", $1, $2, $3, $4 }'
systemctl list-unit-files --plain --no-legend --no-pager --full | awk '{ print "unit-file", $1, $2 }'
sysctl -a --pattern '^net' 2>/dev/null | sed 's/^/sysctl /; s/ = / /'
exit 0
`
