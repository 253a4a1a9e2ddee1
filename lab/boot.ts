import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { Problem } from '../engine/problem.ts'
import { hostGroup, isPopulated, killGroup, leaderOf, makeGroup } from './cgroup.ts'
import { runCommand } from './command.ts'
import { labExec } from './exec.ts'
import { type HostRecord, hostRecord } from './host.ts'
import { controllerAddress, untilConnected } from './network.ts'
import { controllerNamespace, interfacesOf, placeOf } from './place.ts'
import { until } from './wait.ts'
import { wireOf } from './wire.ts'

/**
 * Starts a prepared host and waits until it has booted and its sshd greets. Its mounts, its network and its processes
 * are all held by one tree of processes, so that ending those leaves nothing behind.
 */
export async function startHost(host: HostRecord): Promise<void> {
  const group = hostGroup(host.name)
  await killGroup(group)
  for (const part of ['loop', 'machine']) makeGroup(`${group}/${part}`)
  const place = placeOf(host.name)
  const console = openSync(place.console, 'w')
  const values = {
    group,
    layers: host.layers.join(':'),
    disk: place.directory,
    host: host.name,
    address: `${host.address}/${host.prefix}`,
    gateway: await controllerAddress(host),
    mac: macOf(host.address),
    namespace: controllerNamespace,
    port: interfacesOf(host.name).port,
    machine: host.machineId,
  }
  const variables = Object.entries(values).map(([name, value]) => `${name}=${value}`)
  const argv = [
    '-i',
    `PATH=${process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`,
    ...variables,
    'sh',
    '-c',
    loopScript,
    'sh',
    machineScript,
  ]
  const loop = spawn('env', argv, { detached: true, stdio: ['ignore', console, console] })
  loop.unref()
  closeSync(console)
  await until(`${host.name} starts`, () => isPopulated(`${group}/loop`) || loop.exitCode !== null)
  await becomeReady(host.name)
}

export interface Readiness {
  /** PID 1 of the boot that is to be over first. */
  bootedAfter?: number | undefined
  /** For each of the stages; systemd gives a service that does not want to stop ninety seconds. */
  limitMs?: number
}

/** Waits for the end of the boot, not only for sshd: until then pam_nologin turns users away. */
export async function becomeReady(name: string, { bootedAfter, limitMs = 180_000 }: Readiness = {}): Promise<void> {
  const limits = { limitMs }
  await orTellConsole(name, async () => {
    await until(
      `${name} has a running systemd`,
      () => {
        const leader = leaderOf(name)
        return hasEnded(name) || (leader !== undefined && leader !== bootedAfter)
      },
      limits,
    )
    await until(`${name} has finished booting`, () => hasEnded(name) || hasBooted(name), limits)
    if (!wireOf(name).isCut && !hasEnded(name)) {
      await untilConnected(name)
      await until(`sshd of ${name} greets`, () => hasEnded(name) || greets(hostRecord(name).address), limits)
    }
    if (hasEnded(name)) throw new Problem({ code: 'LAB_BOOT', message: 'its container has ended' })
  })
}

/** Whether what boots the host, and boots it again, is gone. */
function hasEnded(name: string): boolean {
  return !isPopulated(`${hostGroup(name)}/loop`)
}

async function hasBooted(name: string): Promise<boolean> {
  if (leaderOf(name) === undefined) return false
  const { stdout } = await labExec(name, ['systemctl', 'is-system-running', '--wait'])
  return /^(running|degraded)/.test(stdout.toString())
}

/** Asks from the controller's namespace, as a connection will. */
async function greets(address: string): Promise<boolean> {
  const greeting = 'exec 3<>"/dev/tcp/$1/22" && IFS= read -r -t 10 line <&3 && echo "$line"'
  const namespace = `--net=/run/netns/${controllerNamespace}`
  const asked = await runCommand(['nsenter', namespace, '--', 'timeout', '12', 'bash', '-c', greeting, 'bash', address])
  return asked.stdout.toString().startsWith('SSH-')
}

async function orTellConsole(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { console } = placeOf(name)
    const last = readFileSync(console, 'utf8').trim().split('\n').slice(-5).join('\n  ')
    throw new Problem({
      code: 'LAB_BOOT',
      message: `the lab host ${name} did not come up: ${error.message}`,
      hint: `its console, ${console}, ends with:\n  ${last}`,
    })
  }
}

/** The same at every boot, or the others' ARP caches would point at a card that is gone. */
function macOf(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'))
  return ['02', '00', ...bytes].join(':')
}

/** nspawn ends with 133 when the host asks for a reboot; every boot gets a new network, as a machine does. */
const loopScript = `echo $$ >"$group/loop/cgroup.procs"
while :; do
  unshare --mount --net --propagation private sh -c "$1"
  [ $? = 133 ] || break
done
`

/**
 * The namespaces are our own already, so nspawn is told to join them: it then keeps CAP_NET_ADMIN out, and mounts
 * /proc/sys/net read-only, unless it is asked for both. An old network may linger, held by connections that nobody
 * answers any more, so its end of the cable is pulled first.
 */
const machineScript = `set -e
echo $$ >"$group/machine/cgroup.procs"
mount -t overlay overlay -o "lowerdir=$layers,upperdir=$disk/upper,workdir=$disk/work" "$disk/root"
read -r bridge state delay <"$disk/wire"
ip -n "$namespace" link del "$port" 2>/dev/null || true
ip -n "$namespace" link add "$port" type veth peer name eth0 netns $$
ip -n "$namespace" link set "$port" alias "$host"
ip -n "$namespace" link set "$port" master "$bridge" || ip -n "$namespace" link set "$port" master br0
ip -n "$namespace" link set "$port" "$state"
ip link set lo up
ip link set eth0 addrgenmode none
ip link set eth0 address "$mac" up
ip addr add "$address" dev eth0
ip route add default via "$gateway"
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
exec systemd-nspawn --quiet --register=no --keep-unit --boot --settings=no --directory="$disk/root" \\
  --machine="$host" --hostname="$host" --uuid="$machine" --network-namespace-path=/proc/self/ns/net \\
  --capability=CAP_NET_ADMIN --resolv-conf=off --timezone=off --link-journal=no
`
