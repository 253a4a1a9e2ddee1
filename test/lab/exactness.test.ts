import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { LabAccess } from '../../lab/lab.ts'
import { inexactness } from './exact.ts'
import { cases, playbookText } from './generate.ts'
import { bringUp } from './play.ts'

const hosts = [
  { name: 'exact1', address: '10.91.7.1' },
  { name: 'exact2', address: '10.91.7.2', suite: 'trixie' as const },
]
const nightly = process.env.LOCKSTEP_CASES
const count = Number(nightly ?? 16)
/** By day always the same cases, by night others. */
const seed = Number(process.env.LOCKSTEP_SEED ?? (nightly === undefined ? 1 : Date.now() % 2 ** 31))
let access: LabAccess

beforeAll(async () => {
  access = await bringUp(hosts)
})

test(
  `check says exactly what a run then does; again with LOCKSTEP_CASES=${count} LOCKSTEP_SEED=${seed}`,
  async () => {
    const property = fc.asyncProperty(cases(hosts.length), async (one) => {
      expect(await inexactness(one, hosts, access), playbookText(one)).toEqual([])
    })
    // Shrinking ends with what it has by then.
    await fc.assert(property, { seed, numRuns: count, interruptAfterTimeLimit: 600_000 + count * 30_000 })
  },
  3_600_000 + count * 60_000,
)
