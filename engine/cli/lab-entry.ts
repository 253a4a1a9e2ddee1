import { labCommand } from '../../lab/exec.ts'
import { type LabAccess, labStatus, labUp } from '../../lab/lab.ts'
import type { Inventory } from '../language/inventory.ts'
import { log } from './lab.ts'
import { labHostsOf } from './lab-inventory.ts'
import { runInPlace } from './run-in-place.ts'

const MARK = 'LOCKSTEP_LAB_ACCESS'

/** How to reach the lab's hosts, when this process runs inside their network. */
export function labAccess(): LabAccess | undefined {
  const text = process.env[MARK]
  return text === undefined ? undefined : (JSON.parse(text) as LabAccess)
}

/**
 * Boots the hosts of a lab inventory that are not there yet and does this very command again inside their network. Hosts
 * that somebody has cut off, frozen or switched off stay so, as long as another one runs.
 */
export async function enterLab(inventory: Inventory): Promise<number> {
  const hosts = labHostsOf(inventory)
  const status = new Map(labStatus().map((host) => [host.name, host]))
  const lives = hosts.some(({ name }) => status.get(name)?.state !== 'off' && status.has(name))
  const missing = lives ? hosts.filter(({ name }) => !status.has(name)) : hosts
  const access = await labUp({ hosts: missing, log })
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  return await runInPlace(labCommand(again), { ...process.env, [MARK]: JSON.stringify(access) })
}
