import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'

/** Which lab this is; several stand side by side, each with its own network, when LOCKSTEP_LAB names them. */
export const labName = nameOfLab(process.env.LOCKSTEP_LAB ?? 'lab')

/** The network namespace that holds the bridge, and from which the controller connects. */
export const controllerNamespace = `lockstep-${labName}`

/** Files of the namespaces of all labs of the machine. */
export function labNamespaces(): string[] {
  const names = existsSync('/run/netns') ? readdirSync('/run/netns') : []
  return names.filter((name) => name.startsWith('lockstep-')).map((name) => `/run/netns/${name}`)
}

/** What this lab keeps while it stands: keys, known hosts, the hosts' disks. `lab down` removes it. */
export const stateDirectory = `/var/lib/lockstep-lab/${labName}`

/** Root images, shared by all labs of the machine and kept by `lab down`. */
export const cacheDirectory = '/var/cache/lockstep/lab'

export const privateKeyFile = `${stateDirectory}/id_ed25519`
export const knownHostsFile = `${stateDirectory}/known_hosts`

/** Everything that belongs to one host. */
export interface HostPlace {
  directory: string
  record: string
  /** The overlay's writable layer: what this host has of its own. */
  upper: string
  work: string
  root: string
  keys: string
  console: string
  /** One line, `BRIDGE up|down MS`, that the boot reads; faults outlive a reboot, as a cut cable does. */
  wire: string
}

export function placeOf(host: string): HostPlace {
  const directory = `${stateDirectory}/hosts/${host}`
  return {
    directory,
    record: `${directory}/host.json`,
    upper: `${directory}/upper`,
    work: `${directory}/work`,
    root: `${directory}/root`,
    keys: `${directory}/keys`,
    console: `${directory}/console.log`,
    wire: `${directory}/wire`,
  }
}

export const bridge = 'br0'

/** Interface names in the controller's namespace; the kernel allows 15 characters, host names are longer. */
export function interfacesOf(host: string): { port: string; delayBridge: string; near: string; far: string } {
  const id = createHash('sha256').update(host).digest('hex').slice(0, 10)
  return { port: `port${id}`, delayBridge: `wait${id}`, near: `near${id}`, far: `far${id}` }
}

/** A lab's name becomes part of paths and of a namespace's name. */
function nameOfLab(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) return name
  throw new Error(`LOCKSTEP_LAB is ${JSON.stringify(name)}; use small letters, digits and dashes`)
}
