import { describe, expect, test } from 'vitest'
import type { Command } from '../../../engine/resource/command.ts'
import { TaskFailure } from '../../../engine/resource/module.ts'
import { ABSENT, type FileState, fileOf, type UnitState } from '../../../engine/resource/read.ts'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { systemd } from '../../../modules/systemd/systemd.ts'

type Want = Parameters<typeof systemd.plan>[0]

const LOADED: UnitState = {
  load: 'loaded',
  active: 'inactive',
  sub: 'dead',
  enabled: 'disabled',
  needsReload: false,
  fragment: '/lib/systemd/system/x.service',
  dropIns: [],
  mainPid: 0,
  activeSince: 0,
}
const ABSENT_UNIT = { ...LOADED, load: 'not-found', enabled: '', fragment: '' }
const MASKED = { ...LOADED, load: 'masked', enabled: 'masked', fragment: '/etc/systemd/system/x.service' }
const RUNNING = { ...LOADED, active: 'active', sub: 'running', enabled: 'enabled', mainPid: 7, activeSince: 8 }
const TEXT = '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n'

const text = (content: string) => fileOf(content, { mode: 0o644 })

function plan(
  want: Omit<Want, 'name'> & { name?: string },
  unit: UnitState,
  files: FileState[] = [],
  dropins: FileState[] = [],
) {
  const whole = { name: 'x', ...want }
  const file = want.content === undefined ? [] : [files[0] ?? ABSENT]
  return systemd.plan(whole, {
    unit: whole.name.includes('@.') || whole.name.endsWith('@') ? [] : [unit],
    own: files.slice(0, 1),
    file,
    dropins,
  })
}

/** Those by which systemd hears of links and files. */
function commands(changes: ReturnType<typeof plan>['changes']): string[] {
  return changes.flatMap((change) => {
    if (!['unmask', 'enable', 'disable', 'mask', 'reload'].includes(change.kind)) return []
    const leg = systemd.apply[change.kind] as (change: unknown, want: unknown) => Command
    return [leg(change, {}).text]
  })
}

