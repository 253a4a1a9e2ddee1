import { describe, expect, test } from 'vitest'
import { ABSENT, fileOf, type UnitState } from '../../../engine/resource/read.ts'
import { systemdUnits } from '../../../modules/systemd/systemd-units.ts'

const content = '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n'
const up: UnitState = {
  load: 'loaded',
  active: 'active',
  sub: 'running',
  enabled: 'enabled',
  needsReload: false,
  fragment: '/etc/systemd/system/t-a.service',
  dropIns: [],
  mainPid: 1,
  activeSince: 1,
}
const gone: UnitState = {
  ...up,
  load: 'not-found',
  active: 'inactive',
  sub: 'dead',
  enabled: '',
  fragment: '',
  mainPid: 0,
}
const file = fileOf(content, { mode: 0o644 })
const entry = (path: string) => ({ path, type: 'file' as const, mode: 0o644, owner: 'root', group: 'root' })
const tree = (...paths: string[]) => ({ entries: paths.map((path) => entry(`/etc/systemd/system/${path}`)) })
const one = { prefix: 't-', content, units: [{ name: 'a' }] }
const kinds = (plan: ReturnType<typeof systemdUnits.plan>) => plan.changes.map(({ kind }) => kind)

describe('systemd-units plans', () => {
  test.each([
    { title: 'nothing when all is as asked', unit: up, have: file, all: tree('t-a.service'), expected: [] },
    {
      title: 'everything on a fresh host',
      unit: gone,
      have: ABSENT,
      all: tree(),
      expected: ['write', 'enable', 'reload', 'start'],
    },
    {
      title: 'a restart when the text differs',
      unit: up,
      have: fileOf('old', { mode: 0o644 }),
      all: tree('t-a.service'),
      expected: ['write', 'reload', 'restart'],
    },
    {
      title: 'a restart when systemd still holds an old text',
      unit: { ...up, needsReload: true },
      have: file,
      all: tree('t-a.service'),
      expected: ['reload', 'restart'],
    },
    {
      title: 'a start when it was stopped',
      unit: { ...up, active: 'inactive' },
      have: file,
      all: tree('t-a.service'),
      expected: ['start'],
    },
    {
      title: 'nothing when it waits to be restarted',
      unit: { ...up, active: 'activating' },
      have: file,
      all: tree('t-a.service'),
      expected: [],
    },
    {
      title: 'to enable what was disabled',
      unit: { ...up, enabled: 'disabled' },
      have: file,
      all: tree('t-a.service'),
      expected: ['enable'],
    },
    {
      title: 'the end of those that nobody asked for, and of no others',
      unit: up,
      have: file,
      all: tree('t-a.service', 't-b.service', 'other.service', 't-b.service.d', 'x.wants/t-c.service'),
      expected: ['remove', 'reload'],
    },
  ])('$title', ({ unit, have, all, expected }) => {
    expect(kinds(systemdUnits.plan(one, { files: [have], states: [unit], all }))).toEqual(expected)
  })

  test('nothing for a family that is empty and shall be', () => {
    expect(
      kinds(systemdUnits.plan({ ...one, units: [] }, { files: [], states: [], all: tree('other.service') })),
    ).toEqual([])
  })

  test('text with the variables of each unit, quoted as systemd reads them', () => {
    const want = { ...one, units: [{ name: 'a', environment: { PEER: '10.0.0.1', ODD: 'a "b" 50%', ZERO: 0 } }] }
    const { changes } = systemdUnits.plan(want, { files: [ABSENT], states: [gone], all: tree() })
    expect(changes[0]?.to).toBe(
      `${content}\n[Service]\nEnvironment="PEER=10.0.0.1"\nEnvironment="ODD=a \\"b\\" 50%%"\nEnvironment="ZERO=0"\n`,
    )
  })

  test('a failure for a unit that nothing would start, for one that is masked and for a host without systemd', () => {
    const plan =
      (unit: UnitState, text = content) =>
      () =>
        systemdUnits.plan({ ...one, content: text }, { files: [ABSENT], states: [unit], all: tree() })
    expect(plan(gone, '[Service]\n')).toThrow('t-a.service cannot be enabled: its text has no [Install] section')
    expect(plan({ ...gone, load: 'masked' })).toThrow('t-a.service is masked')
    expect(plan({ ...gone, load: 'absent' })).toThrow('the host does not run systemd')
  })
})
