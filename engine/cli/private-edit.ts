import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Problem } from '../problem.ts'

/** The kind of file system that is memory and not disk, see statfs(2). */
const TMPFS = 0x01021994

/**
 * Lets a person change a text in their editor, and gives it back. It lies in a folder that nobody else can enter, in memory where
 * the system has such a place, and is gone when the editor is, with all that the editor has left beside it.
 */
export async function editPrivately(name: string, content: Buffer, environment = process.env): Promise<Buffer> {
  const folder = mkdtempSync(join(memoryFolder(environment), 'lockstep-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const leave = (signal: NodeJS.Signals) => {
    remove()
    process.exit(signal === 'SIGHUP' ? 129 : 143)
  }
  process.once('SIGTERM', leave).once('SIGHUP', leave).on('SIGINT', ignore)
  try {
    const file = join(folder, name)
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' })
    await runEditor(file, environment)
    return readFileSync(file)
  } finally {
    remove()
    process.off('SIGTERM', leave).off('SIGHUP', leave).off('SIGINT', ignore)
  }
}

/** A terminal sends Ctrl-C to the editor as well, and that decides what it means. */
function ignore(): void {}

async function runEditor(file: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const editor = environment.VISUAL || environment.EDITOR || 'vi'
  // It may be a command with words of its own, as in `code --wait`.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit', env: environment })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code === 0) return
  throw new Problem({
    code: 'EDITOR_FAILED',
    message: `the editor (${editor}) ended with ${code === null ? 'a signal' : `exit code ${code}`}; nothing is saved`,
    hint: 'EDITOR names another one',
  })
}

/** A folder in memory that we may write to; else the one for temporary files. */
function memoryFolder({ XDG_RUNTIME_DIR: runtime }: NodeJS.ProcessEnv): string {
  return [runtime, '/dev/shm'].find((path) => path !== undefined && isMemory(path)) ?? tmpdir()
}

function isMemory(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return statfsSync(path).type === TMPFS
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
