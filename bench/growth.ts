import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { labExec } from '../lab/exec.ts'
import { labUp } from '../lab/lab.ts'
import { keepGrowth } from './growth-figures.ts'
import { growthHost, type Series, series, type Trial } from './growth-series.ts'

const MINUTES_AT_MOST = 15

/** Measures how the controller's time and memory grow, for the named series or for all of them. */
export async function measureGrowth(
  words: readonly string[],
  home: string,
  log: (line: string) => void,
): Promise<void> {
  const sizes = words.filter((word) => /^\d+$/.test(word)).map(Number)
  const names = words.filter((word) => !/^\d+$/.test(word))
  const odd = names.find((name) => series.every((one) => one.name !== name))
  if (odd !== undefined) throw new Error(`nothing called ${odd} grows: ${series.map(({ name }) => name).join(', ')}`)
  for (const one of series) {
    if (names.length > 0 && !names.includes(one.name)) continue
    if (one.name === 'copy') await labUp({ hosts: [growthHost], log: () => {} })
    for (const size of one.sizes) {
      if (sizes.length > 0 && !sizes.includes(size)) continue
      await measureSize(one, size, home, log)
    }
  }
}

async function measureSize(one: Series, size: number, home: string, log: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-growth-'))
  try {
    const trial = one.trial(size, folder)
    for (const [name, text] of Object.entries(trial.files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    trial.prepare?.(folder)
    for (const [phase, words] of Object.entries(trial.phases)) {
      trial.before?.(phase, folder)
      const cost = await costOf(words, folder, home)
      // At once: a bench that is ended early has not been for nothing.
      keepGrowth([{ series: one.name, size, phase, ...cost }])
      log(
        `${one.name} ${size}, ${phase}: ${(cost.wallMs / 1000).toFixed(2)} s, CPU ${cost.cpuMs} ms, ${cost.memoryMiB} MiB`,
      )
    }
    await undo(trial)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function undo({ undo: script }: Trial): Promise<void> {
  if (script !== undefined) await labExec(growthHost.name, ['sh', '-c', script])
}

async function costOf(words: readonly string[], folder: string, home: string) {
  const usage = join(folder, '.usage')
  const hook = join(home, 'bench/usage.mjs')
  const start = performance.now()
  const child = spawn(process.execPath, [join(home, 'dist/lockstep.js'), ...words], {
    cwd: folder,
    env: { ...process.env, HOME: folder, NODE_OPTIONS: `--import=${hook}`, LOCKSTEP_USAGE: usage },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MINUTES_AT_MOST * 60_000,
  })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      // The end says what went wrong.
      said.push(chunk)
      if (said.length > 50) said.shift()
    })
  const [code] = (await once(child, 'close')) as [number | null]
  const wallMs = Math.round(performance.now() - start)
  if (code !== 0 && code !== 2)
    throw new Error(`${words.join(' ')} ended with ${code}: ${Buffer.concat(said).toString().slice(-2000)}`)
  const processes = readFileSync(usage, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Usage)
  rmSync(usage)
  const cpuMs = processes.reduce((sum, one) => sum + one.cpuMs, 0)
  const memoryMiB = Math.max(...processes.map((one) => one.memoryMiB))
  return { wallMs, cpuMs: Math.round(cpuMs), memoryMiB: Math.round(memoryMiB) }
}

/** What bench/usage.mjs tells of a process. */
interface Usage {
  cpuMs: number
  memoryMiB: number
}
