import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { TaskFailure } from '../../engine/resource/module.ts'

export type Family = '4' | '6'

/** Port and protocols of each service name; see services(5). */
export type Services = ReadonlyMap<string, { port: string; protocols: ReadonlySet<string> }>

/** The names of /etc/services; of a name that stands there for several ports the first counts. */
export function parseServices(text: string): Services {
  const services = new Map<string, { port: string; protocols: Set<string> }>()
  for (const line of text.split('\n')) {
    const [, name = '', port = '', protocol = '', aliases = ''] =
      /^(\S+)\s+(\d+)\/(\w+)([^#]*)/.exec(line.replace(/^#.*/, '')) ?? []
    for (const each of [name, ...aliases.split(/\s+/)].filter(Boolean)) {
      const known = services.get(each) ?? { port, protocols: new Set() }
      if (known.port === port) known.protocols.add(protocol)
      services.set(each, known)
    }
  }
  return services
}

/** The `ports` line of each profile in the files of /etc/ufw/applications.d, one after the other. */
export function parseProfiles(text: string): Map<string, string> {
  const profiles = new Map<string, string>()
  let name = ''
  for (const line of text.split('\n')) {
    name = /^\[(.+)\]\s*$/.exec(line)?.[1] ?? name
    const ports = /^ports\s*=\s*(.*?)\s*$/.exec(line)?.[1]
    if (ports !== undefined) profiles.set(name, ports)
  }
  return profiles
}

/** An address or network in the form that ufw gives it; undefined for anywhere. */
export function hostAddress(text: string): { family: Family; text: string } | undefined {
  const lower = text.toLowerCase()
  if (lower === 'any') return undefined
  const [address = '', mask, more] = lower.split('/')
  const refuse = () =>
    new TaskFailure(
      `'${text}' is not an address or network`,
      'ufw takes no host names; write it as 10.1.2.3, 10.1.2.0/24 or fd00::/8',
    )
  if (more !== undefined) throw refuse()
  if (isIPv4(address)) {
    const bits = mask === undefined ? 32 : bitsOfMask(mask)
    if (bits === undefined) throw refuse()
    return { family: '4', text: bits === 32 ? address : `${networkOf(address, bits)}/${bits}` }
  }
  if (
    !isIPv6(address) ||
    address.includes('%') ||
    (mask !== undefined && !/^\d+$/.test(mask)) ||
    Number(mask ?? 0) > 128
  )
    throw refuse()
  const plain = new SocketAddress({ family: 'ipv6', address }).address
  // ufw leaves the host's bits of an IPv6 network as they are.
  return { family: '6', text: mask === undefined || mask === '128' ? plain : `${plain}/${mask}` }
}

/** Ports and protocol of a rule: names looked up, lists in ufw's order. */
export function portList(
  wish: { port?: string | number; from_port?: string | number; proto?: string },
  services: Services,
): { proto: string; dport: string; sport: string } {
  let proto = wish.proto ?? 'any'
  const [dport, sport] = [wish.port, wish.from_port].map((wanted) => {
    const [port = '', named] = String(wanted ?? 'any')
      .toLowerCase()
      .split('/')
    if (named !== undefined) proto = agreed(proto, named, port)
    if (port === 'any') return 'any'
    if (/^[\d,:]+$/.test(port)) return sortedPorts(port)
    const service = services.get(port)
    if (!service)
      throw new TaskFailure(
        `the host knows no service '${port}'`,
        'write the number of the port; names come from /etc/services (package netbase)',
      )
    const [only, other] = ['tcp', 'udp'].filter((each) => service.protocols.has(each))
    if (only !== undefined && other === undefined) proto = agreed(proto, only, port)
    return service.port
  }) as [string, string]
  if (/[,:]/.test(dport + sport) && proto !== 'tcp' && proto !== 'udp') {
    throw new TaskFailure(
      `several ports (${/[,:]/.test(dport) ? dport : sport}) need a protocol`,
      'say proto: tcp or proto: udp',
    )
  }
  if (!['any', 'tcp', 'udp'].includes(proto) && (dport !== 'any' || sport !== 'any')) {
    throw new TaskFailure(`the protocol ${proto} has no ports`)
  }
  return { proto, dport, sport }
}

function agreed(proto: string, named: string, port: string): string {
  if (proto !== 'any' && proto !== named) throw new TaskFailure(`${port} is a service of ${named}, not of ${proto}`)
  return named
}

function sortedPorts(list: string): string {
  const ports = list.split(',').map((part) => part.split(':').map(Number))
  const isWrong = ports.some(
    ([low = 0, high = 65536, more]) =>
      low < 1 || low >= high || more !== undefined || (high === 65536 && list.includes('65536')),
  )
  if (isWrong || ports.flat().length > 15)
    throw new TaskFailure(`'${list}' is not a list of ports`, 'write it as 80, 80,443 or 6000:6010; 15 numbers at most')
  return ports
    .sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d)
    .map((range) => range.join(':'))
    .join(',')
}

function bitsOfMask(mask: string): number | undefined {
  if (/^\d+$/.test(mask)) return Number(mask) <= 32 ? Number(mask) : undefined
  if (!isIPv4(mask)) return undefined
  const bits = numberOf(mask).toString(2).padStart(32, '0')
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined
}

function networkOf(address: string, bits: number): string {
  const masked = bits === 0 ? 0 : (numberOf(address) & (-1 << (32 - bits))) >>> 0
  return [24, 16, 8, 0].map((shift) => (masked >>> shift) & 255).join('.')
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
