import { nearest, Problem } from '../engine/problem.ts'
import type { HostAddress, HostRecord } from './host.ts'
import { type Suite, suites } from './image.ts'
import { addressNumber } from './network.ts'

export interface LabHost {
  name: string
  /** IPv4; hosts of one subnet share a wire, subnets are joined by the controller. */
  address: string
  /** Length of the subnet's prefix, 24 unless given. */
  prefix?: number
  /** Debian release, bookworm unless given. */
  suite?: Suite
  /** Debian packages beside those that every lab host has. */
  packages?: string[]
}

export type CheckedHost = Omit<HostRecord, 'layers' | 'machineId'>

/** Defaults filled in; LAB_HOST when a host is none that can be booted beside the `present` ones. */
export function checkedHosts(hosts: readonly LabHost[], present: readonly HostAddress[]): CheckedHost[] {
  const checked: CheckedHost[] = []
  const names = new Set(hosts.map((host) => host.name))
  const others = present.filter((host) => !names.has(host.name))
  for (const host of hosts) {
    const { name, address, prefix = 24, suite = 'bookworm', packages = [] } = host
    const wrong = whatIsWrong(host, [...others, ...checked])
    if (wrong) throw new Problem({ code: 'LAB_HOST', ...wrong })
    checked.push({ name, address, prefix, suite, packages: [...new Set(packages)].sort() })
  }
  return checked
}

function whatIsWrong(host: LabHost, others: readonly HostAddress[]): { message: string; hint?: string } | undefined {
  const { name, address, prefix = 24, suite = 'bookworm', packages = [] } = host
  if (!/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,61}[a-zA-Z0-9])?$/.test(name)) {
    return { message: `${JSON.stringify(name)} cannot be the name of a machine` }
  }
  if (addressNumber(address) === undefined || address.startsWith('127.')) {
    return {
      message: `the lab host ${name} has the address ${JSON.stringify(address)}`,
      hint: 'give it an IPv4 address',
    }
  }
  if (!Number.isInteger(prefix) || prefix < 8 || prefix > 30) {
    return { message: `the lab host ${name} has the prefix ${prefix}`, hint: 'a number from 8 to 30' }
  }
  if (!suites.includes(suite)) {
    const near = nearest(suite, suites)
    return {
      message: `the lab has no image of '${suite}' for ${name}`,
      hint: near ? `did you mean '${near}'?` : `it has ${suites.join(', ')}`,
    }
  }
  const odd = packages.find((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name))
  if (odd !== undefined) return { message: `${JSON.stringify(odd)}, asked for ${name}, cannot be a Debian package` }
  const twin = others.find((other) => other.name === name || other.address === address)
  if (twin?.name === name) return { message: `the lab is asked for ${name} twice` }
  if (twin)
    return {
      message: `${name} and ${twin.name} both have the address ${address}`,
      hint: 'take the other one down or change one',
    }
  return undefined
}
