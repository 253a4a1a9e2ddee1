import { readdirSync, readFileSync } from 'node:fs'
import { Problem } from '../engine/problem.ts'

/** The Debian mirror that this machine's apt is configured for; other suites are on the same one. */
export function debianMirror(aptDirectory = '/etc/apt'): string {
  const files = [`${aptDirectory}/sources.list`, ...listed(`${aptDirectory}/sources.list.d`)]
  for (const file of files) {
    const text = read(file)
    const entries = file.endsWith('.sources') ? deb822Entries(text) : oneLineEntries(text)
    const entry = entries.find(({ suites }) => suites.some((suite) => debianSuites.has(suite)))
    if (entry) return followMirrorList(entry.uri)
  }
  throw new Problem({
    code: 'LAB_MIRROR',
    message: `${aptDirectory} names no Debian mirror, so the lab has nowhere to take its root image from`,
    hint: 'run the lab on a Debian machine, or add a Debian mirror to its apt sources',
  })
}

interface AptEntry {
  uri: string
  suites: string[]
}

const debianSuites = new Set([
  'bullseye',
  'bookworm',
  'trixie',
  'forky',
  'sid',
  'oldstable',
  'stable',
  'testing',
  'unstable',
])

/** Stanzas of `.sources` files, see sources.list(5). */
export function deb822Entries(text: string): AptEntry[] {
  const stanzas = text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/)
  return stanzas.flatMap((stanza) => {
    const field = (name: string) => {
      const value = new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1] ?? ''
      return value.split(/\s+/).filter((word) => word !== '')
    }
    const [uri] = field('URIs')
    const off = field('Enabled')[0] === 'no'
    return uri === undefined || off || !field('Types').includes('deb') ? [] : [{ uri, suites: field('Suites') }]
  })
}

/** Lines of `.list` files: `deb [options] URI SUITE COMPONENT...`. */
export function oneLineEntries(text: string): AptEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, uri, suite] = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/.exec(line) ?? []
    return uri === undefined || suite === undefined || uri.startsWith('cdrom:') ? [] : [{ uri, suites: [suite] }]
  })
}

/** Debian's cloud images name a file of mirrors (`mirror+file:///etc/apt/mirrors/debian.list`) in place of one. */
function followMirrorList(uri: string): string {
  if (!uri.startsWith('mirror+file:')) return uri
  const file = uri.replace(/^mirror\+file:(\/\/)?/, '')
  return read(file).trim().split(/\s+/)[0] ?? uri
}

function listed(directory: string): string[] {
  return namesIn(directory)
    .filter((name) => /\.(list|sources)$/.test(name))
    .sort()
    .map((name) => `${directory}/${name}`)
}

function namesIn(directory: string): string[] {
  return absentAs([], () => readdirSync(directory))
}

function read(file: string): string {
  return absentAs('', () => readFileSync(file, 'utf8'))
}

function absentAs<T>(value: T, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value
    throw error
  }
}
