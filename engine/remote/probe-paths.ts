import { sh } from '../resource/command.ts'
import { ABSENT, type FileRead, type FileState, type TreeRead, type TreeState } from '../resource/read.ts'
import type { Look } from './probe.ts'
import { stepOf } from './probe-raw.ts'

const GONE = 44
const REFUSED = 45

/**
 * A file of /proc or /sys: it tells size 0 whatever it holds, so no archive can carry it. Nor can the shell read it: dash
 * reads byte by byte, and the kernel gives a parameter out at the first read alone.
 */
export function kernelFileLook({ key, path }: FileRead): Look {
  const command = sh`p=${path}
if [ -d "$p" ]; then exit 46; elif [ -r "$p" ]; then cat -- "$p"
elif [ -e "$p" ]; then exit ${REFUSED}; else exit ${GONE}; fi`
  return {
    steps: [stepOf(command)],
    async parse([result]) {
      if (!result || result.code === GONE) return new Map([[key, { state: ABSENT }]])
      if (result.code === REFUSED) return new Map([[key, { denied: `${path}: Permission denied` }]])
      const state: FileState =
        result.code === 46
          ? { type: 'directory', mode: 0o555, owner: 'root', group: 'root', size: 0 }
          : {
              type: 'file',
              mode: 0o644,
              owner: 'root',
              group: 'root',
              size: result.stdout.length,
              content: result.stdout,
            }
      return new Map([[key, { state }]])
    },
  }
}

const KINDS: Readonly<Record<string, FileState['type']>> = { f: 'file', d: 'directory', l: 'link' }

/** Everything below a folder, by one `find`. */
export function treeLook({ key, path }: TreeRead): Look {
  return {
    steps: [stepOf(sh`find ${path} -mindepth 1 -printf '%y %m %u %g %p\\0'`, 600_000)],
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
