import { expect, test } from 'vitest'
import { freshCluster } from '../lab/consul/cluster.ts'
import { lostWrites } from '../lab/consul/invariants.ts'
import { controllers } from '../lab/controller.ts'
import { files } from '../lab/play.ts'

const GOSSIP = 'playbooks/rotate-consul-gossip.yml'
const EVERY_RUN = 24 * 3600_000
/** About as many as a run of three servers has; places beyond its end are those of a run that nobody kills. */
const EVENTS = 140

const cluster = freshCluster()

/** `all` places, or `2/30` for a thirtieth of them, spread evenly; one in the middle unless given. */
function placesOf(asked: string | undefined): number[] {
  const [, which, of] = /^(\d+)\/(\d+)$/.exec(asked === 'all' ? '1/1' : (asked ?? '')) ?? []
  if (of === undefined) return [EVENTS / 2]
  const all = Array.from({ length: EVENTS }, (_, index) => index + 1)
  return all.filter((place) => place % Number(of) === Number(which) % Number(of))
}

test(
  'a controller that is killed at any event of a rotation leaves what the next run finishes, and no write is lost',
  async () => {
    using at = files({})
    await cluster.build()
    const start = controllers(at, cluster.lab.access)
    await using watch = await cluster.watch()
    const failures: string[] = []
    for (const event of placesOf(process.env.LOCKSTEP_SWEEP)) {
      const vars = { rotation: `at-${event}` }
      const words = ['run', GOSSIP, '-i', cluster.inventory, '-e', `rotation=${vars.rotation}`, '--output', 'jsonl']
      const { code } = await start('ann', words, { killAt: event }).ended
      const run = await cluster.run(GOSSIP, { vars })
      const clean = await cluster.check(GOSSIP, { vars })
      const rings = await cluster.ask<{ Keys: object }[]>(cluster.servers[0] ?? '', '/v1/operator/keyring')
      const others = rings?.filter(({ Keys }) => Object.keys(Keys).length !== 1).map(() => 'a ring has other keys')
      const left = [...run.failed, ...clean.failed, ...clean.changed, ...(others ?? ['nobody tells the keys'])]
      process.stdout.write(`killed at event ${event} (${code}): ${left.length === 0 ? 'passed' : left.join('; ')}\n`)
      if (left.length > 0) failures.push(`event ${event}: ${left.join('; ')}`)
    }
    expect([...failures, ...lostWrites(await watch.stop())]).toEqual([])
  },
  EVERY_RUN,
)