describe('systemd plans', () => {
  test.each<[string, Omit<Want, 'name'>, UnitState, string[]]>([
    ['nothing when nothing is asked', {}, LOADED, []],
    ['nothing when it runs and is enabled', { state: 'started', enabled: true }, RUNNING, []],
    ['to start and enable what is down', { state: 'started', enabled: true }, LOADED, ['enable', 'start']],
    ['to stop and disable what is up', { state: 'stopped', enabled: false }, RUNNING, ['disable', 'stop']],
    ['nothing for a failed unit that shall be down', { state: 'stopped' }, { ...LOADED, active: 'failed' }, []],
    ['to start a failed unit', { state: 'started' }, { ...LOADED, active: 'failed' }, ['start']],
    [
      'to start a unit that crashes again and again',
      { state: 'started' },
      { ...LOADED, active: 'activating' },
      ['start'],
    ],
    ['to stop it too', { state: 'stopped' }, { ...LOADED, active: 'activating' }, ['stop']],
    ['nothing while it reloads', { state: 'started' }, { ...RUNNING, active: 'reloading' }, []],
    ['nothing about a link to nothing', { enabled: false }, { ...ABSENT_UNIT, linked: true }, []],
    [
      'to write what a link waits for',
      { content: TEXT, enabled: true },
      { ...ABSENT_UNIT, linked: true },
      ['write', 'reload'],
    ],
    [
      'to write what a link waits for and take the link away',
      { content: TEXT, enabled: false },
      { ...ABSENT_UNIT, linked: true },
      ['write', 'disable', 'reload'],
    ],
    ['nothing for an absent unit that shall be down', { state: 'stopped', enabled: false }, ABSENT_UNIT, []],
    ['to reload what has changed on disk', {}, { ...RUNNING, needsReload: true }, ['reload']],
    ['to mask an absent unit', { masked: true }, ABSENT_UNIT, ['mask']],
    [
      'to reload what runs and whose file came back',
      { state: 'started', enabled: true },
      { ...RUNNING, load: 'error' },
      ['reload'],
    ],
    ['nothing when it is masked', { masked: true }, MASKED, []],
    ['nothing when it is masked and asks for a reload', {}, { ...MASKED, needsReload: true }, []],
    ['nothing when it is not masked', { masked: false }, LOADED, []],
    [
      'to unmask, and then the rest',
      { masked: false, state: 'started', enabled: true },
      MASKED,
      ['unmask', 'enable', 'start'],
    ],
    ['to disable what a mask may have hidden', { masked: false, enabled: false }, MASKED, ['unmask', 'disable']],
    ['nothing for a static unit that shall not be enabled', { enabled: false }, { ...LOADED, enabled: 'static' }, []],
    ['nothing for an alias that shall be enabled', { enabled: true }, { ...LOADED, enabled: 'alias' }, []],
  ])('%s', (_, want, unit, kinds) => {
    expect(plan(want, unit).changes.map(({ kind }) => kind)).toEqual(kinds)
  })

  test('to write a new unit file, enable, tell systemd once, and start, in this order', () => {
    const { changes, reloadsSystemd } = plan({ content: TEXT, enabled: true, state: 'started' }, ABSENT_UNIT)
    expect(changes.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
      'write /etc/systemd/system/x.service',
      'enable x.service',
      'reload x.service as systemd holds it',
      'start x.service',
    ])
    expect(commands(changes)).toEqual(['systemctl --no-reload enable -- x.service', 'systemctl daemon-reload'])
    expect(reloadsSystemd).toBe(true)
  })

  test('nothing when the files are as asked', () => {
    const want = { content: TEXT, dropins: { a: 'a\n', b: null } }
    expect(plan(want, RUNNING, [text(TEXT)], [text('a\n'), ABSENT]).changes).toEqual([])
  })

  test('to write, empty and remove drop-ins, and to reload what runs', () => {
    const want = { dropins: { a: 'new\n', empty: '', gone: null } }
    const { changes } = plan(want, RUNNING, [], [text('old\n'), ABSENT, text('x')])
    expect(changes.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ['write', 'old\n', 'new\n'],
      ['write', undefined, ''],
      ['write', 'x', undefined],
      ['reload', 'changed on disk', 'loaded'],
    ])
  })

  test.each([
    ['to enable and reload what got an [Install] section', 'static', TEXT, ['enable', 'reload']],
    ['to refuse what lost it', 'disabled', '[Service]\n', undefined],
    ['to refuse what has none and was not there when systemd was first asked', '', '[Service]\n', undefined],
  ])('%s while it runs', (_, enabled, now, kinds) => {
    const unit = { ...RUNNING, enabled, needsReload: true }
    const planned = () => plan({ enabled: true }, unit, [text(now)]).changes.map(({ kind }) => kind)
    if (kinds) expect(planned()).toEqual(kinds)
    else expect(planned).toThrow('x.service cannot be enabled: it is static')
  })

  test('only files for a template, and a reload', () => {
    const { changes } = plan({ name: 'x@', content: TEXT }, LOADED)
    expect(changes.map(({ what }) => what)).toEqual([
      '/etc/systemd/system/x@.service',
      'x@.service as systemd holds it',
    ])
  })
})

describe('systemd foresees', () => {
  const foreseen = (want: Omit<Want, 'name'>, unit: UnitState) => plan(want, unit).after?.at(-1)?.state

  test('a new unit as the host will show it, but for its process and drop-ins that lie there already', () => {
    expect(foreseen({ content: TEXT, state: 'started', enabled: true }, ABSENT_UNIT)).toEqual({
      load: 'loaded',
      active: 'active',
      sub: 'running',
      enabled: 'enabled',
      needsReload: false,
      fragment: '/etc/systemd/system/x.service',
      linked: true,
      canReload: false,
    })
  })

  test('a unit without an [Install] section as static', () => {
    expect(foreseen({ content: '[Service]\n' }, ABSENT_UNIT)).toMatchObject({ load: 'loaded', enabled: 'static' })
  })

  test('drop-ins in the order of their names', () => {
    const unit = { ...LOADED, dropIns: ['/run/systemd/system/x.service.d/b.conf'] }
    const after = plan({ dropins: { c: '', a: '' } }, unit, [], [ABSENT, ABSENT]).after?.at(-1)?.state
    expect(after).toMatchObject({
      dropIns: [
        '/etc/systemd/system/x.service.d/a.conf',
        '/run/systemd/system/x.service.d/b.conf',
        '/etc/systemd/system/x.service.d/c.conf',
      ],
    })
  })

  test('that nobody knows what is beneath a mask', () => {
    expect(foreseen({ masked: false }, MASKED)).toBeInstanceOf(Unknown)
  })

  test('a timer that waits, and a service of unknown text that may run or have ended', () => {
    expect(plan({ name: 'x.timer', state: 'started' }, LOADED).after?.at(-1)?.state).toMatchObject({ sub: 'waiting' })
    expect(foreseen({ state: 'started' }, LOADED)).not.toHaveProperty('sub')
  })
})

