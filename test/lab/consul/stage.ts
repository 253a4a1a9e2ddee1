import { afterAll, beforeAll } from 'vitest'
import { type Controller, controllers } from '../controller.ts'
import { leftOn, type Subject } from '../disturbance.ts'
import { files, type Outcome, out } from '../play.ts'
import { expectNone } from '../sweep-places.ts'
import { type Cluster, freshCluster } from './cluster.ts'
import { keepDisks } from './disks.ts'
import { harmOf } from './harm.ts'
import type { Place, Rollout } from './rollouts.ts'

/** A cluster that is taken through a rollout again and again. */
export interface Stage extends Place {
  readonly rollout: Rollout
  /**
   * Does something to a cluster that stands where the rollout begins, under writers; it gives the members that it took down.
   * Afterwards the cluster must stand, the next run must come to the end, and nothing may be left.
   */
  turn(work: (subject: Subject) => Promise<readonly string[]>): Promise<void>
  [Symbol.dispose](): void
}

/** A cluster for the tests of a file, and the way to take it through a rollout; the program is built for them once. */
export function freshStages(): { cluster: Cluster; open(rollout: Rollout): Stage } {
  const cluster = freshCluster()
  const at = files({})
  let as: Controller
  beforeAll(() => {
    as = controllers(at, cluster.lab.access)
  })
  afterAll(() => at[Symbol.dispose]())
  return { cluster, open: (rollout) => openStage(rollout, cluster, as) }
}

/** Gets a cluster with disks as new at the first turn, and after one that went wrong. */
function openStage(rollout: Rollout, cluster: Cluster, as: Controller): Stage {
  const at = files({})
  const place: Place = { cluster, path: at.path }
  const onEach = (look: (name: string) => Promise<string>) => Promise.all(cluster.members.map(({ name }) => look(name)))
  const run = (subject: Subject) => cluster.run(subject.playbook, { ...ofVars(subject), lockTimeoutMs: 120_000 })
  let turns = 0
  let isSound = false
  let goBack = async () => {}

  const begin = async () => {
    if (isSound) return await goBack()
    await cluster.reset()
    await rollout.prepare(place)
    if (rollout.isOnce) goBack = await keepDisks(cluster)
  }

  const expectOver = async (subject: Subject) => {
    expectNone('wrong at the end', (await rollout.wrong?.(place)) ?? [])
    const left = await onEach(async (name) => `${await leftOn(name)}${await out(name, LEFT)}`)
    expectNone('left behind', left.filter(Boolean))
    const stays = rollout.stays?.(place)
    const checks = [
      await cluster.check(subject.playbook, ofVars(subject)),
      ...(stays ? [await cluster.check(stays.playbook, stays)] : []),
    ]
    expectNone('not as it shall be', checks.flatMap(unlike))
  }

  return {
    ...place,
    rollout,
    async turn(work) {
      await begin()
      isSound = false
      const { playbook } = rollout
      const vars = rollout.vars(place, ++turns)
      const nodes = cluster.members
      const subject = { playbook, inventory: cluster.inventory, nodes, access: cluster.lab.access, as, vars }
      await using watch = await cluster.watch({ writeEveryMs: 100 })
      await cluster.untilWritten(watch, 10)
      const down = await work(subject)
      await cluster.untilHealthy()
      expectNone('failed', (await run(subject)).failed)
      await cluster.untilWritten(watch, (await cluster.written(watch)) + 10)
      expectNone('hurt', harmOf(await watch.stop(), { down, isRolled: rollout.isRolled === true }))
      await expectOver(subject)
      await out(cluster.servers[0] ?? '', `curl -sSf -X DELETE 'http://127.0.0.1:8500/v1/kv/${watch.prefix}?recurse'`)
      isSound = true
    },
    [Symbol.dispose]: at[Symbol.dispose],
  }
}

/** What a rotation makes on its way. */
const LEFT = `find /etc/consul.d /var/lib/consul-gossip -name '*.next' -o -name '*.part' 2>/dev/null || :`

const ofVars = ({ vars = {} }: Subject) => ({ vars })

function unlike({ failed, changed, perhaps }: Outcome): string[] {
  return [...failed, ...changed, ...perhaps]
}
