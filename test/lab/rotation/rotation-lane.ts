import type { Event } from '../../../engine/report/event.ts'
import { Wire } from '../cut-rounds.ts'
import { type Disturbance, disturb, playThrough } from '../disturbance.ts'
import { expectNone } from '../sweep-places.ts'
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

/** How many lines an undisturbed run tells, and how many rounds each host has in it. */
export async function countPlaces(rotation: Rotation, theatre: Theatre) {
  using stage = await theatre.stage(rotation)
  using counting = new Wire()
  const run = await playThrough(stage.subject(), counting)
  expectNone('failed', run.failed)
  await expectOver(stage)
  return { events: run.events.length, rounds: HOSTS.map(({ name }) => counting.rounds.get(name) ?? 0) }
}

/** Who shall get in does, nobody else does, nothing is left behind, and nothing remains to be done. */
export async function expectOver(stage: Stage): Promise<void> {
  expectNone('wrong at the end', await wrongAtEnd(stage))
  expectNone('left behind', await leftBehind(stage))
  const check = await stage.play('check')
  expectNone('not as it shall be', [...check.failed, ...check.changed])
}
