import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freshCluster } from '../lab/consul/cluster.ts'
import { lostWrites } from '../lab/consul/invariants.ts'
import { controllers } from '../lab/controller.ts'
import { files } from '../lab/play.ts'

const TLS = 'playbooks/consul-tls.yml'
const EVERY_RUN = 24 * 3600_000

/** `all` places, or `2/30` for a thirtieth of them, spread evenly; one in the second phase unless given. */
const asked = process.env.LOCKSTEP_SWEEP
const part = /^(\d+)\/(\d+)$/.exec(asked === 'all' ? '1/1' : (asked ?? ''))
const cluster = freshCluster()

test(
  'a controller that is killed at any event of a rollout leaves what the next run finishes, and no write is lost',
  async () => {
    using at = files({})
    await cluster.build()
    const start = controllers(at, cluster.lab.access)
    const failures: string[] = []
    for (const [index, event] of placesOf(part).entries()) {
      if (index > 0) await cluster.reset()
      const folder = mkdtempSync(join(tmpdir(), 'consul-sweep-'))
      const vars = { consul_ca_dir: join(folder, 'ca') }
      await using watch = await cluster.watch()
      await cluster.untilWritten(watch, 20)
      const words = ['run', TLS, '-i', cluster.inventory, '-e', `consul_ca_dir=${vars.consul_ca_dir}`]
      const { code } = await start('ann', [...words, '--output', 'jsonl'], { killAt: event }).ended
      const run = await cluster.run(TLS, { vars })
      const clean = await cluster.check(TLS, { vars })
      const left = [...run.failed, ...clean.failed, ...clean.changed, ...lostWrites(await watch.stop())]
      process.stdout.write(`killed at event ${event} (${code}): ${left.length === 0 ? 'passed' : left.join('; ')}\n`)
      if (left.length > 0) failures.push(`event ${event}: ${left.join('; ')}`)
      rmSync(folder, { recursive: true })
    }
    expect(failures).toEqual([])
  },
  EVERY_RUN,
)

/** Counted once, in a run of three servers; places beyond its end are those of a run that nobody kills. */
const EVENTS = 420

function placesOf(chosen: RegExpExecArray | null): number[] {
  if (!chosen) return [Math.round(EVENTS * 0.6)]
  const [, which, of] = chosen.map(Number)
  return Array.from({ length: EVENTS }, (_, index) => index + 1).filter(
    (place) => place % (of ?? 1) === (which ?? 0) % (of ?? 1),
  )
}
