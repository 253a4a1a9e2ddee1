import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { interruptible } from '../../engine/cli/interrupts.ts'

test('the signal of an interruption may be listened to by any number of hosts', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  await interruptible(
    () => {},
    async (signal) => {
      for (let host = 0; host < 50; host++) signal.addEventListener('abort', () => host)
    },
  )
  await setImmediate()
  process.off('warning', note)
  expect(warnings).toEqual([])
})
