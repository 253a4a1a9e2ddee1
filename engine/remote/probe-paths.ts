import { sh } from '../resource/command.ts'
import { ABSENT, type FileRead, type FileState, type TreeRead, type TreeState } from '../resource/read.ts'
import type { Look, Seen } from './probe.ts'
import { stepOf } from './probe-raw.ts'

const GONE = 44
const REFUSED = 45

/** Parameters of the kernel are text, so that one program can read them all and tell them apart. */
export function isParameter(path: string): boolean {
  return path.startsWith('/proc/sys/')
}

/** All parameters of a round in one `grep`, which begins each line with the path. */
export function parametersLook(reads: readonly FileRead[]): Look {
  const command = sh`for p in ${reads.map(({ path }) => path)}; do
if [ -d "$p" ]; then echo directory; elif [ -r "$p" ]; then echo file; set -- "$@" "$p"
elif [ -e "$p" ]; then echo refused; else echo gone; fi; done
[ $# -eq 0 ] || exec grep -H '' -- "$@"`
  return {
    steps: [stepOf(command)],
    async parse([result]) {
      const lines = (result?.stdout.toString('latin1') ?? '').split('\n')
      const kinds = lines.splice(0, reads.length)
      return new Map(reads.map((read, at) => [read.key, seenParameter(read, kinds[at], lines)]))
    },
  }
}

function seenParameter({ path }: FileRead, kind: string | undefined, lines: readonly string[]): Seen {
  if (kind === 'refused') return { denied: `${path}: Permission denied` }
  if (kind === 'directory') return { state: { ...KERNEL_FILE, type: 'directory', mode: 0o555 } }
  if (kind !== 'file') return { state: ABSENT }
  const own = lines.filter((line) => line.startsWith(`${path}:`)).map((line) => `${line.slice(path.length + 1)}\n`)
  const content = Buffer.from(own.join(''), 'latin1')
  return { state: { ...KERNEL_FILE, size: content.length, content } }
}

const KERNEL_FILE: FileState = { type: 'file', mode: 0o644, owner: 'root', group: 'root', size: 0 }

/**
 * A file of /proc or /sys: it tells size 0 whatever it holds, so no archive can carry it. Nor can the shell read it: dash
 * reads byte by byte, and the kernel gives a parameter out at the first read alone.
 */
export function kernelFileLook({ key, path }: FileRead): Look {
  const command = sh`p=${path}
if [ -d "$p" ]; then exit 46; elif [ -r "$p" ]; then exec cat -- "$p"
elif [ -e "$p" ]; then exit ${REFUSED}; else exit ${GONE}; fi`
  return {
    steps: [stepOf(command)],
    async parse([result]) {
      if (!result || result.code === GONE) return new Map([[key, { state: ABSENT }]])
      if (result.code === REFUSED) return new Map([[key, { denied: `${path}: Permission denied` }]])
      const state: FileState =
        result.code === 46
          ? { ...KERNEL_FILE, type: 'directory', mode: 0o555 }
          : { ...KERNEL_FILE, size: result.stdout.length, content: result.stdout }
      return new Map([[key, { state }]])
    },
  }
}

const KINDS: Readonly<Record<string, FileState['type']>> = { f: 'file', d: 'directory', l: 'link' }

/** Everything below a folder, by one `find`. */
export function treeLook({ key, path }: TreeRead): Look {
  return {
    steps: [stepOf(sh`exec find ${path} -mindepth 1 -printf '%y %m %u %g %p\\0'`, 600_000)],
    async parse([result]) {
      const errors = result?.stderr.toString('utf8') ?? ''
      const refusal = errors.split('\n').find((line) => line.includes('Permission denied'))
      if (refusal !== undefined) return new Map([[key, { denied: refusal }]])
      const state: TreeState = { entries: parseTree(result?.stdout.toString('utf8') ?? '') }
      return new Map([[key, { state }]])
    },
  }
}

function parseTree(text: string): TreeState['entries'] {
  return text.split('\0').flatMap((line) => {
    const match = /^(\S) ([0-7]+) (\S+) (\S+) (.*)$/s.exec(line)
    if (!match) return []
    const [, kind = '', mode = '', owner = '', group = '', path = ''] = match
    return [{ path, type: KINDS[kind] ?? ('other' as const), mode: Number.parseInt(mode, 8), owner, group }]
  })
}
