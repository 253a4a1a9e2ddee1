import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { LabAccess } from '../../lab/lab.ts'
import type { files } from './play.ts'

/** A run of the built program in a process of its own. */
export interface Started {
  child: ChildProcess
  /** Its exit code, or the signal that ended it, and all that it said. */
  ended: Promise<{ code: number | string; said: string }>
}

/** Starts the program as somebody on a machine of their own; `killAt` ends it after so many lines of output, or after the first that it fits. */
export type Controller = (name: string, words: readonly string[], more?: { killAt?: number | string }) => Started

const KILLER = fileURLToPath(new URL('kill-at-event.mjs', import.meta.url))

/** Builds the program, and gives the way to start it as somebody on a machine of their own: another name and another home. */
export function controllers(at: ReturnType<typeof files>, access: LabAccess): Controller {
  execFileSync(process.execPath, ['engine/build.mjs', at.path('dist')])
  return (name, words, { killAt } = {}) => {
    const home = at.path(`home-${name}`)
    mkdirSync(home, { recursive: true })
    const before = killAt === undefined ? [] : ['--import', KILLER]
    const child = spawn(process.execPath, [...before, at.path('dist/lockstep.js'), ...words], {
      env: {
        ...process.env,
        HOME: home,
        SUDO_USER: name,
        LOCKSTEP_LAB_ACCESS: JSON.stringify(access),
        LOCKSTEP_KILL_AT: String(killAt),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const ended = once(child, 'close').then(([code, signal]) => ({ code: (code ?? signal) as number | string, said }))
    return { child, ended }
  }
}
