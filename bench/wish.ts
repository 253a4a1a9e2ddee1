import { parseArgs } from 'node:util'
import { type Phase, phases } from './figures.ts'
import type { Job } from './jobs.ts'

/** What is to be measured. */
export interface Wish {
  jobs: readonly Job[]
  counts: readonly number[] | undefined
  delays: readonly number[]
  engines: readonly string[] | undefined
  phases: readonly Phase[]
  /** How often the whole is done, fresh hosts included. */
  turns: number
  /** How often what changes nothing is done each time. */
  repeats: number
}

/** What the words ask for; `growth` is measured apart, and `page` writes the page from what was measured before. */
export function wishOf(words: readonly string[], jobs: readonly Job[]): Wish | 'page' | 'growth' | undefined {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      delay: { type: 'string', multiple: true },
      engine: { type: 'string', multiple: true },
      phase: { type: 'string', multiple: true },
      turns: { type: 'string', default: '1' },
      repeats: { type: 'string', default: '5' },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return undefined
  }
  if (positionals[0] === 'page' || positionals[0] === 'growth') return positionals[0]
  const names = positionals.filter((word) => !/^\d+$/.test(word))
  const counts = positionals.filter((word) => /^\d+$/.test(word)).map(Number)
  const odd = names.find((name) => jobs.every((job) => job.name !== name))
  if (odd !== undefined) throw new Error(`there is no job ${odd}\n${help}`)
  return {
    jobs: names.length > 0 ? jobs.filter(({ name }) => names.includes(name)) : jobs,
    counts: counts.length > 0 ? counts : undefined,
    delays: (values.delay ?? ['0', '20']).map(Number),
    engines: values.engine,
    phases: values.phase ? phases.filter((phase) => values.phase?.includes(phase)) : phases,
    turns: Number(values.turns),
    repeats: Number(values.repeats),
  }
}

const help = `npm run bench -- [JOB…] [HOSTS…] [--delay MS] [--engine NAME] [--phase NAME] [--turns N] [--repeats N]
npm run bench -- growth [SERIES…] [SIZE…]
npm run bench -- page

  npm run bench                                   everything, for some hours
  npm run bench -- synthetic 30 --delay 0         one job on thirty hosts, without delay
  npm run bench -- tunnels --engine Lockstep      one engine alone
  npm run bench -- synthetic 100 --phase 'second run'  on hosts where the job is done already
  npm run bench -- growth                         how time and memory grow with hosts, tasks, items, inventory and files
  npm run bench -- growth tasks 1000              one series, one size
  npm run bench -- page                           docs/performance.md anew, from the figures of before
`
