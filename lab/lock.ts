import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'

/** Does the work while nobody else holds the file. The lock is the kernel's, so it ends with us however we end. */
export async function withLock<T>(file: string, log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true })
  const script = 'exec 9>"$1"; flock -n 9 || { echo waiting; flock 9; }; echo locked; exec cat'
  const holder = spawn('sh', ['-c', script, 'sh', file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(holder, 'close')
  for await (const line of createInterface(holder.stdout)) {
    if (line === 'locked') break
    log(`waiting for another lab command to finish (${file})`)
  }
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
