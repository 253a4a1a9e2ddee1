import { createHmac } from 'node:crypto'
import { type PublicKey, parsePublicKey } from './openssh-key.ts'

/** A line of a known_hosts file that holds a key; see sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export interface KnownLine {
  /** `@cert-authority`, `@revoked`, or empty. */
  marker: string
  /** Names, patterns, or one hashed name (`|1|…`). */
  names: string[]
  key: PublicKey
}

/** What a task asks for: these names have this key. */
export interface KnownHost {
  names: readonly string[]
  key: PublicKey
  marker: string
}

/** The line's parts; undefined for comments, empty lines, and what ssh would not read either. */
export function parseKnownLine(line: string): KnownLine | undefined {
  const match = /^\s*(?:(@\S+)\s+)?(\S+)\s+(.*)$/.exec(line)
  const key = match && !match[2]?.startsWith('#') ? parsePublicKey(match[3] ?? '') : undefined
  if (!match || !key || key.options !== '') return undefined
  return { marker: match[1] ?? '', names: (match[2] ?? '').split(','), key }
}

/** A host as ssh looks it up: in lower case, and without brackets on the usual port. */
export function hostName(name: string): string {
  const lower = name.toLowerCase()
  return /^\[(.*)\]:22$/.exec(lower)?.[1] ?? lower
}

/** The lines once these hosts are known by these keys; with `keptNames`, no other hosts but those. */
export function withHosts(
  lines: readonly string[],
  wanted: readonly KnownHost[],
  keptNames: readonly string[] | undefined,
): string[] {
  const covered = new Set<string>()
  const kept: string[] = []
  for (const line of lines) {
    const have = parseKnownLine(line)
    if (!have) {
      if (keptNames === undefined || /^\s*(#|$)/.test(line)) kept.push(line)
      continue
    }
    const left = have.names.filter((name) => stays(name, have))
    if (left.length === have.names.length) kept.push(line)
    else if (left.length > 0) kept.push(lineOf({ ...have, names: left }))
  }
  const missing = wanted
    .map((host) => ({ ...host, names: host.names.filter((name) => !covered.has(idOf(name, host))) }))
    .filter(({ names }) => names.length > 0)
  return [...kept, ...missing.map(lineOf)]

  /** A host has one key of a type: another is an old one, and would let an old machine in. */
  function stays(name: string, { key, marker }: KnownLine): boolean {
    const same = wanted.filter((host) => host.marker === marker && host.names.some((one) => matches(name, one)))
    const agreed = same.find((host) => host.key.blob === key.blob)
    if (agreed) {
      const id = idOf(agreed.names.find((one) => matches(name, one)) ?? name, agreed)
      return !covered.has(id) && covered.add(id) !== undefined
    }
    const isKept = keptNames === undefined || keptNames.some((one) => matches(name, one))
    return isKept && (marker !== '' || !same.some((host) => host.key.type === key.type))
  }
}

/** The lines without these names; with a key, only where they have this key. */
export function withoutHosts(
  lines: readonly string[],
  gone: readonly { names: readonly string[]; key?: PublicKey | undefined }[],
): string[] {
  return lines.flatMap((line) => {
    const have = parseKnownLine(line)
    if (!have) return [line]
    const left = have.names.filter(
      (name) =>
        !gone.some(
          ({ names, key }) =>
            (key === undefined || key.blob === have.key.blob) && names.some((one) => matches(name, one)),
        ),
    )
    return left.length === have.names.length ? [line] : left.length === 0 ? [] : [lineOf({ ...have, names: left })]
  })
}

function lineOf({ marker, names, key: { type, blob, comment } }: KnownHost): string {
  return [marker, names.join(','), type, blob, comment].filter(Boolean).join(' ')
}

function idOf(name: string, { marker, key }: KnownHost): string {
  return `${marker} ${hostName(name)} ${key.blob}`
}

/** Whether a name in the file, plain or hashed with its own salt, is this host. */
function matches(written: string, host: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(written)
  if (!hashed) return hostName(written) === hostName(host)
  const [, salt = '', hash = ''] = hashed
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(hostName(host)).digest('base64') === hash
}
