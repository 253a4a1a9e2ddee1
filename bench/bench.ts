import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labExec } from '../lab/exec.ts'
import { labDelay } from '../lab/faults.ts'
import { type LabAccess, labUp } from '../lab/lab.ts'
import type { LabHost } from '../lab/wanted.ts'
import { wireOf } from '../lab/wire.ts'
import { availableEngines, type Engine, prepareTask, type Task } from './engines.ts'
import { type Figure, keepFigures, type Phase, summary } from './figures.ts'
import { measureGrowth } from './growth.ts'
import { jobs, severalAtATime } from './jobs.ts'
import { type Cost, measured } from './measure.ts'
import { writePages } from './page.ts'
import { type Wish, wishOf } from './wish.ts'

const home = process.env.LOCKSTEP_HOME ?? process.cwd()
const scratch = mkdtempSync(join(tmpdir(), 'lockstep-bench-home-'))
const log = (line: string) => process.stderr.write(`bench: ${line}\n`)
/** Everything that any engine has said. */
const words = join(scratch, 'words.log')

const wish = wishOf(process.argv.slice(2), jobs)
if (wish === 'page') writePages()
else if (wish === 'growth') {
  await measureGrowth(process.argv.slice(3), home, log)
  writePages()
} else if (wish !== undefined) await bench(wish)

async function bench(wish: Wish): Promise<void> {
  log(`what the tools say goes to ${words}`)
  const all = await availableEngines(log)
  const engines = wish.engines ? all.filter(({ name }) => wish.engines?.includes(name)) : all
  for (const job of wish.jobs) {
    for (const count of wish.counts ?? job.sizes) {
      const hosts = job.hosts(count)
      const access = await boot(isFresh(wish) ? hosts : [])
      const task = prepareTask(job, hosts, access, home)
      for (const delayMs of wish.delays) {
        const figures = await cell({ task, engines, delayMs, wish })
        process.stdout.write(`\n${summary(figures)}\n`)
      }
      await delay(hosts, 0)
    }
  }
  writePages()
}

/** A few at a time: each boot keeps a core busy for some seconds. Those that run already stay as they are. */
async function boot(hosts: readonly LabHost[]): Promise<LabAccess> {
  for (let at = 0; at < hosts.length; at += 4) {
    await labUp({ hosts: hosts.slice(at, at + 4), log: () => {} })
    log(`${Math.min(at + 4, hosts.length)} of ${hosts.length} hosts are up`)
  }
  return await labUp({ hosts: [], log: () => {} })
}

/** Otherwise the hosts are taken as an earlier bench has left them. */
function isFresh({ phases }: Wish): boolean {
  return phases.includes('check fresh') || phases.includes('first apply')
}

async function delay(hosts: readonly LabHost[], delayMs: number): Promise<void> {
  const others = hosts.filter(({ name }) => wireOf(name).delayMs !== delayMs)
  await severalAtATime(others, 8, ({ name }) => labDelay(name, delayMs))
}

interface Cell {
  task: Task
  engines: readonly Engine[]
  delayMs: number
  wish: Wish
}

/** One job on one number of hosts at one distance, by all engines in turn. */
async function cell({ task, engines, delayMs, wish }: Cell): Promise<Figure[]> {
  const figures: Figure[] = []
  for (let turn = 0; turn < wish.turns; turn++) {
    for (const engine of engines) {
      const note = async (phase: Phase) => {
        const cost = await measure(engine, task, phase)
        figures.push({
          job: task.job.name,
          hosts: task.hosts.length,
          delayMs,
          engine: engine.name,
          phase,
          ...cost,
        })
        log(`${task.job.name} on ${task.hosts.length}, ${delayMs} ms, ${engine.name}, ${phase}: ${told(cost)}`)
        return cost
      }
      const begins = isFresh(wish) && !engine.isIdle
      if (begins) await task.job.undo(task.hosts)
      // A host that is as new has no delay.
      await delay(task.hosts, delayMs)
      if (begins && wish.phases.includes('check fresh')) await note('check fresh')
      if (begins) await note('first apply')
      await verify(task, engine)
      for (const phase of ['second run', 'check converged'] as const) {
        if (!wish.phases.includes(phase) || (engine.isIdle && phase === 'second run')) continue
        const { wallMs } = await note(phase)
        const more = wallMs > 20_000 ? 0 : wallMs > 5000 ? 1 : wish.repeats - 1
        for (let again = 0; again < more; again++) await note(phase)
      }
      // After each tool: a bench that is ended early has not been for nothing.
      keepFigures(figures)
    }
  }
  return figures
}

function told({ wallMs, controllerMs, hostMs, code }: Cost): string {
  return `${(wallMs / 1000).toFixed(2)} s, CPU ${controllerMs.toFixed()} + ${hostMs.toFixed()} ms, exit ${code}`
}

async function measure(engine: Engine, task: Task, phase: Phase): Promise<Cost> {
  const isCheck = phase.startsWith('check')
  const { argv, env = {} } = engine.order(task, isCheck ? 'check' : 'run')
  mkdirSync(join(scratch, 'state'), { recursive: true })
  const cost = await measured({ argv, env: { ...process.env, HOME: scratch, ...env }, cwd: home, log: words })
  // Ansible's check breaks off on fresh hosts; that is its figure.
  const mayFail = phase === 'check fresh'
  if (cost.code !== 0 && !mayFail) throw new Error(`${engine.name} ended with ${cost.code} at ${phase}; see ${words}`)
  return cost
}

/** Asks the hosts themselves, past SSH, whether the job is done. */
async function verify({ job, hosts, folder }: Task, engine: Engine): Promise<void> {
  const script = readFileSync(join(home, job.verify), 'utf8')
  await severalAtATime(hosts.slice(0, 10), 4, async ({ name }) => {
    const settings = readFileSync(join(folder, `${name}.settings`), 'utf8')
    const { stdout } = await labExec(name, ['env', 'CHECK=1', 'sh'], { input: `${settings}${script}` })
    if (!stdout.toString().endsWith('changed=0\n'))
      throw new Error(`after ${engine.name}, ${name} still differs:\n${stdout.toString()}`)
  })
}
