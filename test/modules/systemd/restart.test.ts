import { describe, expect, test } from 'vitest'
import { TaskFailure } from '../../../engine/resource/module.ts'
import type { UnitState } from '../../../engine/resource/read.ts'
import { reload } from '../../../modules/systemd/reload.ts'
import { restart } from '../../../modules/systemd/restart.ts'

const UNIT: UnitState = {
  load: 'loaded',
  active: 'active',
  sub: 'running',
  enabled: 'enabled',
  needsReload: false,
  fragment: '',
  dropIns: [],
  mainPid: 1,
  activeSince: 1,
}

describe('restart and reload', () => {
  test('are always due', () => {
    expect(restart.decide({ name: 'x' }, { unit: UNIT })).toEqual({ due: true, what: 'restarts x.service' })
    expect(restart.decide({ name: 'x' }, { unit: { ...UNIT, active: 'failed' } }).due).toBe(true)
    expect(reload.decide({ name: 'x' }, { unit: UNIT })).toEqual({ due: true, what: 'reloads x.service' })
    expect(reload.decide({ name: 'x', or_restart: true }, { unit: { ...UNIT, active: 'inactive' } }).due).toBe(true)
  })

  test.each([
    ['not-found', 'the host has no unit x.service'],
    ['masked', 'x.service is masked'],
    ['absent', 'the host does not run systemd, so x.service cannot be managed'],
  ])('fail in check mode already when the unit is %s', (load, message) => {
    for (const action of [restart, reload]) {
      expect(() => action.decide({ name: 'x' }, { unit: { ...UNIT, load } })).toThrow(message)
    }
  })

  test('a unit whose file does not say how cannot be reloaded, but restarted instead', () => {
    const unit = { ...UNIT, canReload: false }
    expect(() => reload.decide({ name: 'x' }, { unit })).toThrow(
      new TaskFailure(
        'x.service cannot be reloaded: its unit file does not say how',
        'add ExecReload= to it, or say `or_restart: true`',
      ),
    )
    expect(reload.decide({ name: 'x', or_restart: true }, { unit }).due).toBe(true)
  })

  test('a unit that is down cannot be reloaded', () => {
    expect(() => reload.decide({ name: 'x' }, { unit: { ...UNIT, active: 'inactive' } })).toThrow(
      new TaskFailure(
        'x.service is inactive, so it cannot be reloaded',
        'start it with `systemd`, or say `or_restart: true`',
      ),
    )
  })
})

test('a unit that does not come up is told with the end of its journal', () => {
  const stderr = Buffer.from(
    'lockstep: x.service is not up after restart: it is failed (failed, exit-code)\nStarted x.service.\nno config\n',
  )
  expect(restart.conclude?.({ name: 'x' }, { code: 1, stdout: Buffer.alloc(0), stderr })).toEqual({
    changed: true,
    failure: 'x.service is not up after restart: it is failed (failed, exit-code)',
    hint: 'its journal ends with:\nStarted x.service.\nno config',
    result: { name: 'x.service', active: '', sub: '' },
  })
})

test('a unit that is up says so', () => {
  const outcome = { code: 0, stdout: Buffer.from('active running\n'), stderr: Buffer.alloc(0) }
  expect(restart.conclude?.({ name: 'x' }, outcome)).toEqual({
    changed: true,
    result: { name: 'x.service', active: 'active', sub: 'running' },
  })
})
