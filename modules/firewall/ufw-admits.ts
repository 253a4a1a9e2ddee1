import { BlockList, isIPv6 } from 'node:net'
import type { Endpoints } from '../../engine/resource/read.ts'
import type { RuleLists } from './ufw-order.ts'
import type { UfwRule } from './ufw-rule.ts'

/** `perhaps`: a rule counts that is for one interface or source port, which an address does not tell. */
export type Verdict = 'yes' | 'no' | 'perhaps'

/** Whether a new connection like this one would be let in: the first rule that fits decides, as in ufw, and else the policy. */
export function admits(way: Endpoints, rules: RuleLists, policy: string | undefined): Verdict {
  if (isLoopback(way.client.address)) return 'yes'
  let mayPass = false
  let mayFail = false
  for (const rule of rules[familyOf(way)]) {
    const fit = fits(rule, way)
    const passes = isPassing(rule)
    if (fit === 'perhaps') {
      mayPass ||= passes
      mayFail ||= !passes
    }
    if (fit === 'yes') return certain(passes)
  }
  return certain(policy === 'allow')

  function certain(passes: boolean): Verdict {
    if (passes) return mayFail ? 'perhaps' : 'yes'
    return mayPass ? 'perhaps' : 'no'
  }
}

/** Whether a rule is about the packets of a new connection like this one. */
export function fits(rule: UfwRule, way: Endpoints): Verdict {
  if (rule.route || rule.direction !== 'in') return 'no'
  if (rule.proto !== 'any' && rule.proto !== 'tcp') return 'no'
  const isMeant =
    holds(rule.src, way.client.address) && holds(rule.dst, way.server.address) && hasPort(rule.dport, way.server.port)
  if (!isMeant) return 'no'
  return rule.interfaceIn === '' && rule.sport === 'any' ? 'yes' : 'perhaps'
}

export function isPassing({ action }: UfwRule): boolean {
  return action === 'allow' || action === 'limit'
}

/** The arguments of a rule that would let the connection in. */
export function missingRule({ client, server }: Endpoints): string {
  return `{ rule: allow, from: ${bare(client.address)}, port: ${server.port}, proto: tcp }`
}

function familyOf({ server }: Endpoints): '4' | '6' {
  return isIPv6(bare(server.address)) ? '6' : '4'
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

/** Whether `network`, as ufw writes it, has the address. */
function holds(network: string, address: string): boolean {
  if (network === 'any') return true
  const [base = '', bits] = network.split('/')
  const family = isIPv6(base) ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(base, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  return list.check(bare(address), isIPv6(bare(address)) ? 'ipv6' : 'ipv4')
}

/** Without the interface that a link-local address is told with. */
function bare(address: string): string {
  return address.split('%')[0] ?? ''
}

function hasPort(ports: string, port: number): boolean {
  return ports.split(',').some((part) => {
    const [low, high] = part.split(':').map(Number)
    return part === 'any' || (low !== undefined && low <= port && port <= (high ?? low))
  })
}
