import { readFileSync } from 'node:fs'
import { nearest, type Place, Problem } from '../problem.ts'
import { noteSource } from './read-source.ts'
import { matches, regexProblem } from './regex.ts'

/** What patterns choose from. */
export interface Hosts {
  readonly hosts: ReadonlyMap<string, unknown>
  readonly groups: ReadonlyMap<string, readonly string[]>
}

/**
 * The hosts that a pattern chooses, in inventory order: names and groups joined by `,` or `:`, `&` for what is in both, `!` for
 * what is left out, globs, `~` before a regular expression, `[0]` and `[0:2]` behind a group, `@file` for a list in a file.
 */
export function selectHosts(pattern: string, from: Hosts, place?: Place): string[] {
  const terms = pattern
    .split(/[,\n]|:(?![^[]*\])/)
    .map((term) => term.trim())
    .filter(Boolean)
  const plain = terms.filter((term) => !/^[&!]/.test(term))
  const chosen = new Set(plain.length > 0 ? plain.flatMap((term) => find(term, from, place)) : from.hosts.keys())
  for (const term of terms.filter((each) => each.startsWith('&'))) {
    const both = new Set(find(term.slice(1), from, place))
    for (const host of [...chosen]) if (!both.has(host)) chosen.delete(host)
  }
  for (const term of terms.filter((each) => each.startsWith('!'))) {
    for (const host of find(term.slice(1), from, place)) chosen.delete(host)
  }
  const ordered = [...from.hosts.keys()].filter((host) => chosen.has(host))
  return ordered.length === chosen.size ? ordered : [...new Set([...ordered, ...chosen])]
}

function find(term: string, from: Hosts, place: Place | undefined): readonly string[] {
  if (term.startsWith('@')) return readList(term.slice(1), place).flatMap((line) => selectHosts(line, from, place))
  if (term.startsWith('~')) {
    const pattern = term.slice(1)
    const message = regexProblem(pattern)
    if (message !== undefined)
      throw new Problem({
        code: 'WRONG_VALUE',
        message: `'${pattern}' is no regular expression of RE2: ${message}`,
        place,
      })
    return search(from, (name) => matches(name, pattern))
  }
  const slice = /^(.+)\[(-?\d*)(?::(-?\d*))?\]$/.exec(term)
  if (slice && !from.hosts.has(term)) {
    const [whole, name = '', first = '', last] = slice
    return cut(find(name, from, place), first, whole.includes(':') ? (last ?? '') : undefined)
  }
  if (/[*?[]/.test(term)) return search(from, globTest(term))
  const group = from.groups.get(term)
  if (group) return group
  if (from.hosts.has(term) || IMPLICIT.has(term)) return [term]
  const near = nearest(term, [...from.groups.keys(), ...from.hosts.keys()])
  throw new Problem({
    code: 'UNKNOWN_HOST',
    message: `the inventory has no host or group '${term}'`,
    place,
    hint: near ? `did you mean '${near}'?` : undefined,
  })
}

/** The machine that Lockstep runs on is a host without being written down. */
const IMPLICIT = new Set(['localhost'])

function search({ hosts, groups }: Hosts, test: (name: string) => boolean): string[] {
  const inGroups = new Set([...groups].filter(([name]) => test(name)).flatMap(([, members]) => members))
  return [...hosts.keys()].filter((host) => inGroups.has(host) || test(host))
}

/** As Ansible counts: `[1:3]` holds its last one, too. */
function cut(hosts: readonly string[], first: string, last: string | undefined): readonly string[] {
  const at = (text: string, otherwise: number) =>
    text === '' ? otherwise : Number(text) < 0 ? hosts.length + Number(text) : Number(text)
  if (last === undefined) return hosts.slice(at(first, 0), at(first, 0) + 1)
  return hosts.slice(at(first, 0), at(last, hosts.length - 1) + 1)
}

function globTest(glob: string): (name: string) => boolean {
  const source = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^')
  return (name) => matches(name, `^(?:${source})$`)
}

function readList(path: string, place: Place | undefined): string[] {
  try {
    const bytes = readFileSync(path)
    noteSource(path, bytes)
    return bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new Problem({ code: 'FILE_MISSING', message: `the list of hosts ${path} cannot be read`, place })
  }
}
