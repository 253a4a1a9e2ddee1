import { describe, test } from 'vitest'
import { ROLLOUTS } from '../lab/consul/rollouts.ts'
import { freshStages, type Stage } from '../lab/consul/stage.ts'
import { Wire } from '../lab/cut-rounds.ts'
import { type Disturbance, disturb, NotReached, playThrough } from '../lab/disturbance.ts'
import { chosen, cutsOf, isWhole, killsOf, type Places, sweep, together } from '../lab/sweep-places.ts'

const EVERY_PLACE = 24 * 3600_000
const { cluster, open } = freshStages()

describe.each(ROLLOUTS.map((rollout) => [rollout.what, rollout] as const))('while %s', (_, rollout) => {
  test(
    'no killed controller, cut connection or loss of power loses a write or shuts a member out, and the next run ends it',
    async () => {
      using stage = open(rollout)
      const all = isWhole ? await placesOf(stage) : { all: [], states: [] }
      const places = chosen(all, rollout.dangers)
      process.stdout.write(
        `sweep: ${places.length} of ${all.all.length} places of ${all.states.length} states while ${rollout.what}\n`,
      )
      await sweep([{ disturb: (place) => disturbed(stage, place) }], places)
    },
    EVERY_PLACE,
  )
})

/** Those of a run that nothing disturbs. */
async function placesOf(stage: Stage): Promise<Places> {
  using wire = new Wire()
  await stage.turn(async (subject) => {
    const run = await playThrough(subject, wire)
    if (run.failed.length > 0) throw new Error(`failed undisturbed: ${run.failed.join('; ')}`)
    return []
  })
  const names = cluster.members.map(({ name }) => name)
  return together(killsOf(wire.trace), cutsOf(wire.trace, names, { hasPowerLoss: true }))
}

/** How often a cluster is asked whether it is well differs from run to run, and so do the last places of a run. */
async function disturbed(stage: Stage, place: Disturbance): Promise<void> {
  await stage.turn(async (subject) => {
    await disturb(subject, place).catch((error: unknown) => {
      if (!(error instanceof NotReached) || typeof placeOf(place) === 'string') throw error
      process.stdout.write(`sweep: not reached: ${JSON.stringify(place)}\n`)
    })
    const isDown = place.kind === 'cut' && place.moment === 'without power'
    return isDown ? [cluster.members[place.host]?.name ?? ''] : []
  })
}

function placeOf(place: Disturbance): number | string {
  return place.kind === 'kill' ? place.event : place.round
}
