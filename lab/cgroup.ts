import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { labName } from './place.ts'
import { until } from './wait.ts'

/** Where cgroup2 is mounted: alone, or beside the older controllers. */
export function cgroupRoot(): string | undefined {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((mount) => / - cgroup2 /.test(mount))
  return line?.split(' ')[4]
}

/**
 * All processes of a host, whatever they did to their ids and parents. The cgroup is what the lab knows a host by: no
 * pid is written down, so none can be somebody else's after a crash.
 */
export function hostGroup(host: string): string {
  return `${labGroup()}/hosts/${host}`
}

/** The process that delays a host's packets; apart from the host, so that freezing the host does not stop the wire. */
export function delayGroup(host: string): string {
  return `${labGroup()}/delays/${host}`
}

export function labGroup(): string {
  const root = cgroupRoot()
  if (root === undefined) throw new Error('no cgroup2 file system is mounted')
  return `${root}/lockstep-${labName}`
}

/** Whether any process lives in the group or below. */
export function isPopulated(group: string): boolean {
  return flag(`${group}/cgroup.events`, 'populated')
}

export function isFrozen(group: string): boolean {
  return flag(`${group}/cgroup.freeze`)
}

export function freeze(group: string): void {
  writeFileSync(`${group}/cgroup.freeze`, '1')
}

export function thaw(group: string): void {
  if (existsSync(group)) writeFileSync(`${group}/cgroup.freeze`, '0')
}

/** The container's PID 1, known by the scope that systemd moves itself to once its root is in place. */
export function leaderOf(host: string): number | undefined {
  const pids = read(`${hostGroup(host)}/machine/payload/init.scope/cgroup.procs`).split('\n')
  return pids[0] ? Number(pids[0]) : undefined
}

/** Ends every process of the group at once and takes the group away. */
export async function killGroup(group: string): Promise<void> {
  if (!existsSync(group)) return
  await until(`every process of ${group} is gone`, () => {
    if (!isPopulated(group)) return true
    endProcesses(group)
    return false
  })
  await until(`${group} is removed`, () => removed(group))
}

/** cgroup.kill is there since Linux 5.14; before it, frozen processes have to be thawed to die. */
function endProcesses(group: string): void {
  if (existsSync(`${group}/cgroup.kill`)) {
    writeFileSync(`${group}/cgroup.kill`, '1')
    return
  }
  thaw(group)
  for (const directory of [group, ...groupsBelow(group)]) {
    for (const pid of read(`${directory}/cgroup.procs`).split('\n'))
      if (pid !== '') unless(['ESRCH'], true, () => process.kill(Number(pid), 'SIGKILL'))
  }
}

function removed(group: string): boolean {
  for (const directory of [...groupsBelow(group).reverse(), group]) {
    // A dying process holds its group a moment longer than `populated` tells.
    unless(['EBUSY', 'ENOENT', 'ENOTEMPTY'], undefined, () => rmdirSync(directory))
  }
  return !existsSync(group)
}

/** Parents before children. */
function groupsBelow(group: string): string[] {
  const entries = unless(['ENOENT'], [], () => readdirSync(group, { withFileTypes: true }))
  const children = entries.filter((entry) => entry.isDirectory()).map((entry) => `${group}/${entry.name}`)
  return children.flatMap((child) => [child, ...groupsBelow(child)])
}

export function makeGroup(group: string): void {
  mkdirSync(group, { recursive: true })
}

/** Reads `NAME 1` from a file of such lines, or a lone `1`. */
function flag(file: string, name?: string): boolean {
  return read(file)
    .split('\n')
    .some((line) => line === (name === undefined ? '1' : `${name} 1`))
}

function read(file: string): string {
  return unless(['ENOENT', 'ENODEV'], '', () => readFileSync(file, 'utf8'))
}

/** Does the work; when it fails in one of these ways, as groups that come and go make it, gives the value instead. */
function unless<T>(codes: readonly string[], value: T, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && codes.includes(String(error.code))) return value
    throw error
  }
}
