import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs'
import { mustRun } from './command.ts'
import { stateDirectory } from './place.ts'

/** Whether a directory lies on an overlay itself, as in most containers: then it cannot be the writable layer of another. */
export function isOnOverlay(directory: string): boolean {
  return statfsSync(directory).type === overlayMagic
}

/** The place for the hosts' disks; in memory where the machine's own disk will not do. */
export async function ensureDisk(log: (line: string) => void): Promise<void> {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o755 })
  if (!isOnOverlay(stateDirectory)) return
  log(`keeping the lab's disks in memory: ${stateDirectory} is on an overlay, and Linux does not stack them`)
  await mustRun(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'lockstep-lab', stateDirectory])
}

/** Gives the memory back. */
export async function removeDisk(): Promise<void> {
  if (existsSync(stateDirectory) && isMountPoint(stateDirectory)) await mustRun(['umount', '--lazy', stateDirectory])
}

function isMountPoint(directory: string): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return mounts.some((mount) => mount.split(' ')[4] === directory)
}

/** OVERLAYFS_SUPER_MAGIC of linux/magic.h. */
const overlayMagic = 0x794c7630
