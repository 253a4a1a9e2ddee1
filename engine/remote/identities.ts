import { homedir } from 'node:os'
import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2'
import type { Secret } from '../resource/secret.ts'
import type { HostAddress } from './address.ts'
import { UnchangedFiles } from './unchanged-file.ts'

/** A private key that can be tried, wherever it lies. */
export interface Identity {
  /** For messages: `key ~/.ssh/id_ed25519`, `agent key me@laptop`. */
  label: string
  /** The public half, which is all that is needed until the host has accepted it. */
  key: ParsedKey
  sign(data: Buffer, hash: 'sha1' | 'sha256' | 'sha512' | undefined): Promise<Buffer>
}

export interface Identities {
  identities: Identity[]
  /** Keys that could not be used, and why. */
  notes: string[]
}

const DEFAULT_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `${homedir()}/.ssh/${name}`)

/** The keys to try at a host in their order: those named for it, the agent's, or else the user's own default ones. */
export async function identitiesOf(host: HostAddress): Promise<Identities> {
  const notes: string[] = []
  const inAgent = host.agentSocket === undefined ? [] : await agentIdentities(host.agentSocket, notes)
  const named = host.privateKeyFiles ?? []
  const files = await Promise.all(named.map((file) => fileIdentity(file, host, inAgent, notes, true)))
  const own = named.length > 0 ? [] : DEFAULT_FILES
  const defaults = await Promise.all(own.map((file) => fileIdentity(file, host, inAgent, notes, false)))
  const all = [...files, ...(host.identitiesOnly ? [] : inAgent), ...defaults].filter(
    (identity) => identity !== undefined,
  )
  const identities = all.filter((identity, at) => all.findIndex((other) => isSame(other.key, identity.key)) === at)
  return { identities, notes }
}

/** A key file; the agent signs when it holds the same key, which saves asking for a passphrase. */
async function fileIdentity(
  file: string,
  host: HostAddress,
  inAgent: readonly Identity[],
  notes: string[],
  expected: boolean,
): Promise<Identity | undefined> {
  const read = readKey(file, notes, expected)
  if (read === undefined) return undefined
  const { text, parsed } = read
  const key = parsed instanceof Error ? publicHalf(file, text) : parsed
  if (key === undefined || key instanceof Error) {
    const why = parsed instanceof Error ? parsed.message : 'no key in it'
    notes.push(
      `key ${file}: ${/sk-|unsupported/i.test(why) ? `${why}; connection: openssh may be able to use it` : why}`,
    )
    return undefined
  }
  const label = `key ${file}`
  const agents = inAgent.find((identity) => isSame(identity.key, key))
  if (agents !== undefined) return { ...agents, label }
  if (!(parsed instanceof Error)) {
    if (parsed.isPrivateKey()) return { label, key, sign: async (data, hash) => sign(parsed, data, hash) }
    notes.push(`${label}: it is a public key, and no agent holds the private one`)
    return undefined
  }
  const { passphrase } = host
  if (passphrase === undefined) {
    notes.push(`${label}: it is locked, and there is no passphrase for it`)
    return undefined
  }
  let unlocked: Promise<ParsedKey> | undefined
  return {
    label,
    key,
    sign: async (data, hash) => {
      unlocked ??= unlock(text, passphrase)
      return sign(await unlocked, data, hash)
    },
  }
}

const keyFiles = new UnchangedFiles((text) => ({ text, parsed: ssh2.utils.parseKey(text) }))

function readKey(file: string, notes: string[], expected: boolean): ReturnType<typeof keyFiles.read> | undefined {
  try {
    return keyFiles.read(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (expected || code !== 'ENOENT') notes.push(`key ${file}: ${code === 'ENOENT' ? 'there is no such file' : code}`)
    return undefined
  }
}

/** The public key of a locked private one: it stands unlocked in OpenSSH's own format, else in the file beside it. */
function publicHalf(file: string, text: string): ParsedKey | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1]
  const line =
    body === undefined ? readKey(`${file}.pub`, [], false)?.text : openSshPublicLine(Buffer.from(body, 'base64'))
  const key = line === undefined ? undefined : ssh2.utils.parseKey(line)
  return key instanceof Error ? undefined : key
}

/** See PROTOCOL.key of OpenSSH: a magic, then cipher, kdf and its options as strings, a count, the public key. */
function openSshPublicLine(data: Buffer): string | undefined {
  let at = 'openssh-key-v1\0'.length
  const next = () => {
    const length = at + 4 <= data.length ? data.readUInt32BE(at) : 0
    const field = data.subarray(at + 4, at + 4 + length)
    at += 4 + length
    return field
  }
  next()
  next()
  next()
  at += 4
  const blob = next()
  if (blob.length < 8) return undefined
  return `${blob.toString('latin1', 4, 4 + blob.readUInt32BE(0))} ${blob.toString('base64')}`
}

async function unlock(text: string, passphrase: () => Promise<Secret>): Promise<ParsedKey> {
  const key = ssh2.utils.parseKey(text, (await passphrase()).reveal())
  if (key instanceof Error) throw new Error('the passphrase does not fit')
  return key
}

function sign(key: ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  const signature: Buffer | Error = key.sign(data, hash)
  if (signature instanceof Error) throw signature
  return signature
}

async function agentIdentities(socket: string, notes: string[]): Promise<Identity[]> {
  const agent: BaseAgent = ssh2.createAgent(socket)
  const keys = await new Promise<readonly unknown[]>((resolve) => {
    agent.getIdentities((error, found) => {
      if (error) notes.push(`agent at ${socket}: ${error.message}`)
      resolve(Array.isArray(found) ? found : [])
    })
  })
  return keys.flatMap((found) => {
    const key = ssh2.utils.parseKey(found as ParsedKey)
    if (key instanceof Error) return []
    const signWith: Identity['sign'] = (data, hash) =>
      new Promise((resolve, reject) => {
        agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
          if (signature === undefined) reject(error ?? new Error('the agent does not sign'))
          else resolve(signature)
        })
      })
    return [{ label: `agent key ${key.comment || key.type}`, key, sign: signWith }]
  })
}

function isSame(one: ParsedKey, other: ParsedKey): boolean {
  return one.getPublicSSH().equals(other.getPublicSSH())
}
