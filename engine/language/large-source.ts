import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Place, Problem } from '../problem.ts'
import { HELD_LIMIT, LargeFile } from '../resource/large-file.ts'
import { type Sealed, sealKind } from './encrypted/sealed.ts'
import { noteSource } from './read-source.ts'

/** What is read of a file at a time to work out its hash. */
const PIECE = 1024 * 1024

/**
 * The file when it is too large to be held in memory; throws a Problem when it is encrypted in a way that `opens` says is to be opened.
 * Undefined: read it as any other.
 */
export function largeSource(
  path: string,
  place: Place,
  opens: (kind: Sealed['kind']) => boolean,
): LargeFile | undefined {
  const { size, mtimeMs } = statSync(path)
  if (size <= HELD_LIMIT) return undefined
  const head = headOf(path)
  if (head === undefined) return undefined
  const kind = sealKind(head)
  if (kind !== undefined && opens(kind)) {
    throw new Problem({
      code: 'FILE_TOO_LARGE',
      message: `${path} is encrypted and has ${size} bytes, which is more than can be opened here`,
      place,
      hint: `what is encrypted may have ${HELD_LIMIT} bytes: it is held in memory and goes to the host at once, so that no part of it is ever left there`,
    })
  }
  noteSource(path, Buffer.from(`${size} bytes since ${mtimeMs}`))
  return new LargeFile(resolve(path), size, () => hashOf(path))
}

/** Undefined when it may not be read, of which somebody else tells. */
function headOf(path: string): Buffer | undefined {
  const head = Buffer.alloc(256)
  try {
    const file = openSync(path, 'r')
    readSync(file, head)
    closeSync(file)
    return head
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

function hashOf(path: string): string {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(PIECE)
  const file = openSync(path, 'r')
  try {
    for (let length = readSync(file, piece); length > 0; length = readSync(file, piece))
      hash.update(piece.subarray(0, length))
  } finally {
    closeSync(file)
  }
  return hash.digest('hex')
}
