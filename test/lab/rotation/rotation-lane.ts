import type { Event } from '../../../engine/report/event.ts'
import { Wire } from '../cut-rounds.ts'
import { type Disturbance, disturb, playThrough } from '../disturbance.ts'
import { cutsOf, expectNone, killsOf, type Places, together } from '../sweep-places.ts'
import type { Rotation } from './rotation.ts'
import { HOSTS, leftBehind, type Stage, type Theatre } from './stage.ts'
import { brokenPromises, wrongAtEnd } from './ways.ts'

/** Runs that are disturbed, one after the other, shut no way in that they have promised, and the next one comes to the end. */
export function rotationLane(rotation: Rotation, theatre: Theatre) {
  return {
    async disturb(...places: readonly Disturbance[]): Promise<void> {
      using stage = await theatre.stage(rotation)
      const events: Event[] = []
      for (const place of places) {
        events.push(...(await disturb(stage.subject(), place)))
        expectNone('not as promised', await brokenPromises(stage, events))
      }
      expectNone('failed', (await stage.play('run')).failed)
      await expectOver(stage)
      await theatre.keepEnd(stage)
    },
  }
}

/** Where a run of it can be disturbed, by what an undisturbed one does. */
export async function placesOf(rotation: Rotation, theatre: Theatre): Promise<Places> {
  using stage = await theatre.stage(rotation)
  using wire = new Wire()
  expectNone('failed', (await playThrough(stage.subject(), wire)).failed)
  await expectOver(stage)
  const names = HOSTS.map(({ name }) => name)
  return together(killsOf(wire.trace), cutsOf(wire.trace, names, { hasPowerLoss: true }))
}

/** Who shall get in does, nobody else does, nothing is left behind, and nothing remains to be done. */
export async function expectOver(stage: Stage): Promise<void> {
  expectNone('wrong at the end', await wrongAtEnd(stage))
  expectNone('left behind', await leftBehind(stage))
  const check = await stage.play('check')
  expectNone('not as it shall be', [...check.failed, ...check.changed])
}
