import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Place, Problem } from '../problem.ts'
import { SourceText } from './source-text.ts'

/** Told of everything that is read. */
let watcher: (path: string, bytes: Buffer) => void = () => {}

/** Tells of each file that is read from now on, by its absolute path; the answer of a program stands under `PATH --list`. */
export function watchSources(listener: (path: string, bytes: Buffer) => void): void {
  watcher = listener
}

/** Notes something that was read, for whoever watches. */
export function noteSource(path: string, bytes: Buffer): void {
  watcher(resolve(path), bytes)
}

/** Reads a text file; throws a Problem that names `place`, where the file is asked for. */
export function readSource(path: string, place?: Place): SourceText {
  const bytes = readBytes(path, place)
  if (bytes.includes(0)) {
    throw new Problem({ code: 'FILE_KIND', message: `${path} is no text`, place })
  }
  return new SourceText(path, bytes.toString('utf8').replace(/^\uFEFF/, ''))
}

/** Reads a file; throws a Problem that names `place`, where the file is asked for. */
export function readBytes(path: string, place?: Place): Buffer {
  try {
    const bytes = readFileSync(path)
    noteSource(path, bytes)
    return bytes
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
      EACCES: 'reading it is not allowed',
    }
    const reason = reasons[String(error.code)] ?? error.message
    throw new Problem({ code: 'FILE_MISSING', message: `${path} cannot be read: ${reason}`, place })
  }
}
