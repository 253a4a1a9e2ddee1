import { rmSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { Problem } from '../engine/problem.ts'
import { becomeReady, startHost } from './boot.ts'
import { hostGroup, isFrozen, killGroup, labGroup, leaderOf } from './cgroup.ts'
import { ensureDisk, removeDisk } from './disk.ts'
import { mendHost } from './faults.ts'
import {
  ensureLoginKey,
  type HostAddress,
  type HostRecord,
  hostRecord,
  hostRecords,
  prepareHost,
  writeKnownHosts,
} from './host.ts'
import { ensureImage, type Suite } from './image.ts'
import { ensureWatchers } from './limits.ts'
import { withLock } from './lock.ts'
import { ensureNetwork, removeNetwork } from './network.ts'
import {
  cacheDirectory,
  controllerNamespace,
  knownHostsFile,
  labName,
  privateKeyFile,
  stateDirectory,
} from './place.ts'
import { ensureTools, labSupported } from './support.ts'
import { type CheckedHost, checkedHosts, type LabHost } from './wanted.ts'
import { wireOf } from './wire.ts'

/** Says what the lab does while it does it. */
export type Log = (line: string) => void

export interface LabOptions {
  hosts: readonly LabHost[]
  log: Log
  /** Every host gets a disk as new, also one that runs and is the same as asked for. */
  isFresh?: boolean
}

/** How to get at the hosts: from inside the namespace, as this user, with this key, checking against these keys. */
export interface LabAccess {
  namespace: string
  user: 'ops'
  privateKeyFile: string
  knownHostsFile: string
}

export interface LabHostStatus {
  name: string
  address: string
  suite: Suite
  state: 'up' | 'off' | 'frozen'
  isCut: boolean
  delayMs: number
}

/**
 * Brings all these hosts up, in parallel, and gives the way to them. Unless they are to be fresh, hosts that run and are the
 * same as asked for are kept as they are, but for frozen or cut ones, which are mended; hosts that are not named stay too.
 */
export async function labUp({ hosts, log, isFresh = false }: LabOptions): Promise<LabAccess> {
  const unsupported = labSupported()
  if (unsupported) throw unsupported
  const checked = checkedHosts(hosts, hostRecords())
  await ensureTools(log)
  ensureWatchers(hosts.length + hostRecords().length, log)
  await whileLocked(log, async () => {
    await ensureDisk(log)
    await ensureLoginKey()
    const wanted = await imagesFor(checked, log)
    await ensureNetwork(wanted)
    const others = hostRecords().filter(({ name }) => !wanted.some((host) => host.name === name))
    const bring = isFresh ? renew : bringUp
    await Promise.all(wanted.map((host) => bring(host, [...others, ...wanted], log)))
    writeKnownHosts()
  })
  return { namespace: controllerNamespace, user: 'ops', privateKeyFile, knownHostsFile }
}

/** Takes away everything of this lab but the cached images. */
export async function labDown(log: Log): Promise<void> {
  await whileLocked(log, async () => {
    const hosts = hostRecords()
    if (hosts.length > 0) log(`taking down ${hosts.map(({ name }) => name).join(', ')}`)
    await killGroup(labGroup())
    await removeNetwork()
    await removeDisk()
    rmSync(stateDirectory, { recursive: true, force: true })
  })
}

export function labStatus(): LabHostStatus[] {
  return hostRecords().map(({ name, address, suite }) => {
    const wire = wireOf(name)
    const state = leaderOf(name) === undefined ? 'off' : isFrozen(hostGroup(name)) ? 'frozen' : 'up'
    return { name, address, suite, state, isCut: wire.isCut, delayMs: wire.delayMs }
  })
}

/** Gives these hosts, or all without names, a disk as new and boots them; keys and addresses stay the same. */
export async function labReset(names: readonly string[], log: Log): Promise<void> {
  const hosts = names.length > 0 ? names.map(hostRecord) : hostRecords()
  await whileLocked(log, async () => {
    await ensureNetwork(hosts)
    await Promise.all(hosts.map(({ machineId, ...host }) => renew(host, hostRecords(), log)))
  })
}

type WantedHost = Omit<HostRecord, 'machineId'>

async function bringUp(host: WantedHost, all: readonly HostAddress[], log: Log): Promise<void> {
  const old = hostRecords().find(({ name }) => name === host.name)
  if (old === undefined) return renew(host, all, log)
  const { machineId, ...have } = old
  if (!isDeepStrictEqual(have, host)) {
    log(`${host.name} is to be another host than it was`)
    return renew(host, all, log)
  }
  await mendHost(host.name, log)
  if (await isHealthy(host.name)) return
  try {
    await powerOn(old, log)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    log(`${host.name} does not boot from the disk it had, it gets a new one`)
    await renew(host, all, log)
  }
}

async function renew(host: WantedHost, all: readonly HostAddress[], log: Log): Promise<void> {
  await killGroup(hostGroup(host.name))
  await prepareHost(host, all)
  await mendHost(host.name, log)
  await powerOn(hostRecord(host.name), log)
}

async function powerOn(host: HostRecord, log: Log): Promise<void> {
  log(`${host.name} boots (${host.suite}, ${host.address})`)
  const start = performance.now()
  await startHost(host)
  log(`${host.name} is ready after ${((performance.now() - start) / 1000).toFixed(1)} s`)
}

/** Up or on the way up, able to come back from a reboot, and its sshd greets whoever comes from the controller. */
async function isHealthy(name: string): Promise<boolean> {
  try {
    await becomeReady(name, { limitMs: 60_000 })
    return true
  } catch (error) {
    if (error instanceof Problem) return false
    throw error
  }
}

async function imagesFor(hosts: readonly CheckedHost[], log: Log): Promise<WantedHost[]> {
  const wanted: WantedHost[] = []
  // One after the other: hosts of one image build it once, and two debootstraps would only share the disk.
  for (const host of hosts) wanted.push({ ...host, layers: await ensureImage(host.suite, host.packages, log) })
  return wanted
}

async function whileLocked<T>(log: Log, work: () => Promise<T>): Promise<T> {
  return withLock(`${cacheDirectory}/${labName}.lab.lock`, log, work)
}
