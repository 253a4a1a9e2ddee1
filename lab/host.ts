import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { nearest, Problem } from '../engine/problem.ts'
import { mustRun } from './command.ts'
import type { Suite } from './image.ts'
import { knownHostsFile, placeOf, privateKeyFile, stateDirectory } from './place.ts'
import { writeWhole } from './whole-file.ts'

/** What a lab host is, as it stands on disk; everything else about it is asked of the kernel. */
export interface HostRecord {
  name: string
  address: string
  prefix: number
  suite: Suite
  packages: string[]
  /** Directories of the image, topmost first. */
  layers: string[]
  machineId: string
}

/** All hosts of the lab, running or not, by name. */
export function hostRecords(): HostRecord[] {
  const directory = `${stateDirectory}/hosts`
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .sort()
    .flatMap((name) => readRecord(placeOf(name).record) ?? [])
}

/** Another lab command may be taking the host away while we look. */
function readRecord(file: string): HostRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as HostRecord
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

export function hostRecord(name: string): HostRecord {
  const records = hostRecords()
  const record = records.find((host) => host.name === name)
  if (record) return record
  const names = records.map((host) => host.name)
  const near = nearest(name, names)
  throw new Problem({
    code: 'LAB_HOST_UNKNOWN',
    message: `the lab has no host '${name}'`,
    hint: near
      ? `did you mean '${near}'?`
      : names.length > 0
        ? `it has ${names.join(', ')}`
        : 'it has no hosts at all; start it with lockstep lab up',
  })
}

/** A new host, or an old one as new: an empty disk over the image, its identity kept. The host has to be off. */
export async function prepareHost(host: Omit<HostRecord, 'machineId'>, all: readonly HostAddress[]): Promise<void> {
  const place = placeOf(host.name)
  const old = existsSync(place.record) ? hostRecord(host.name).machineId : undefined
  rmSync(place.record, { force: true })
  for (const directory of [place.upper, place.work]) rmSync(directory, { recursive: true, force: true })
  for (const directory of [place.upper, place.work, place.root, place.keys]) makeDirectory(directory, 0o755)
  const record: HostRecord = { ...host, machineId: old ?? randomBytes(16).toString('hex') }
  await ensureKey(`${place.keys}/ssh_host_ed25519_key`, `root@${host.name}`)
  writeIdentity(record, all)
  if (!existsSync(place.wire)) writeWhole(place.wire, 'br0 up 0\n')
  // Last, so that a host with a record is a whole one.
  writeWhole(place.record, `${JSON.stringify(record, null, 2)}\n`)
}

export interface HostAddress {
  name: string
  address: string
}

/** The key that the controller logs in with, one for the lab. */
export async function ensureLoginKey(): Promise<void> {
  makeDirectory(stateDirectory, 0o755)
  await ensureKey(privateKeyFile, 'lockstep-lab')
}

/** Host keys are ours, so known_hosts is written from them and the wire is never asked. */
export function writeKnownHosts(): void {
  const lines = hostRecords().map(({ name, address }) => {
    const [type, key] = readFileSync(`${placeOf(name).keys}/ssh_host_ed25519_key.pub`, 'utf8').split(' ')
    return `${name === address ? address : `${name},${address}`} ${type} ${key}\n`
  })
  writeWhole(knownHostsFile, lines.join(''))
}

async function ensureKey(file: string, comment: string): Promise<void> {
  if (existsSync(file)) return
  await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file])
}

/** What makes one host differ from another, put into its layer before the first boot. */
function writeIdentity({ name, address, machineId }: HostRecord, all: readonly HostAddress[]): void {
  const { upper, keys } = placeOf(name)
  const others = all.filter((host) => host.name !== name && host.name !== host.address)
  const hosts = ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback', `${address} ${name}`]
  for (const other of others) hosts.push(`${other.address} ${other.name}`)
  const hostKey = `${keys}/ssh_host_ed25519_key`
  const login = 1000
  for (const directory of ['etc', 'etc/ssh', 'home']) makeDirectory(`${upper}/${directory}`, 0o755)
  for (const directory of ['home/ops', 'home/ops/.ssh']) makeDirectory(`${upper}/${directory}`, 0o700, login)
  putFile(`${upper}/etc/hostname`, `${name}\n`, 0o644)
  putFile(`${upper}/etc/hosts`, `${hosts.join('\n')}\n`, 0o644)
  putFile(`${upper}/etc/machine-id`, `${machineId}\n`, 0o444)
  putFile(`${upper}/etc/ssh/ssh_host_ed25519_key`, readFileSync(hostKey), 0o600)
  putFile(`${upper}/etc/ssh/ssh_host_ed25519_key.pub`, readFileSync(`${hostKey}.pub`), 0o644)
  putFile(`${upper}/home/ops/.ssh/authorized_keys`, readFileSync(`${privateKeyFile}.pub`), 0o600, login)
}

function makeDirectory(directory: string, mode: number, owner = 0): void {
  mkdirSync(directory, { recursive: true })
  chmodSync(directory, mode)
  chownSync(directory, owner, owner)
}

function putFile(file: string, content: string | Buffer, mode: number, owner = 0): void {
  writeFileSync(file, content)
  chmodSync(file, mode)
  chownSync(file, owner, owner)
}
