import type { LabAccess } from '../../../lab/lab.ts'
import type { Controller } from '../controller.ts'
import { Wire } from '../cut-rounds.ts'
import { type Disturbance, disturb, playThrough } from '../disturbance.ts'
import type { Rotation } from './rotations.ts'
import { freshStage, HOSTS, leftBehind, type Stage } from './stage.ts'
import { shutWays, wrongAtEnd } from './ways.ts'

/** A run that is disturbed shuts no way in that it has promised, and the next one comes to the end. */
export function rotationLane(rotation: Rotation, access: LabAccess, as: Controller) {
  return {
    async disturb(place: Disturbance): Promise<void> {
      using stage = await freshStage(rotation, access, as)
      const events = await disturb(stage.subject(), place)
      expectNone('shut', await shutWays(stage, events))
      expectNone('failed', (await stage.play('run')).failed)
      await expectOver(stage)
    },
  }
}

/** How many lines an undisturbed run tells, and how many rounds each host has in it. */
export async function countPlaces(rotation: Rotation, access: LabAccess, as: Controller) {
  using stage = await freshStage(rotation, access, as)
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

/** A sweep tells of a failure by its message alone. */
function expectNone(what: string, found: readonly string[]): void {
  if (found.length > 0) throw new Error(`${what}: ${found.join('; ')}`)
}
