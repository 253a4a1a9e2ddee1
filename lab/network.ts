import { existsSync } from 'node:fs'
import { Problem } from '../engine/problem.ts'
import { leaderOf } from './cgroup.ts'
import { mustRun, runCommand } from './command.ts'
import { hostRecords } from './host.ts'
import { bridge, controllerNamespace, interfacesOf } from './place.ts'
import { until } from './wait.ts'

/**
 * The namespace with the bridge, and an address of the controller's in every subnet of the hosts. It has no way out: no
 * interface of the machine is in it.
 */
export async function ensureNetwork(hosts: readonly Subnet[]): Promise<void> {
  if ((await runCommand(ip('link', 'show', 'lo'))).code !== 0) {
    // Also when a crash has left the name without a namespace behind it.
    await removeNetwork()
    await mustRun(['ip', 'netns', 'add', controllerNamespace])
  }
  if ((await runCommand(ip('link', 'show', bridge))).code !== 0) await makeBridge()
  const taken = [...hosts, ...hostRecords()]
  const present = await bridgeAddresses()
  for (const host of hosts) {
    const here = present.find((own) => sameSubnet(own, host) && !taken.some(({ address }) => address === own.address))
    if (here) continue
    const address = freeAddress(host, taken)
    await mustRun(ip('addr', 'add', `${address}/${host.prefix}`, 'dev', bridge))
    present.push({ address, prefix: host.prefix })
  }
  for (const own of present.filter(({ address }) => taken.some((host) => host.address === address))) {
    await mustRun(ip('addr', 'del', `${own.address}/${own.prefix}`, 'dev', bridge))
  }
}

/** Takes the namespace away with all that is in it. */
export async function removeNetwork(): Promise<void> {
  if (existsSync(`/run/netns/${controllerNamespace}`)) await mustRun(['ip', 'netns', 'del', controllerNamespace])
}

/** The controller's own address in the host's subnet; hosts reach other subnets through it. */
export async function controllerAddress(host: Subnet): Promise<string> {
  const own = (await bridgeAddresses()).find((present) => sameSubnet(present, host))
  if (!own) throw new Error(`the bridge has no address in the subnet of ${host.address}/${host.prefix}`)
  return own.address
}

/** Waits until frames pass between a running host and the bridge; the kernel takes its time to believe in a new cable. */
export async function untilConnected(host: string): Promise<void> {
  await untilForwarding(interfacesOf(host).port)
  const inside = ['nsenter', `--net=/proc/${leaderOf(host)}/ns/net`, '--', 'ip', '-json', 'link', 'show', 'eth0']
  await until(`eth0 of ${host} is up`, async () => (await shownLink(inside))?.operstate === 'UP')
}

/** Waits until the bridge that the interface is in lets frames pass. */
export async function untilForwarding(port: string): Promise<void> {
  await until(`frames pass ${port}`, async () => {
    const link = await shownLink(ip('-json', '-details', 'link', 'show', port))
    const isUp = link?.operstate === 'UP' || link?.operstate === 'UNKNOWN'
    return isUp && link.linkinfo?.info_slave_data?.state === 'forwarding'
  })
}

async function shownLink(argv: readonly string[]): Promise<ShownLink | undefined> {
  const [link] = JSON.parse(await mustRun(argv)) as ShownLink[]
  return link
}

interface ShownLink {
  /** UNKNOWN with tap devices, which have no cable. */
  operstate: string
  linkinfo?: { info_slave_data?: { state: string } }
}

/** `ip` in the controller's namespace. */
export function ip(...words: string[]): string[] {
  return ['ip', '-n', controllerNamespace, ...words]
}

export interface Subnet {
  address: string
  prefix: number
}

/** The highest address of the host's subnet that no host has. */
export function freeAddress(host: Subnet, taken: readonly { address: string }[]): string {
  const first = networkOf(host)
  const last = first + 2 ** (32 - host.prefix) - 1
  for (let number = last - 1; number > first; number--) {
    const address = dotted(number)
    if (!taken.some((other) => other.address === address)) return address
  }
  throw new Problem({
    code: 'LAB_ADDRESS',
    message: `the subnet ${dotted(first)}/${host.prefix} has no address left for the controller`,
    hint: 'give the lab hosts a shorter prefix',
  })
}

/** Four bytes as a number; nothing when the text is no IPv4 address. */
export function addressNumber(address: string): number | undefined {
  const bytes = address.split('.')
  if (bytes.length !== 4 || !bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) < 256))
    return undefined
  return bytes.reduce((number, byte) => number * 256 + Number(byte), 0)
}

async function makeBridge(): Promise<void> {
  await mustRun(ip('link', 'set', 'lo', 'up'))
  // Its own address: a bridge without one takes its ports' and changes it as they come and go.
  await mustRun(ip('link', 'add', bridge, 'address', '02:00:00:00:00:01', 'type', 'bridge', 'forward_delay', '0'))
  await mustRun(ip('link', 'set', bridge, 'addrgenmode', 'none'))
  await mustRun(ip('link', 'set', bridge, 'up'))
  const between = [
    'net.ipv4.ip_forward=1',
    'net.ipv4.conf.all.send_redirects=0',
    `net.ipv4.conf.${bridge}.send_redirects=0`,
  ]
  await mustRun(['ip', 'netns', 'exec', controllerNamespace, 'sysctl', '-q', '-w', ...between])
}

async function bridgeAddresses(): Promise<Subnet[]> {
  const shown = JSON.parse(await mustRun(ip('-json', '-4', 'addr', 'show', 'dev', bridge))) as {
    addr_info?: { local: string; prefixlen: number }[]
  }[]
  return shown
    .flatMap((link) => link.addr_info ?? [])
    .map(({ local, prefixlen }) => ({ address: local, prefix: prefixlen }))
}

function sameSubnet(one: Subnet, other: Subnet): boolean {
  return one.prefix === other.prefix && networkOf(one) === networkOf(other)
}

function networkOf({ address, prefix }: Subnet): number {
  const number = addressNumber(address)
  if (number === undefined) throw new Error(`${address} is no IPv4 address`)
  const size = 2 ** (32 - prefix)
  return Math.floor(number / size) * size
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}
