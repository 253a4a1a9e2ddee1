import { readFileSync } from 'node:fs'
import { becomeReady, startHost } from './boot.ts'
import { freeze, hostGroup, isFrozen, killGroup, leaderOf, thaw } from './cgroup.ts'
import { mustRun, runCommand } from './command.ts'
import { startDelay, stopDelay } from './delay.ts'
import { labExec } from './exec.ts'
import { hostRecord } from './host.ts'
import { ip, untilConnected } from './network.ts'
import { bridge, interfacesOf } from './place.ts'
import { until } from './wait.ts'
import { wireOf, writeWire } from './wire.ts'

/** Pulls the host's cable; it stays out over a reboot until labHeal. */
export async function labCut(host: string): Promise<void> {
  await plug(host, true)
}

/** Puts the cable back. */
export async function labHeal(host: string): Promise<void> {
  await plug(host, false)
}

/** Makes every round trip to and from the host this much longer, half on the way in and half on the way out; 0 ends it. */
export async function labDelay(host: string, ms: number): Promise<void> {
  const { name } = hostRecord(host)
  await switchPort(name, bridge)
  await stopDelay(name)
  if (ms > 0) {
    await startDelay(name, ms)
    await switchPort(name, interfacesOf(name).delayBridge)
  }
  writeWire(name, { ...wireOf(name), delayMs: ms })
}

/** Stops every process of the host where it stands; its kernel still acknowledges packets, as a hung machine's does. */
export async function labFreeze(host: string): Promise<void> {
  const group = hostGroup(hostRecord(host).name)
  freeze(group)
  await until(`${host} is frozen`, () => readFileSync(`${group}/cgroup.events`, 'utf8').includes('frozen 1'))
}

export async function labThaw(host: string): Promise<void> {
  const group = hostGroup(hostRecord(host).name)
  thaw(group)
  await until(`${host} is thawed`, () => !isFrozen(group))
}

/** Cuts the power: no farewell reaches the other hosts, and nothing is written to the disk any more. */
export async function labKill(host: string): Promise<void> {
  const { name } = hostRecord(host)
  // A dying process closes its sockets; without the cable nobody hears of it.
  await runCommand(ip('link', 'del', interfacesOf(name).port))
  await killGroup(hostGroup(name))
}

/** Starts a host that is off, with the disk it had. */
export async function labPowerOn(host: string): Promise<void> {
  const record = hostRecord(host)
  if (leaderOf(record.name) === undefined) await startHost(record)
}

/** Lets the host reboot itself, and waits until it is back. */
export async function labReboot(host: string): Promise<void> {
  const { name } = hostRecord(host)
  const before = leaderOf(name)
  await labExec(name, ['systemctl', 'reboot'])
  await becomeReady(name, { bootedAfter: before })
}

/** Mends what keeps a running host from being of use, and sets a delay up again whose process has died. */
export async function mendHost(host: string, log: (line: string) => void): Promise<void> {
  const { isCut, delayMs } = wireOf(host)
  if (isFrozen(hostGroup(host))) {
    log(`${host} was frozen, thawing it`)
    await labThaw(host)
  }
  if (isCut) {
    log(`${host} was cut off, healing it`)
    await labHeal(host)
  }
  if (delayMs > 0) await labDelay(host, delayMs)
}

async function plug(host: string, isCut: boolean): Promise<void> {
  const { name } = hostRecord(host)
  writeWire(name, { ...wireOf(name), isCut })
  if (leaderOf(name) === undefined) return
  const { port } = interfacesOf(name)
  await mustRun(ip('link', 'set', port, isCut ? 'down' : 'up'))
  if (!isCut) await untilConnected(name)
}

/** A host that is off has no port; its boot reads the wire file. */
async function switchPort(host: string, master: string): Promise<void> {
  if (leaderOf(host) === undefined) return
  const { port } = interfacesOf(host)
  await mustRun(ip('link', 'set', port, 'master', master))
  if (!wireOf(host).isCut) await untilConnected(host)
}
