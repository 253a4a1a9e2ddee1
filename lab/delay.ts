import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Problem } from '../engine/problem.ts'
import { delayGroup, killGroup, makeGroup } from './cgroup.ts'
import { mustRun, runCommand } from './command.ts'
import { ip, untilForwarding } from './network.ts'
import { bridge, controllerNamespace, interfacesOf } from './place.ts'

/**
 * Stands between the common bridge and a bridge of the host's own, and holds every frame for half the time. In user
 * space, because few kernels of small machines have netem.
 */
export async function startDelay(host: string, ms: number): Promise<void> {
  const { delayBridge, near, far } = interfacesOf(host)
  const group = delayGroup(host)
  makeGroup(group)
  const namespace = `--net=/run/netns/${controllerNamespace}`
  const inGroup = 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"'
  const argv = [
    '-c',
    inGroup,
    'sh',
    group,
    'nsenter',
    namespace,
    '--',
    'perl',
    '-e',
    program,
    near,
    far,
    String(ms / 2000),
  ]
  const child = spawn('sh', argv, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const line = await Promise.race([firstLine(child.stdout), once(child, 'close').then(() => undefined)])
  child.stdout.destroy()
  child.unref()
  if (line !== 'ready')
    throw new Problem({
      code: 'LAB_DELAY',
      message: `the wire of ${host} cannot be delayed: ${line ?? 'no tap device to be had'}`,
    })
  await mustRun(ip('link', 'add', delayBridge, 'type', 'bridge', 'forward_delay', '0'))
  await mustRun(ip('link', 'set', delayBridge, 'addrgenmode', 'none', 'up'))
  for (const [tap, master] of [
    [near, bridge],
    [far, delayBridge],
  ] as const) {
    await mustRun(ip('link', 'set', tap, 'addrgenmode', 'none', 'master', master, 'up'))
    await untilForwarding(tap)
  }
}

/** The tap devices go with their process. */
export async function stopDelay(host: string): Promise<void> {
  await killGroup(delayGroup(host))
  await runCommand(ip('link', 'del', interfacesOf(host).delayBridge))
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface(stream)) return line
  return undefined
}

/** Arguments: two tap devices to make, seconds from the one to the other. */
const program = `
use strict; use warnings; use Fcntl; use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
my ($near, $far, $wait) = @ARGV;
my ($TUNSETIFF, $IFF_TAP, $IFF_NO_PI) = (0x400454ca, 2, 0x1000);
$| = 1;
sub tap {
  sysopen(my $file, '/dev/net/tun', O_RDWR | O_NONBLOCK) or do { print "/dev/net/tun: $!\\n"; exit 1 };
  ioctl($file, $TUNSETIFF, pack('a16 S x22', shift, $IFF_TAP | $IFF_NO_PI)) or do { print "TUNSETIFF: $!\\n"; exit 1 };
  return $file;
}
my @taps = (tap($near), tap($far));
print "ready\\n";
close STDOUT;
my @queue;
while (1) {
  my $now = clock_gettime(CLOCK_MONOTONIC);
  while (@queue && $queue[0][0] <= $now) {
    my (undef, $tap, $frame) = @{ shift @queue };
    syswrite($tap, $frame);
  }
  my $bits = '';
  vec($bits, fileno($_), 1) = 1 for @taps;
  select($bits, undef, undef, @queue ? $queue[0][0] - $now : undef);
  for my $side (0, 1) {
    for (1 .. 64) {
      last unless sysread($taps[$side], my $frame, 65536);
      push @queue, [clock_gettime(CLOCK_MONOTONIC) + $wait, $taps[1 - $side], $frame];
    }
  }
}
`
