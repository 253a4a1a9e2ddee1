import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { hostGroup } from '../../../lab/cgroup.ts'
import { labCommand } from '../../../lab/exec.ts'
import type { Settings } from './observe.ts'
import type { Member, Recording, Writer } from './recording.ts'

export interface Watch {
  /** Below it are the keys that the writers write, so that it shows wherever a write is in clear. */
  prefix: string
  writers: readonly Writer[]
  /** Ends the writing, reads everything back, and gives what was seen. */
  stop(): Promise<Recording>
  [Symbol.asyncDispose](): Promise<void>
}

export interface WatchOptions {
  service: string
  writers?: Writer[]
  writeEveryMs?: number
  lookEveryMs?: number
  /** Where there are ACLs: may write the keys of the watch, and look at all that it looks at. */
  token?: string | undefined
}

/** Writes to a cluster and looks at it, from the first moment in which every member answers. */
export async function watchMembers(
  members: readonly Member[],
  { service, writers = usualWriters(members), writeEveryMs = 50, lookEveryMs = 200, token }: WatchOptions,
): Promise<Watch> {
  const prefix = `watch-${randomBytes(6).toString('hex')}`
  const watched = members.map((member) => ({
    ...member,
    processes: `${hostGroup(member.name)}/machine/payload/system.slice/consul.service/cgroup.procs`,
  }))
  const settings: Settings = { members: watched, writers, prefix, service, writeEveryMs, lookEveryMs }
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-watch-'))
  const script = await bundled(folder)
  const [program = '', ...argv] = labCommand([process.execPath, script])
  const env = { ...process.env, ...(token === undefined ? {} : { CONSUL_HTTP_TOKEN: token }) }
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'inherit'], env })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  child.stdin.on('error', () => {}) // that it is gone shows in what it does not say
  child.stdin.write(`${JSON.stringify(settings)}\n`)
  await said(lines, child)
  const end = async () => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    prefix,
    writers,
    async stop() {
      child.stdin.end()
      return JSON.parse(await said(lines, child)) as Recording
    },
    [Symbol.asyncDispose]: end,
  }
}

/** Four clients that write as often: through the agent and through the servers in turn, giving up at once and not. */
export function usualWriters(members: readonly Member[]): Writer[] {
  const of = (role: Member['role']) => members.filter((member) => member.role === role).map(({ address }) => address)
  return [
    { name: 'agent-once', through: of('client'), budgetMs: 0 },
    { name: 'agent-retry', through: of('client'), budgetMs: 15_000 },
    { name: 'servers-once', through: of('server'), budgetMs: 0 },
    { name: 'servers-retry', through: of('server'), budgetMs: 15_000 },
  ]
}

async function bundled(folder: string): Promise<string> {
  const outfile = join(folder, 'observe.mjs')
  const entry = fileURLToPath(new URL('observe.ts', import.meta.url))
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20.19' })
  return outfile
}

async function said(lines: AsyncIterator<string>, child: ChildProcess): Promise<string> {
  const line = await lines.next()
  if (!line.done) return line.value
  await ended(child)
  throw new Error(`the watch of the cluster ended with ${child.exitCode ?? child.signalCode}`)
}

/** Once it has said all or is asked to die, it is gone soon. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}
