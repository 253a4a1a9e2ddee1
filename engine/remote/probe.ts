import type { AnyRead, FileRead } from '../resource/read.ts'
import { accountsLook } from './probe-accounts.ts'
import { filesLooks } from './probe-files.ts'
import { packagesLook } from './probe-packages.ts'
import { isParameter, kernelFileLook, parametersLook, treeLook } from './probe-paths.ts'
import { rawLook } from './probe-raw.ts'
import { unitsLook } from './probe-units.ts'
import type { Step, StepResult } from './shell.ts'

/** What came back for a read: a state, or the host's words when it was not allowed to look. */
export type Seen = { state: unknown } | { denied: string }

/** Steps for the shell, and what their results say about the reads, by key. */
export interface Look {
  steps: readonly Step[]
  parse(results: readonly StepResult[]): Promise<ReadonlyMap<string, Seen>>
}

/**
 * Merges reads into one probe: one `stat` and one `tar` for all files, one `grep` for parameters of the kernel, one `systemctl
 * show` for all units, one `getent` for accounts, one `dpkg-query` for packages; other kernel files and raw looks are steps of
 * their own.
 */
export function probe(reads: Iterable<AnyRead>): Look {
  const looks = looksFor(merge(reads))
  return {
    steps: looks.flatMap((look) => look.steps),
    async parse(results) {
      const all = new Map<string, Seen>()
      let start = 0
      for (const look of looks) {
        const seen = await look.parse(results.slice(start, start + look.steps.length))
        for (const [key, value] of seen) all.set(key, value)
        start += look.steps.length
      }
      return all
    },
  }
}

const RANK = { status: 0, digest: 1, content: 2 } as const

/** One read a key; of several reads of one file the one that wants most. */
function merge(reads: Iterable<AnyRead>): AnyRead[] {
  const byKey = new Map<string, AnyRead>()
  for (const read of reads) {
    const other = byKey.get(read.key)
    byKey.set(read.key, other ? wider(other, read) : read)
  }
  return [...byKey.values()]
}

/** The read that sees what both see. */
export function wider(a: AnyRead, b: AnyRead): AnyRead {
  if (a.kind === 'file' && b.kind === 'file') return RANK[a.want] >= RANK[b.want] ? a : b
  if (a.kind === 'package' && b.kind === 'package') return b.candidate && !a.candidate ? b : a
  return a
}

/** Whether what `have` brought answers `want` too. */
export function covers(have: AnyRead, want: AnyRead): boolean {
  return wider(have, want) === have
}

function looksFor(reads: readonly AnyRead[]): Look[] {
  const files: FileRead[] = []
  const parameters: FileRead[] = []
  const looks: Look[] = []
  for (const read of reads) {
    if (read.kind === 'file') {
      if (isParameter(read.path) && !read.follows) parameters.push(read)
      else if (isKernelFile(read.path)) looks.push(kernelFileLook(read))
      else files.push(read)
    }
    if (read.kind === 'tree') looks.push(treeLook(read))
    else if (read.kind === 'raw') looks.push(rawLook(read))
  }
  const units = reads.filter((read) => read.kind === 'unit')
  const accounts = reads.filter((read) => read.kind === 'account' || read.kind === 'group')
  const packages = reads.filter((read) => read.kind === 'package')
  if (parameters.length > 0) looks.push(parametersLook(parameters))
  if (files.length > 0) looks.push(...filesLooks(files))
  if (units.length > 0) looks.push(unitsLook(units))
  if (accounts.length > 0) looks.push(accountsLook(accounts))
  if (packages.length > 0) looks.push(packagesLook(packages))
  return looks
}

/** The kernel's own files tell size 0 whatever they hold, so no archive can carry them. */
function isKernelFile(path: string): boolean {
  return path.startsWith('/proc/') || path.startsWith('/sys/')
}
