import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { PlannedChange, Veto } from '../../engine/execution/veto.ts'
import { command, go, lineAtEnd, note, type TestPlay, temporaryFolder } from './harness.ts'

/** Refuses what the test says. */
function veto(isRefused: (change: PlannedChange) => boolean): Veto {
  const failure = { code: 'PLAN_STALE', message: 'not in the plan' }
  return {
    refusal: () => undefined,
    admit: (change) => (isRefused(change) ? { failure, differences: [] } : undefined),
  }
}

describe('the veto in a run', () => {
  test('keeps one item from being changed, and what stands behind it is planned without it', async () => {
    await using at = await temporaryFolder()
    const path = `${at.path}/f`
    const play: TestPlay = {
      steps: [
        { call: note, args: () => ({ path, text: 'zero\n' }) },
        {
          call: lineAtEnd,
          items: () => ['one', 'two', 'three'],
          args: ({ item }) => ({ path, line: String(item) }),
          ignoreErrors: true,
        },
      ],
    }
    const run = await go('run', play, { veto: veto(({ item }) => item?.label === 'two') })
    expect(run.lines).toEqual(['a t0: changed', 'a t1 [one]: changed', 'a t1 [two]: failed', 'a t1 [three]: changed'])
    expect(await readFile(path, 'utf8')).toBe('zero\none\nthree\n')
  })

  test('is asked about actions too, and records no debt for what it refuses', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [{ call: command, args: () => ({ cmd: `touch ${at.path}/f` }), notify: ['tell'] }],
      handlers: [{ name: 'tell', call: command, args: () => ({ cmd: 'true' }) }],
    }
    const asked: string[] = []
    const run = await go('run', play, {
      veto: veto(({ differences }) => {
        asked.push(...differences.map(({ what }) => what))
        return true
      }),
    })
    expect(asked).toEqual([`runs touch ${at.path}/f`])
    expect([run.lines, run.summary.hosts.a?.owed]).toEqual([['a t0: failed'], []])
    expect(existsSync(`${at.path}/f`)).toBe(false)
  })

  test('lets a host go on when the refusal is tolerated, and out of the run when it is not', async () => {
    await using at = await temporaryFolder()
    const step = { call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }) }
    const lost = async (ignoreErrors: boolean) =>
      (await go('run', { steps: [{ ...step, ignoreErrors }] }, { veto: veto(() => true) })).summary.hosts.a?.lost
    expect([await lost(true), await lost(false)]).toEqual([undefined, 'refused'])
  })

  test('is not asked about what is as it should be, nor about what acts in check mode too', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [{ call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }), checkMode: false }],
    }
    for (const status of ['changed', 'ok'])
      expect((await go('run', play, { veto: veto(() => true) })).lines).toEqual([`a t0: ${status}`])
  })
})
