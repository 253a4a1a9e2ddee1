import { readFileSync, writeFileSync } from 'node:fs'
import type { Log } from './lab.ts'

const INSTANCES = '/proc/sys/fs/inotify/max_user_instances'

/** Watchers that the systemd of one host and its services open, with room to spare. */
const PER_HOST = 32

/**
 * All hosts of all labs share one allowance of inotify instances with this machine; without enough of them, systemd does not
 * start. It is only ever raised.
 */
export function ensureWatchers(hosts: number, log: Log): void {
  const needed = 512 + hosts * PER_HOST
  if (Number(readFileSync(INSTANCES, 'utf8')) >= needed) return
  log(`raising this machine's limit of inotify instances to ${needed}: each host's systemd needs some`)
  writeFileSync(INSTANCES, `${needed}\n`)
}
