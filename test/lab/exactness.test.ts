import { beforeAll, expect, test } from 'vitest'
import type { LabAccess } from '../../lab/lab.ts'
import fc from '../property.ts'
import { type Case, cases, playbookText } from './exactness/case.ts'
import { covering } from './exactness/covering.ts'
import { smallest } from './exactness/shrink.ts'
import { Statistic } from './exactness/statistic.ts'
import { tasksOf } from './exactness/tasks.ts'
import { type ExactHost, inexactness } from './exactness/trial.ts'
import { bringUp } from './play.ts'

/** Pairs of hosts, each with a case of its own at a time: while one pair boots, another is at work. */
const lanes: ExactHost[][] = [1, 2].map((lane) => [
  { name: `exact${lane}a`, address: `10.91.7.${lane}` },
  { name: `exact${lane}b`, address: `10.91.7.${lane + 10}`, suite: 'trixie' },
])
const nightly = process.env.LOCKSTEP_CASES
const count = Number(nightly ?? 200)
/** By day always the same cases, by night others. */
const seed = Number(process.env.LOCKSTEP_SEED ?? (nightly === undefined ? 1 : Date.now() % 2 ** 31))
/** Only this case of those that the seed gives. */
const only = process.env.LOCKSTEP_CASE
const shrinkingMs = Number(process.env.LOCKSTEP_SHRINK_SECONDS ?? 600) * 1000
const statistic = new Statistic()
let access: LabAccess

beforeAll(async () => {
  access = await bringUp(lanes.flat())
})

test(
  `check says exactly what a run then does; again with LOCKSTEP_SEED=${seed} LOCKSTEP_CASES=${count}`,
  async () => {
    const queue = chosen()
    const failures: string[] = []
    await Promise.all(lanes.map((hosts) => work(queue, hosts, failures)))
    if (nightly !== undefined) process.stdout.write(`${statistic}\n`)
    expect(failures).toEqual([])
    if (nightly === undefined) expect(statistic.unreached()).toEqual([])
  },
  3_600_000 + count * 60_000,
)

/** All cases by night; by day so many that each module is called twice. */
function chosen(): Numbered[] {
  const drawn = fc.sample(cases(2), { seed, numRuns: count }).map((one, index) => ({ one, index }))
  if (only !== undefined) return drawn.slice(Number(only), Number(only) + 1)
  if (nightly !== undefined) return drawn
  // A task that fails shall not keep the others from being reached.
  return covering(
    drawn.filter(({ one }) => one.goesOn),
    // What a probe needs is there where it is tried again.
    [...Object.keys(tasksOf), 'until'],
    2,
    { 'ssh-cert': 3, 'wait-for': 3, 'openssl-csr': 4, 'openssl-verify': 4, shell: 4 },
  )
}

interface Numbered {
  one: Case
  index: number
}

async function work(queue: Numbered[], hosts: ExactHost[], failures: string[]): Promise<void> {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { one, index } = next
    const found = await inexactness(one, hosts, access, ({ results }) => statistic.add(results))
    if (found.length === 0) continue
    failures.push(`LOCKSTEP_SEED=${seed} LOCKSTEP_CASES=${index + 1} LOCKSTEP_CASE=${index}\n${found.join('\n')}`)
    process.stdout.write(`${failures.at(-1)}\n`)
    if (shrinkingMs === 0) continue
    process.stdout.write(`${await explained(one, hosts)}\n`)
  }
}

/** The smallest case that fails, as a person can repeat it. */
async function explained(one: Case, hosts: ExactHost[]): Promise<string> {
  const deadline = Date.now() + shrinkingMs
  let found: string[] = []
  const fails = async (smaller: Case) => {
    try {
      const again = await inexactness(smaller, hosts, access, () => {})
      if (again.length > 0) found = again
      return again.length > 0
    } catch {
      // Without a task that another one needs it is no playbook.
      return false
    }
  }
  const least = await smallest(one, fails, () => Date.now() > deadline)
  const { tasks: _, ...rest } = least
  return `shrunk to\n${found.join('\n')}\n${JSON.stringify(rest)}\n${playbookText(least)}`
}
