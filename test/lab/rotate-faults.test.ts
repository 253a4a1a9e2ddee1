import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LabAccess } from '../../lab/lab.ts'
import { type Controller, controllers } from './controller.ts'
import { disturb } from './disturbance.ts'
import { bringUp, files } from './play.ts'
import { FAULTS, type Fault } from './rotation/faults.ts'
import { expectOver } from './rotation/rotation-lane.ts'
import { freshStage, HOSTS, type Stage } from './rotation/stage.ts'
import { closedOf, shutWays } from './rotation/ways.ts'
import { isWhole, SWEEP_LIMIT } from './sweep-places.ts'

const at = files({})
let access: LabAccess
let as: Controller

beforeAll(async () => {
  access = await bringUp(HOSTS)
  as = controllers(at, access)
})
afterAll(() => at[Symbol.dispose]())

const due = FAULTS.filter(({ isQuick }) => isQuick || isWhole)

test.each(due.map((fault) => [fault.what, fault] as const))(
  '%s: nobody is locked out, and the rotation comes to its end',
  async (_, fault) => {
    using stage = await freshStage(fault.rotation, access, as)
    if (fault.isOver) expect((await stage.play('run')).failed).toEqual([])
    await fault.hurt?.(stage)
    if (fault.open) expect(await closedOf(stage, fault.open)).toEqual([])
    await runHurt(fault, stage)
    await fault.mend?.(stage)
    expect((await stage.play('run', fault.says && fault.login?.(stage))).failed).toEqual([])
    await expectOver(stage)
  },
  SWEEP_LIMIT,
)

/** The run that something goes wrong with; what it has promised holds. */
async function runHurt({ place, login, says, open }: Fault, stage: Stage): Promise<void> {
  if (place) return expect(await shutWays(stage, await disturb(stage.subject(), place))).toEqual([])
  const { events, failed } = await stage.play('run', login?.(stage))
  expect(failed).toEqual(says ? [expect.stringMatching(says)] : [])
  if (!open) expect(await shutWays(stage, events)).toEqual([])
}
