import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Event } from '../../engine/report/event.ts'
import { disturb } from './disturbance.ts'
import type { Fault } from './rotation/fault.ts'
import { FAULTS } from './rotation/faults.ts'
import { expectOver } from './rotation/rotation-lane.ts'
import { openTheatre, type Stage, type Theatre } from './rotation/stage.ts'
import { brokenPromises, closedOf } from './rotation/ways.ts'
import { isWhole, SWEEP_LIMIT } from './sweep-places.ts'

const due = FAULTS.filter(({ isQuick }) => isQuick || isWhole)
let theatre: Theatre

beforeAll(async () => {
  theatre = await openTheatre(due.map(({ isOver, rotation }) => (isOver ? rotation : rotation.after)))
})
afterAll(() => theatre[Symbol.dispose]())

test.each(due.map((fault) => [fault.what, fault] as const))(
  '%s: nobody is locked out, and the rotation comes to its end',
  async (_, fault) => {
    using stage = await (fault.isOver ? theatre.endOf(fault.rotation) : theatre.stage(fault.rotation))
    await fault.hurt?.(stage)
    if (fault.open) expect(await closedOf(stage, fault.open)).toEqual([])
    const events = await runHurt(fault, stage)
    expect(changesBy(fault.never ?? [], events)).toEqual([])
    await fault.mend?.(stage)
    expect((await stage.play('run', fault.says && fault.login?.(stage))).failed).toEqual([])
    await expectOver(stage)
  },
  SWEEP_LIMIT,
)

/** The run that something goes wrong with, and what it tells; what it has promised holds. */
async function runHurt({ place, login, says = [], open }: Fault, stage: Stage): Promise<readonly Event[]> {
  if (place) {
    const events = await disturb(stage.subject(), place)
    expect(await brokenPromises(stage, events)).toEqual([])
    return events
  }
  const { events, failed } = await stage.play('run', login?.(stage))
  expect(failed).toEqual(says.map((sentence) => expect.stringMatching(sentence)))
  if (!open) expect(await brokenPromises(stage, events)).toEqual([])
  return events
}

/** Hosts and tasks of these names that have changed something. */
function changesBy(tasks: readonly string[], events: readonly Event[]): string[] {
  return events.flatMap((event) =>
    event.type === 'task-result' && tasks.includes(event.task.name) && event.result.status === 'changed'
      ? [`${event.host}: ${event.task.name}`]
      : [],
  )
}
