import { afterAll, beforeAll, describe, test } from 'vitest'
import { placesOf, rotationLane } from './rotation/rotation-lane.ts'
import { ROTATIONS } from './rotation/rotations.ts'
import { openTheatre, type Theatre } from './rotation/stage.ts'
import { chosen, isWhole, SWEEP_LIMIT, sweep } from './sweep-places.ts'

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
      const places = await placesOf(rotation, theatre)
      const { all, states } = places
      process.stdout.write(`sweep: ${all.length} places of ${states.length} states while ${rotation.what}\n`)
      await sweep([lane], chosen(places, rotation.dangers))
    },
    SWEEP_LIMIT,
  )
})
