import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { placeOf } from '../../lab/place.ts'

/** What was ever to be seen of files on hosts, by `host:path`; undefined for a time when there was none. */
export type SeenFiles = ReadonlyMap<string, Seen>

interface Seen {
  contents: Set<string | undefined>
  first: string | undefined
  last: string | undefined
}

/** Reads files of hosts over and over, past the hosts, until it is ended; then gives all that it has seen. */
export function watchFiles(hosts: readonly string[], paths: readonly string[]): { end(): Promise<SeenFiles> } {
  const seen = new Map<string, Seen>()
  const watched = hosts.flatMap((host) =>
    paths.map((path) => ({ key: `${host}:${path}`, path: `${placeOf(host).upper}${path}` })),
  )
  let isOver = false
  const look = () => {
    for (const { key, path } of watched) {
      const last = contentOf(path)
      const before = seen.get(key) ?? { contents: new Set(), first: last }
      seen.set(key, { ...before, contents: before.contents.add(last), last })
    }
  }
  const watching = (async () => {
    while (!isOver) {
      look()
      await pause(1)
    }
    look()
  })()
  return {
    async end() {
      isOver = true
      await watching
      return seen
    },
  }
}

/** Only what the host has of its own; as latin1, since it may be anything. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENXIO') return undefined
    throw error
  }
}
