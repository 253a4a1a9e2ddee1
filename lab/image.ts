import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { mustRun } from './command.ts'
import { isOnOverlay } from './disk.ts'
import { withLock } from './lock.ts'
import { debianMirror } from './mirror.ts'
import { withPatience } from './patience.ts'
import { cacheDirectory, labNamespaces } from './place.ts'
import { basePackages, buildSettings, customizeScript, insideScript, installScript, shelfPackages } from './recipe.ts'

export const suites = ['bookworm', 'bullseye', 'trixie'] as const
export type Suite = (typeof suites)[number]

/**
 * The read-only layers of a host, topmost first: its extra packages if it has any, then its suite's root. Built on first
 * use and kept under a name made from their content, so a changed recipe is another image.
 */
export async function ensureImage(suite: Suite, packages: string[], log: (line: string) => void): Promise<string[]> {
  const base = `${cacheDirectory}/${suite}-${key(suite, basePackages, shelfPackages, customizeScript)}`
  await builtOnce(base, log, (draft) => buildBase(suite, draft, log))
  if (packages.length === 0) return [base]
  const wanted = [...new Set(packages)].sort()
  const layer = `${base}+${key(wanted, installScript)}`
  await builtOnce(layer, log, (draft) => buildLayer(suite, wanted, base, draft, log))
  return isOnOverlay(layer) ? [layer] : [layer, base]
}

/** Builds in a draft folder and renames, so an image is there whole or not at all; a second builder waits and finds it. */
async function builtOnce(image: string, log: (line: string) => void, build: (draft: string) => Promise<string>) {
  if (existsSync(image)) return
  await withLock(`${image}.lock`, log, async () => {
    if (existsSync(image)) return
    await withPatience(log, async () => {
      clearDrafts(image)
      renameSync(await build(mkdtempSync(`${image}.draft-`)), image)
    })
    clearDrafts(image)
  })
}

function clearDrafts(image: string): void {
  for (const name of readdirSync(cacheDirectory)) {
    const path = `${cacheDirectory}/${name}`
    if (path.startsWith(`${image}.draft-`)) rmSync(path, { recursive: true, force: true })
  }
}

/** Gives the directory that is the image, as does the next. */
async function buildBase(suite: Suite, draft: string, log: (line: string) => void): Promise<string> {
  const mirror = debianMirror()
  log(`building the ${suite} root image with debootstrap from ${mirror}; this is done once and takes about a minute`)
  const root = `${draft}/root`
  mkdirSync(root, { mode: 0o755 })
  const include = `--include=${basePackages.join(',')}`
  const debootstrap = ['debootstrap', '--variant=minbase', include, suite, root, mirror]
  await outside([...withOwnMounts, ...debootstrap], await proxyEnvironment())
  // debootstrap copies the machine's resolver into the root.
  truncateSync(`${root}/etc/resolv.conf`)
  await inside({ root, suite, script: customizeScript, words: shelfPackages })
  return root
}

/** A layer over the base, or a whole root of its own where layers cannot be. */
async function buildLayer(suite: Suite, packages: string[], base: string, draft: string, log: (line: string) => void) {
  log(`adding ${packages.join(', ')} to the ${suite} root image; this is done once`)
  if (isOnOverlay(draft)) {
    const root = `${draft}/root`
    await mustRun(['cp', '-a', base, root])
    await inside({ root, suite, script: installScript, words: packages })
    return root
  }
  for (const name of ['root', 'upper', 'work']) mkdirSync(`${draft}/${name}`, { mode: 0o755 })
  await inside({ root: `${draft}/root`, layer: { base, draft }, suite, script: installScript, words: packages })
  return `${draft}/upper`
}

/** What is mounted while building is gone with the builder, however it ends. */
const withOwnMounts = [
  ...['unshare', '--mount', '--propagation', 'private', '--'],
  ...['sh', '-c', 'umask 022; exec "$@"', 'sh'],
]

interface Inside {
  root: string
  layer?: { base: string; draft: string }
  suite: Suite
  script: string
  words: string[]
}

async function inside({ root, layer, suite, script, words }: Inside): Promise<void> {
  const sources = `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${debianMirror()} ${suite} main\n`
  const mounts = layer ? [layer.base, `${layer.draft}/upper`, `${layer.draft}/work`] : ['', '', '']
  const settings = buildSettings + (await networkSettings())
  await outside([
    ...withOwnMounts,
    'sh',
    '-c',
    insideScript,
    'sh',
    root,
    ...mounts,
    sources,
    settings,
    script,
    ...words,
  ])
}

/** Building needs the machine's own network, also when we run in the namespace of a lab, which leads nowhere. */
async function outside(argv: string[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  await mustRun([...outsideWords(), ...argv], { env })
}

/** The way back is through the nearest of our ancestors that is inside no lab: it has put us here. */
function outsideWords(): string[] {
  const labs = new Set(labNamespaces().map((file) => statSync(file, { throwIfNoEntry: false })?.ino))
  let pid = 'self'
  while (labs.has(statSync(`/proc/${pid}/ns/net`).ino)) {
    pid = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '1'
  }
  return pid === 'self' ? [] : ['nsenter', `--net=/proc/${pid}/ns/net`, '--']
}

/** How this machine's apt reaches its mirror: proxies, timeouts, relaxed dates; not what it would fetch. */
async function networkSettings(): Promise<string> {
  const lines = (await mustRun(['apt-config', 'dump', 'Acquire'])).split('\n')
  return `${lines.filter((line) => /^Acquire::(https?|ftp|Retries|Check-|Max-|Force)/i.test(line)).join('\n')}\n`
}

/** debootstrap fetches by itself and knows no apt settings, only the usual variables. */
async function proxyEnvironment(): Promise<NodeJS.ProcessEnv> {
  const proxy = /^Acquire::http::Proxy "(http[^"]+)";/im.exec(await networkSettings())?.[1]
  return proxy === undefined ? process.env : { http_proxy: proxy, ...process.env }
}

function key(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}
