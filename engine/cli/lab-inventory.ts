import { type Suite, suites } from '../../lab/image.ts'
import type { LabHost } from '../../lab/wanted.ts'
import type { Inventory } from '../language/inventory.ts'
import { Problem } from '../problem.ts'

/** Whether the inventory asks for hosts of the lab: it says `lockstep_lab: true` for all of its hosts. */
export function isLab(inventory: Inventory): boolean {
  const hosts = [...inventory.hosts.keys()]
  return hosts.length > 0 && hosts.every((host) => inventory.variables(host).lockstep_lab === true)
}

/** The machines to boot, from the host variables `address`, `suite` and `lab_packages`. */
export function labHostsOf(inventory: Inventory): LabHost[] {
  if (!isLab(inventory)) {
    throw new Problem({
      code: 'NOT_A_LAB',
      message: 'this inventory is not for the lab',
      hint: 'an inventory whose hosts the lab may boot says `lockstep_lab: true` in the variables of `all`',
    })
  }
  return [...inventory.hosts.keys()].map((name) => labHost(name, inventory.variables(name)))
}

function labHost(name: string, variables: Readonly<Record<string, unknown>>): LabHost {
  const { address, suite, lab_packages: packages } = variables
  if (typeof address !== 'string') throw wrong(name, 'address', 'an IPv4 address', address)
  if (suite !== undefined && !isSuite(suite)) throw wrong(name, 'suite', suites.join(', '), suite)
  if (packages !== undefined && !isNames(packages))
    throw wrong(name, 'lab_packages', 'a list of package names', packages)
  return { name, address, ...(suite ? { suite } : {}), ...(packages ? { packages } : {}) }
}

function isSuite(value: unknown): value is Suite {
  return suites.some((suite) => suite === value)
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

function wrong(host: string, variable: string, wanted: string, got: unknown): Problem {
  return new Problem({
    code: 'LAB_HOST',
    message: `the lab cannot boot ${host}: its ${variable} is ${got === undefined ? 'missing' : JSON.stringify(got)}`,
    hint: `the lab takes ${wanted}`,
  })
}
