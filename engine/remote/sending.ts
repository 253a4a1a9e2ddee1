import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { LargeFile } from '../resource/large-file.ts'
import { foundText, openText, provedText, type SentFile, UNWRITTEN } from '../resource/sent-file.ts'
import { failuresOf } from './failures.ts'
import { RemoteProblem } from './remote-problem.ts'
import type { Shell, StepResult } from './shell.ts'

/** Told how much of a file has come to the host, of how much. */
export type Progress = (sent: number, size: number) => void

export interface SendingOptions {
  shell: Shell
  /** The host's inventory name. */
  host: string
  /** For each piece, and anew whenever some of it has gone out. */
  timeoutMs: number
  onProgress?: Progress | undefined
  /** Ends it after the piece that is on its way. */
  signal?: AbortSignal | undefined
}

/** A piece is what one round carries: at its ends the run can be stopped, and the host has its say. */
const PIECE = 16 * 1024 * 1024

/** Bytes that are read from the disk and written to the connection at a time. */
const CHUNK = 256 * 1024

/** Hashing and syncing are given the time of a slow disk. */
const SLOWEST_BYTES_PER_MS = 5000

/**
 * Brings a file to its temporary place on the host, from where an earlier run has stopped, and has the host prove that it came whole.
 * Gives the result of the step that went wrong, if one did.
 */
export async function send(file: SentFile, options: SendingOptions): Promise<StepResult | undefined> {
  const { shell, timeoutMs, onProgress, signal } = options
  const slowMs = Math.max(timeoutMs, 600_000) + file.size / SLOWEST_BYTES_PER_MS
  let from = 0
  if (file.size > PIECE) {
    const [found] = await shell.run([{ script: foundText(file), timeoutMs: slowMs }])
    if (found?.code !== 0) return found
    from = await fitting(file, found.stdout.toString('latin1'), options.host)
  }
  onProgress?.(from, file.size)
  while (from < file.size) {
    if (signal?.aborted) throw interrupted(file, options.host)
    const start = from
    const size = Math.min(PIECE, file.size - start)
    const input = {
      ...{ size, from: start, unwritten: UNWRITTEN },
      read: () => chunksOf(file.source, start, size),
      onSent: (bytes: number) => onProgress?.(start + bytes, file.size),
    }
    const [sent] = await shell.run([{ script: openText(file, start), timeoutMs, input }])
    if (sent?.code !== 0) return sent
    from += size
  }
  const [proved] = await shell.run([{ script: provedText(file), timeoutMs: slowMs }])
  return proved?.code === 0 ? undefined : proved
}

/** How much of what the host has is the beginning of the file: all of it, or it is of no use. */
async function fitting({ source, size }: SentFile, words: string, host: string): Promise<number> {
  const [, length = '', sha256] = /^(\d+) ([0-9a-f]{64})\n?$/.exec(words) ?? []
  const found = Number(length)
  if (sha256 === undefined || found === 0 || found > size) return 0
  const hash = createHash('sha256')
  try {
    for await (const bytes of chunksOf(source, 0, found)) hash.update(bytes)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new RemoteProblem({ ...failuresOf(host, undefined).unreadable(error.message), host })
  }
  return hash.digest('hex') === sha256 ? found : 0
}

/** A part of what is sent; each piece of it is overwritten by the next. */
async function* chunksOf(source: SentFile['source'], from: number, size: number): AsyncGenerator<Buffer> {
  if (!(source instanceof LargeFile)) {
    for (let at = from; at < from + size; at += CHUNK) yield source.subarray(at, Math.min(at + CHUNK, from + size))
    return
  }
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size))
  const file = await open(source.path, 'r')
  try {
    for (let at = from; at < from + size; ) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK, from + size - at), at)
      if (bytesRead === 0) return
      yield chunk.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}

function interrupted({ path }: SentFile, host: string): RemoteProblem {
  const message = `Sending ${path} to ${host} was interrupted.`
  return new RemoteProblem({ code: 'INTERRUPTED', host, message, hint: 'the next run goes on where it stopped' })
}
