import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Problems } from '../../engine/problem.ts'
import type { Fault } from '../lab/consul/fault.ts'
import { FAULTS } from '../lab/consul/faults.ts'
import { freshStages, type Stage } from '../lab/consul/stage.ts'
import type { Subject } from '../lab/disturbance.ts'
import { meanwhile } from '../lab/meanwhile.ts'

const { cluster, open } = freshStages()

describe.each(FAULTS.map((one) => [one.rollout.what, one] as const))('while %s', (_, { rollout, faults }) => {
  let stage: Stage
  beforeAll(() => {
    stage = open(rollout)
  })
  afterAll(() => stage[Symbol.dispose]())

  test.each(faults.map((fault) => [fault.what, fault] as const))(
    '%s: no write is lost, no member is shut out, and the next run ends it',
    (_, fault) => stage.turn((subject) => runHurt(fault, subject)),
  )

  /** The run that something goes wrong with, and what a person does then; gives the members that go down. */
  async function runHurt({ hurt, meanwhile: midst, vars, says, mend, down = [] }: Fault, subject: Subject) {
    await hurt?.(stage, { ...subject, vars: subject.vars ?? {} })
    const { failed } = await cluster
      .run(rollout.playbook, {
        vars: { ...subject.vars, ...vars },
        lockTimeoutMs: 120_000,
        ...(midst ? meanwhile(midst.task, 'task-started', () => midst.work(stage)) : {}),
      })
      .catch((refused: unknown) => {
        if (!(refused instanceof Problems)) throw refused
        return { failed: refused.problems.map(({ message }) => message) }
      })
    if (says) expect(failed.join('\n')).toMatch(says)
    else expect(failed).toEqual([])
    await mend?.(stage)
    return down
  }
})