describe('systemd fails in check mode already', () => {
  const ONESHOT = '[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=x\n'
  const own: UnitState = { ...LOADED, fragment: '/etc/systemd/system/x.service' }
  const link: FileState = { ...ABSENT, type: 'link', target: '/lib/systemd/system/y.service' }
  test.each<[string, Omit<Want, 'name'> & { name?: string }, UnitState, FileState[], string]>([
    ['an absent unit', { state: 'started' }, ABSENT_UNIT, [], 'the host has no unit x.service'],
    ['drop-ins of an absent unit', { dropins: { a: '' } }, ABSENT_UNIT, [], 'the host has no unit x.service'],
    ['a masked unit', { enabled: true }, MASKED, [], 'x.service is masked'],
    ['content of a masked unit', { content: TEXT }, MASKED, [], 'x.service is masked'],
    [
      'a broken unit',
      { state: 'started' },
      { ...LOADED, load: 'bad-setting' },
      [],
      'systemd cannot load x.service: bad-setting',
    ],
    [
      'no systemd',
      {},
      { ...LOADED, load: 'absent' },
      [],
      'the host does not run systemd, so x.service cannot be managed',
    ],
    [
      'enabling a static unit',
      { enabled: true },
      { ...LOADED, enabled: 'static' },
      [],
      'x.service cannot be enabled: it is static',
    ],
    [
      'enabling without [Install]',
      { content: '[Service]\n', enabled: true },
      ABSENT_UNIT,
      [],
      'x.service cannot be enabled: its unit file has no [Install] section',
    ],
    [
      'starting what ends at once',
      { content: ONESHOT, state: 'started' },
      ABSENT_UNIT,
      [],
      'x.service is never up for long: a oneshot service ends when its command has ended',
    ],
    [
      'masking and starting',
      { masked: true, state: 'started' },
      LOADED,
      [],
      'x.service cannot be masked and yet be started or enabled',
    ],
    [
      'masking a unit with a file of its own',
      { masked: true },
      own,
      [],
      'x.service cannot be masked: its own file /etc/systemd/system/x.service is in the way',
    ],
    [
      'a link in the way',
      { content: TEXT },
      LOADED,
      [link],
      '/etc/systemd/system/x.service is a link, not a file of its own',
    ],
    [
      'starting a template',
      { name: 'x@', state: 'started' },
      LOADED,
      [],
      'x@.service is a template: only its files can be managed',
    ],
  ])('for %s', (_, want, unit, files, message) => {
    const dropins = Object.keys(want.dropins ?? {}).map(() => ABSENT)
    expect(() => plan(want, unit, files, dropins)).toThrow(message)
    expect(() => plan(want, unit, files, dropins)).toThrow(TaskFailure)
  })

  test.each<[string, Omit<Want, 'name'>, UnitState]>([
    ['writes the unit file that is missing', { content: TEXT, state: 'started' }, ABSENT_UNIT],
    ['writes the unit file that is broken', { content: TEXT, state: 'started' }, { ...LOADED, load: 'bad-setting' }],
    ['unmasks', { content: TEXT, masked: false }, MASKED],
    ['gives a static unit its [Install] section', { content: TEXT, enabled: true }, { ...LOADED, enabled: 'static' }],
  ])('but not when it %s', (_, want, unit) => {
    const masked: FileState[] = unit === MASKED ? [{ ...ABSENT, type: 'link', target: '/dev/null' }] : []
    expect(plan(want, unit, masked).changes.length).toBeGreaterThan(0)
  })
})

test.each([
  ['x', ['unit:x.service']],
  ['x@a', ['unit:x@a.service']],
  ['x.timer', ['unit:x.timer']],
  ['x@', []],
  ['x@.timer', []],
])('%s is asked for as %j, since systemd knows no templates', (name, keys) => {
  expect(systemd.reads({ name }).unit.map(({ key }) => key)).toEqual(keys)
})
