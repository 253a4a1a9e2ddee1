import { createHash } from 'node:crypto'
import { appendFile, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { type HostAddress, nameOf } from './address.ts'
import type { Failure } from './failures.ts'
import { fileName, isFor, isHashed, type KnownHost, parseKnownHosts } from './known-hosts.ts'
import { UnchangedFiles } from './unchanged-file.ts'

const ALGORITHMS: Record<string, ServerHostKeyAlgorithm[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/** What the known_hosts files say about one host. */
export interface HostKeyCheck {
  /** In the order in which they are to be offered: types that are on file first, or the host would show another. */
  algorithms: ServerHostKeyAlgorithm[]
  /** Judges the key that the host shows (its public key blob); undefined when it is the right one. */
  verify(key: Buffer): Promise<Failure | undefined>
}

/** Reads the known_hosts files for a host. */
export async function hostKeyCheck(host: HostAddress): Promise<HostKeyCheck> {
  const name = fileName(host.hostKeyAlias ?? host.address, host.hostKeyAlias === undefined ? host.port : 22)
  const entries = host.knownHostsFiles.flatMap(readKnownHosts)
  const plain = entries.filter(({ names, marker }) => !isHashed(names) || marker === 'revoked')
  const found = plain.filter((entry) => isFor(entry, name))
  const known = found.some(({ marker }) => marker === undefined) ? found : entries.filter((entry) => isFor(entry, name))
  const types = new Set(known.filter(({ marker }) => marker === undefined).map(({ type }) => type))
  const inOrder = [...types, ...Object.keys(ALGORITHMS).filter((type) => !types.has(type))]
  return {
    algorithms: inOrder.flatMap((type) => ALGORITHMS[type] ?? []),
    async verify(key) {
      const shown = key.toString('base64')
      if (judge(known, shown) === 'good') return undefined
      const all = entries.filter((entry) => isFor(entry, name))
      const verdict = judge(all, shown)
      if (verdict === 'good') return undefined
      if (verdict === 'revoked' || all.some(({ marker }) => marker === undefined)) return changed(host, key, all, name)
      // As OpenSSH does: a key filed without the port is good for it too.
      if (
        host.port !== 22 &&
        judge(
          entries.filter((entry) => isFor(entry, host.address.toLowerCase())),
          shown,
        ) === 'good'
      ) {
        return undefined
      }
      const authority = all.find(({ marker }) => marker === 'cert-authority')
      if (authority !== undefined) return vouched(host, authority)
      if (host.hostKeyChecking === 'strict') return unknown(host, key, name)
      await addKnownHost(host.knownHostsFiles[0], `${name} ${keyType(key)} ${shown}\n`)
      return undefined
    },
  }
}

/** `SHA256:…`, as ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

function judge(entries: readonly KnownHost[], shown: string): 'good' | 'revoked' | 'other' {
  const same = entries.filter(({ key }) => key === shown)
  if (same.some(({ marker }) => marker === 'revoked')) return 'revoked'
  return same.some(({ marker }) => marker === undefined) ? 'good' : 'other'
}

/** The first field of a public key blob, see RFC 4253 section 6.6. */
function keyType(key: Buffer): string {
  return key.length < 4 ? 'unknown' : key.toString('latin1', 4, 4 + key.readUInt32BE(0))
}

function changed(host: HostAddress, key: Buffer, all: readonly KnownHost[], name: string): Failure {
  const shown = `${keyType(key)} ${fingerprint(key)}`
  const revoked = all.find((entry) => entry.marker === 'revoked' && entry.key === key.toString('base64'))
  if (revoked !== undefined) {
    return {
      code: 'HOST_KEY_CHANGED',
      message: `${nameOf(host)} shows the host key ${shown}, which ${revoked.file}:${revoked.line} marks as revoked.`,
      hint: 'do not connect before the host has a new key',
    }
  }
  const own = all.filter(({ marker }) => marker === undefined)
  const old = own.find(({ type }) => type === keyType(key)) ?? own[0]
  if (old === undefined) return unknown(host, key, name)
  return {
    code: 'HOST_KEY_CHANGED',
    message:
      `${nameOf(host)} shows the host key ${shown}, but ${old.file}:${old.line} says ` +
      `${old.type} ${fingerprint(Buffer.from(old.key, 'base64'))}.`,
    hint:
      `someone may be in between. If the host was set up anew: compare with ssh-keygen -lf ` +
      `/etc/ssh/ssh_host_*_key.pub on its console, then ssh-keygen -f '${old.file}' -R '${name}'`,
  }
}

function unknown(host: HostAddress, key: Buffer, name: string): Failure {
  const type = keyType(key)
  const line = `${name} ${type} ${key.toString('base64')}`
  return {
    code: 'HOST_KEY_UNKNOWN',
    message: `${nameOf(host)} shows the host key ${type} ${fingerprint(key)}, which is in none of ${host.knownHostsFiles.join(', ')}.`,
    hint: `compare it with ssh-keygen -lf on the host's console, then add this line to ${host.knownHostsFiles[0]}: ${line}`,
  }
}

function vouched(host: HostAddress, authority: KnownHost): Failure {
  return {
    code: 'SSH_UNSUPPORTED',
    message: `${nameOf(host)} is vouched for by a certificate authority (${authority.file}:${authority.line}), which only the system's ssh can check.`,
    hint: 'set connection: openssh for this host',
  }
}

const read = new UnchangedFiles((text, file) => parseKnownHosts(file, text))

function readKnownHosts(file: string): readonly KnownHost[] {
  try {
    return read.read(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** One append of one whole line, so that connections made at the same time cannot mix theirs. */
async function addKnownHost(file: string | undefined, line: string): Promise<void> {
  if (file === undefined) return
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await appendFile(file, (await endsOpen(file)) ? `\n${line}` : line, { mode: 0o600 })
}

async function endsOpen(file: string): Promise<boolean> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    return size > 0 && buffer[0] !== 0x0a
  } finally {
    await handle.close()
  }
}
