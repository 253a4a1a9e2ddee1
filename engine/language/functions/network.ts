import { BlockList, isIP } from 'node:net'
import { define, FunctionError } from './define.ts'

/** Functions on IP addresses and networks, IPv4 and IPv6. */
export const networkFunctions = [
  define('is_ip', 'Whether the text is an IP address.', ['text'], (text) => isIP(text) !== 0),
  define('ip_version', '4 or 6.', ['text'], (text) => versionOf('ip_version', addressPart(text))),
  define(
    'ip_in',
    'Whether an address lies in a network, as in ip_in "10.0.0.1" "10.0.0.0/8".',
    ['text', 'text'],
    (address, network) => {
      const version = versionOf('ip_in', address)
      const { base, prefix, version: other } = networkOf('ip_in', network)
      if (version !== other) return false
      const list = new BlockList()
      list.addSubnet(base, prefix, `ipv${other}`)
      return list.check(address, `ipv${version}`)
    },
  ),
  define(
    'ip_host',
    'The n-th address of an IPv4 network: ip_host "10.0.0.0/24" 5.',
    ['text', 'number'],
    (network, n) => {
      const { base, prefix, version } = networkOf('ip_host', network)
      if (version !== 4) throw new FunctionError('ip_host takes an IPv4 network')
      const size = 2 ** (32 - prefix)
      if (!Number.isInteger(n) || n < -size || n >= size)
        throw new FunctionError(`ip_host: ${network} has no address ${n}`)
      const start = Math.floor(numberOf(base) / size) * size
      return textOf(n < 0 ? start + size + n : start + n)
    },
  ),
  define('ip_address', 'The address of "address/prefix", or the address as it is.', ['text'], (text) =>
    addressPart(text),
  ),
  define(
    'ip_prefix',
    'The prefix length of "address/prefix".',
    ['text'],
    (text) => networkOf('ip_prefix', text).prefix,
  ),
]

function addressPart(text: string): string {
  return text.split('/')[0] ?? ''
}

function versionOf(name: string, address: string): 4 | 6 {
  const version = isIP(address)
  if (version === 4 || version === 6) return version
  throw new FunctionError(`${name}: '${address}' is no IP address`)
}

function networkOf(name: string, text: string): { base: string; prefix: number; version: 4 | 6 } {
  const [base = '', length] = text.split('/')
  const version = versionOf(name, base)
  const most = version === 4 ? 32 : 128
  const prefix = Number(length)
  if (length === undefined || !/^\d+$/.test(length) || prefix > most)
    throw new FunctionError(`${name}: '${text}' is no network such as 10.0.0.0/24`)
  return { base, prefix, version }
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0)
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}
