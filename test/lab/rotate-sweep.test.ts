import { afterAll, beforeAll, describe, test } from 'vitest'
import type { LabAccess } from '../../lab/lab.ts'
import { type Controller, controllers } from './controller.ts'
import { bringUp, files } from './play.ts'
import { countPlaces, rotationLane } from './rotation/rotation-lane.ts'
import { ROTATIONS } from './rotation/rotations.ts'
import { HOSTS } from './rotation/stage.ts'
import { chosen, everyCut, everyKill, everyPowerLoss, isWhole, SWEEP_LIMIT, sweep } from './sweep-places.ts'

const at = files({})
let access: LabAccess
let as: Controller

beforeAll(async () => {
  access = await bringUp(HOSTS)
  as = controllers(at, access)
})
afterAll(() => at[Symbol.dispose]())

describe.each(ROTATIONS)('while $what', (rotation) => {
  test(
    'nobody is locked out by a killed controller, a cut connection or a loss of power, and the next run ends it',
    async () => {
      const { events, rounds } = isWhole ? await countPlaces(rotation, access, as) : { events: 0, rounds: [] }
      const all = [...everyKill(events), ...everyCut(rounds), ...everyPowerLoss(rounds)]
      await sweep([rotationLane(rotation, access, as)], chosen(all, rotation.dangers))
    },
    SWEEP_LIMIT,
  )
})
