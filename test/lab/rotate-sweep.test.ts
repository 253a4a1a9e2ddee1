import { afterAll, beforeAll, describe, test } from 'vitest'
import { countPlaces, rotationLane } from './rotation/rotation-lane.ts'
import { ROTATIONS } from './rotation/rotations.ts'
import { openTheatre, type Theatre } from './rotation/stage.ts'
import { chosen, everyCut, everyKill, everyPowerLoss, isWhole, SWEEP_LIMIT, sweep } from './sweep-places.ts'

let theatre: Theatre

beforeAll(async () => {
  theatre = await openTheatre(ROTATIONS.map(({ after }) => after))
})
afterAll(() => theatre[Symbol.dispose]())

const due = ROTATIONS.filter(({ dangers }) => isWhole || dangers.length > 0)

describe.each(due)('while $what', (rotation) => {
  test(
    'nobody is locked out by a killed controller, a cut connection or a loss of power, and the next run ends it',
    async () => {
      const lane = rotationLane(rotation, theatre)
      if (!isWhole) return await lane.disturb(...rotation.dangers)
      const { events, rounds } = await countPlaces(rotation, theatre)
      const all = [...everyKill(events), ...everyCut(rounds), ...everyPowerLoss(rounds)]
      process.stdout.write(`sweep: ${all.length} places while ${rotation.what}\n`)
      await sweep([lane], chosen(all, rotation.dangers))
    },
    SWEEP_LIMIT,
  )
})
