import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Place, Problem } from '../problem.ts'
import type { ClearTexts } from './encrypted/clear-texts.ts'
import { sealKind } from './encrypted/sealed.ts'
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

/** A text file, which may be encrypted: then it is empty until it has been opened. */
export function readSealedSource(path: string, clearTexts: ClearTexts | undefined, place?: Place): SourceText {
  const content = readBytes(path, place)
  const kind = sealKind(content)
  if (kind === undefined || clearTexts === undefined) return readSource(path, place, clearTexts)
  const text = clearTexts.read({ kind, content, file: path, place }) ?? ''
  return new SourceText(path, text, { isSecret: true, clearTexts })
}

/** Reads a text file; throws a Problem that names `place`, where the file is asked for. */
export function readSource(path: string, place?: Place, clearTexts?: ClearTexts): SourceText {
  const bytes = readBytes(path, place)
  if (sealKind(bytes) !== undefined) {
    throw new Problem({
      code: 'ENCRYPTED_FILE',
      message: `${path} is encrypted, which only files of variables can be`,
      place,
      hint: 'put what is secret into a file of variables, as in group_vars/all/secrets.yml.age',
    })
  }
  if (bytes.includes(0)) {
    throw new Problem({ code: 'FILE_KIND', message: `${path} is no text`, place })
  }
  return new SourceText(path, bytes.toString('utf8').replace(/^\uFEFF/, ''), { clearTexts })
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
