import ipaddr from 'ipaddr.js'
import { define, FunctionError } from './define.ts'

/** Functions on IP addresses and networks, IPv4 and IPv6. */
export const networkFunctions = [
  define('is_ip', 'Whether the text is an IP address.', ['text'], (text) => addressOf(text) !== undefined),
  define('ip_version', '4 or 6, of an address or a network.', ['text'], (text) =>
    partsOf('ip_version', text).address.kind() === 'ipv4' ? 4 : 6,
  ),
  define(
    'ip_in',
    'Whether an address lies in a network, as in ip_in "10.0.0.1" "10.0.0.0/8".',
    ['text', 'text'],
    (text, network) => {
      const { address } = partsOf('ip_in', text)
      const other = networkOf('ip_in', network)
      return address.kind() === other.address.kind() && address.match(other.address, other.prefix)
    },
  ),
  define(
    'ip_is_private',
    'Whether an address is for private use: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or fc00::/7.',
    ['text'],
    (text) => ['private', 'uniqueLocal'].includes(partsOf('ip_is_private', text).address.range()),
  ),
  define(
    'ip_host',
    'The n-th address of a network, from its end when n is negative: ip_host "10.0.0.0/24" 5.',
    ['text', 'number'],
    (text, n) => {
      const { address, prefix } = networkOf('ip_host', text)
      const hostBits = address.toByteArray().length * 8 - prefix
      const size = 1n << BigInt(hostBits)
      if (!Number.isInteger(n) || BigInt(n) < -size || BigInt(n) >= size)
        throw new FunctionError(`ip_host: ${text} has no address ${n}`)
      const start = (numberOf(address) >> BigInt(hostBits)) << BigInt(hostBits)
      return textOf(start + (n < 0 ? size + BigInt(n) : BigInt(n)), address)
    },
  ),
  define('ip_network', 'The network of "address/prefix": 10.0.0.5/24 lies in 10.0.0.0/24.', ['text'], (text) => {
    const { address, prefix } = networkOf('ip_network', text)
    const hostBits = BigInt(address.toByteArray().length * 8 - prefix)
    return `${textOf((numberOf(address) >> hostBits) << hostBits, address)}/${prefix}`
  }),
  define('ip_broadcast', 'The last address of an IPv4 network, which is for all of its hosts.', ['text'], (text) => {
    const { address, prefix } = ipv4NetworkOf('ip_broadcast', text)
    return ipaddr.IPv4.broadcastAddressFromCIDR(`${address}/${prefix}`).toString()
  }),
  define('ip_netmask', 'The mask of an IPv4 network, as in 255.255.255.0.', ['text'], (text) =>
    ipaddr.IPv4.subnetMaskFromPrefixLength(ipv4NetworkOf('ip_netmask', text).prefix).toString(),
  ),
  define('ip_address', 'The address of "address/prefix" without the prefix, in its short form.', ['text'], (text) =>
    shortOf(partsOf('ip_address', text).address),
  ),
  define(
    'ip_prefix',
    'The prefix length of "address/prefix" or "address/mask".',
    ['text'],
    (text) => networkOf('ip_prefix', text).prefix,
  ),
]

type Address = ipaddr.IPv4 | ipaddr.IPv6

interface Network {
  address: Address
  prefix: number
}

/** Four numbers, or IPv6 without a zone; the library itself also takes octal, hexadecimal and fewer numbers. */
function addressOf(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  return text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined
}

function partsOf(name: string, text: string): { address: Address; rest: string | undefined } {
  const [first = '', rest, ...more] = text.split('/')
  const address = addressOf(first)
  if (!address || more.length > 0) throw new FunctionError(`${name}: '${text}' is no IP address`)
  return { address, rest }
}

function networkOf(name: string, text: string): Network {
  const { address, rest = '' } = partsOf(name, text)
  const bits = address.toByteArray().length * 8
  const mask = address.kind() === 'ipv4' ? addressOf(rest) : undefined
  const prefix = /^\d{1,3}$/.test(rest) ? Number(rest) : mask?.prefixLengthFromSubnetMask()
  if (prefix === undefined || prefix === null || prefix > bits)
    throw new FunctionError(`${name}: '${text}' is no network such as 10.0.0.0/24`)
  return { address, prefix }
}

function ipv4NetworkOf(name: string, text: string): Network {
  const network = networkOf(name, text)
  if (network.address.kind() === 'ipv4') return network
  throw new FunctionError(`${name} takes an IPv4 network, not '${text}'`)
}

function numberOf(address: Address): bigint {
  return address.toByteArray().reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)
}

/** The address of a number, of the same kind as another. */
function textOf(number: bigint, like: Address): string {
  const bytes = like
    .toByteArray()
    .map((_, index, { length }) => Number((number >> BigInt(8 * (length - 1 - index))) & 255n))
  return shortOf(ipaddr.fromByteArray(bytes))
}

function shortOf(address: Address): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString()
}
