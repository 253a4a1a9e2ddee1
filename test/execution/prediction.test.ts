import { describe, expect, test } from 'vitest'
import { Predictions } from '../../engine/execution/prediction.ts'
import {
  ABSENT,
  type FileState,
  fileOf,
  predict,
  predictSome,
  read,
  type UnitState,
} from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'

const folder: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }
const seen = (state: unknown) => ({ state })
const unit: UnitState = {
  load: 'loaded',
  active: 'active',
  sub: 'running',
  enabled: 'enabled',
  needsReload: false,
  fragment: '/x',
  dropIns: [],
  mainPid: 1,
  activeSince: 1,
}

describe('a predicted file', () => {
  test('is what was predicted, whatever was seen', () => {
    const predictions = new Predictions()
    predictions.add(predict(read.file('/f'), fileOf('new', { mode: 0o600 })), seen(ABSENT))
    expect(predictions.answer(read.file('/f'), undefined)).toMatchObject({
      state: { content: Buffer.from('new'), mode: 0o600 },
    })
    expect(predictions.answer(read.digest('/f'), undefined)).toMatchObject({
      state: { sha256: expect.stringMatching(/^11507a0e/) },
    })
  })

  test('keeps the content that was seen when only its mode is predicted', () => {
    const predictions = new Predictions()
    const now = fileOf('same', { mode: 0o644 })
    const { content: _, ...status } = now
    predictions.add(predict(read.status('/f'), { ...status, mode: 0o600 }), seen(status))
    expect(predictions.answer(read.file('/f'), undefined)).toBeUndefined()
    expect(predictions.answer(read.file('/f'), seen(now))).toMatchObject({
      state: { mode: 0o600, content: Buffer.from('same') },
    })
  })

  test('keeps predicted content under a later prediction of its mode', () => {
    const predictions = new Predictions()
    predictions.add(predict(read.file('/f'), fileOf('text', { mode: 0o644 })), seen(ABSENT))
    predictions.add(
      predictSome(read.status('/f'), { type: 'file', mode: 0o600 }),
      predictions.answer(read.status('/f'), undefined),
    )
    expect(predictions.answer(read.file('/f'), undefined)).toMatchObject({
      state: { mode: 0o600, content: Buffer.from('text') },
    })
  })

  test('is unknown to those who ask for content that only the run can tell', () => {
    const predictions = new Predictions()
    predictions.add(predict(read.file('/key'), new Unknown('the key')), seen(ABSENT))
    expect(predictions.answer(read.file('/key'), seen(ABSENT))).toEqual(new Unknown('the key'))
  })

  test('that agrees with what is there is no prediction', () => {
    const predictions = new Predictions()
    predictions.add(predict(read.file('/f'), fileOf('same', { mode: 0o644 })), seen(fileOf('same', { mode: 0o644 })))
    expect(predictions.size).toBe(0)
  })
})

describe('a folder', () => {
  test('that goes takes what is below it along, and comes back empty', () => {
    const predictions = new Predictions()
    const below = seen(fileOf('x', { mode: 0o644 }))
    predictions.add(predict(read.status('/d'), ABSENT), seen(folder))
    expect(predictions.answer(read.file('/d/e/f'), below)).toEqual({ state: ABSENT })
    predictions.add(predict(read.status('/d'), folder), predictions.answer(read.status('/d'), seen(folder)))
    expect(predictions.answer(read.file('/d/e/f'), below)).toEqual({ state: ABSENT })
    expect(predictions.answer(read.file('/de'), below)).toEqual(below)
  })

  test('lists what is predicted below it', () => {
    const predictions = new Predictions()
    const real = seen({ entries: [{ path: '/d/old', type: 'file', mode: 0o644, owner: 'root', group: 'root' }] })
    predictions.add(predict(read.status('/d/old'), ABSENT), seen(fileOf('', { mode: 0o644 })))
    predictions.add(predict(read.file('/d/new'), fileOf('x', { mode: 0o600 })), seen(ABSENT))
    expect(predictions.answer(read.tree('/d'), real)).toEqual({
      state: { entries: [{ path: '/d/new', type: 'file', mode: 0o600, owner: 'root', group: 'root' }] },
    })
  })
})

describe('a unit', () => {
  const write = (text: string) => predict(read.file('/etc/systemd/system/u.service'), fileOf(text, { mode: 0o644 }))
  const notFound = { ...unit, load: 'not-found', active: 'inactive', enabled: '', fragment: '' }
  const absent = seen(notFound)

  test.each([
    ['[Install]\nWantedBy=x\n', 'disabled'],
    ['[Service]\n', 'static'],
  ])('whose file is written is found, stopped and by its [Install] section %j %s', (text, enabled) => {
    const predictions = new Predictions()
    predictions.add(write(text), seen(ABSENT))
    expect(predictions.answer(read.unit('u.service'), absent)).toMatchObject({
      state: { load: 'loaded', active: 'inactive', enabled, needsReload: false },
    })
  })

  test('whose file comes back to a link that has stayed is enabled', () => {
    const predictions = new Predictions()
    predictions.add(write('[Install]\nWantedBy=x\n'), seen(ABSENT))
    expect(predictions.answer(read.unit('u.service'), seen({ ...notFound, linked: true }))).toMatchObject({
      state: { enabled: 'enabled' },
    })
  })

  test('that is enabled and whose file goes is gone once systemd is told', () => {
    const predictions = new Predictions()
    predictions.add(predict(read.file('/etc/systemd/system/u.service'), ABSENT), seen(fileOf('', { mode: 0o644 })))
    const enabled = seen({ ...unit, active: 'inactive', enabled: 'enabled' })
    expect(predictions.answer(read.unit('u.service'), enabled)).toMatchObject({
      state: { load: 'loaded', enabled: 'enabled', needsReload: true },
    })
    predictions.reloadsSystemd()
    expect(predictions.answer(read.unit('u.service'), enabled)).toMatchObject({
      state: { load: 'not-found', enabled: '', needsReload: false },
    })
  })

  test.each([
    ['[Service]\nExecReload=/bin/true\n', true],
    ['[Service]\nType=notify-reload\n', true],
    ['[Service]\nExecReload=\n', false],
  ])('whose file is written can be reloaded as %j says: %s', (text, canReload) => {
    const predictions = new Predictions()
    predictions.add(write(text), seen(ABSENT))
    expect(predictions.answer(read.unit('u.service'), absent)).toMatchObject({ state: { canReload } })
  })

  test('that gets an [Install] section can be enabled', () => {
    const predictions = new Predictions()
    predictions.add(write('[Install]\nWantedBy=x\n'), seen(fileOf('', { mode: 0o644 })))
    const now = seen({ ...unit, active: 'inactive', enabled: 'static' })
    expect(predictions.answer(read.unit('u.service'), now)).toMatchObject({
      state: { enabled: 'disabled', needsReload: false },
    })
  })

  test('that runs and whose file comes back is an error until systemd is told', () => {
    const predictions = new Predictions()
    const orphan = seen({ ...unit, load: 'not-found', enabled: '', fragment: '' })
    predictions.add(write('[Service]\n'), seen(ABSENT))
    expect(predictions.answer(read.unit('u.service'), orphan)).toMatchObject({ state: { load: 'error' } })
    predictions.reloadsSystemd()
    expect(predictions.answer(read.unit('u.service'), orphan)).toMatchObject({ state: { load: 'loaded' } })
  })

  test('that runs asks for a reload when its file or a drop-in changes, until that is predicted too', () => {
    const predictions = new Predictions()
    predictions.add(
      predict(read.file('/etc/systemd/system/u.service.d/x.conf'), fileOf('x', { mode: 0o644 })),
      seen(ABSENT),
    )
    const stale = predictions.answer(read.unit('u.service'), seen(unit))
    expect(stale).toMatchObject({ state: { needsReload: true } })
    predictions.add(predictSome(read.unit('u.service'), { needsReload: false }), stale)
    expect(predictions.answer(read.unit('u.service'), seen(unit))).toMatchObject({ state: { needsReload: false } })
    predictions.add(write('changed'), seen(fileOf('old', { mode: 0o644 })))
    expect(predictions.answer(read.unit('u.service'), seen(unit))).toMatchObject({ state: { needsReload: true } })
  })
})

describe('units that are instances of a template', () => {
  const template = predict(read.file('/etc/systemd/system/t@.service'), fileOf('[Install]\n', { mode: 0o644 }))
  const dropin = predict(read.file('/etc/systemd/system/t@.service.d/x.conf'), fileOf('x', { mode: 0o644 }))
  const absent = seen({ ...unit, load: 'not-found', active: 'inactive', enabled: '', fragment: '' })

  test('are found when the template is written', () => {
    const predictions = new Predictions()
    predictions.add(template, seen(ABSENT))
    expect(predictions.answer(read.unit('t@one.service'), absent)).toMatchObject({
      state: { load: 'loaded', enabled: 'disabled', fragment: '/etc/systemd/system/t@.service', needsReload: false },
    })
    expect(predictions.answer(read.unit('other@one.service'), absent)).toMatchObject({ state: { load: 'not-found' } })
  })

  test('ask for a reload when they run and a drop-in of the template changes, until systemd reads its files anew', () => {
    const predictions = new Predictions()
    predictions.add(dropin, seen(ABSENT))
    expect(predictions.answer(read.unit('t@one.service'), seen(unit))).toMatchObject({ state: { needsReload: true } })
    predictions.reloadsSystemd()
    expect(predictions.answer(read.unit('t@one.service'), seen(unit))).toMatchObject({ state: { needsReload: false } })
    predictions.add(template, seen(ABSENT))
    expect(predictions.answer(read.unit('t@one.service'), seen(unit))).toMatchObject({ state: { needsReload: true } })
  })
})

test('what apt offers for a package that is predicted to go is still what a look has seen', () => {
  const predictions = new Predictions()
  const installed = { installed: true, version: '1', held: false, candidate: '' }
  const absent = { installed: false, version: '', held: false }
  predictions.add(predictSome(read.package('p'), absent), seen(installed))
  expect(predictions.answer(read.package('p', { candidate: true }), undefined)).toBeUndefined()
  expect(predictions.answer(read.package('p', { candidate: true }), seen({ ...installed, candidate: '2' }))).toEqual(
    seen({ ...absent, candidate: '2' }),
  )
})

test('a unit whose file is gone is lost when another one has systemd read its files anew', () => {
  const predictions = new Predictions()
  predictions.reloadsSystemd()
  const bereft = seen({ ...unit, needsReload: true, fileGone: true })
  const { state } = predictions.answer(read.unit('u.service'), bereft) as { state: UnitState }
  expect(state).toMatchObject({ load: 'not-found', enabled: '', fragment: '', needsReload: false, active: unit.active })
  expect(state.fileGone).toBeUndefined()
})

test('no unit asks for a reload any more once another one has had systemd read its files anew', () => {
  const predictions = new Predictions()
  predictions.reloadsSystemd()
  const stale = seen({ ...unit, needsReload: true })
  expect(predictions.answer(read.unit('u.service'), stale)).toMatchObject({ state: { needsReload: false } })
})

describe('what an installation may bring along', () => {
  test('is unknown when absent, and itself when there', () => {
    const predictions = new Predictions()
    predictions.brings('the package nginx')
    expect(predictions.answer(read.account('www'), seen({ present: false }))).toBeInstanceOf(Unknown)
    expect(predictions.answer(read.file('/etc/nginx.conf'), seen(ABSENT))).toBeInstanceOf(Unknown)
    expect(predictions.answer(read.status('/etc'), seen(folder))).toEqual(seen(folder))
  })
})

test('what a command makes or removes leaves unknown the folders that it takes and what is below, until that is predicted', () => {
  const predictions = new Predictions()
  const folder = { ...ABSENT, type: 'directory' as const, mode: 0o755 }
  predictions.acts('/srv/a/b')
  expect(predictions.answer(read.status('/srv'), seen(folder))).toEqual(seen(folder))
  expect(predictions.answer(read.status('/srv/a'), seen(ABSENT))).toBeInstanceOf(Unknown)
  expect(predictions.answer(read.status('/srv/a/b/c'), seen(ABSENT))).toBeInstanceOf(Unknown)
  expect(predictions.answer(read.status('/srv/a/bc'), seen(ABSENT))).toEqual(seen(ABSENT))
  predictions.add(predict(read.status('/srv/a'), folder), undefined)
  expect(predictions.answer(read.status('/srv/a'), seen(ABSENT))).toEqual(seen(folder))
})

test('a fork sees what its parent predicts and keeps its own', () => {
  const parent = new Predictions()
  parent.add(predict(read.file('/a'), fileOf('a', { mode: 0o644 })), seen(ABSENT))
  const fork = new Predictions(parent)
  fork.add(predict(read.file('/b'), fileOf('b', { mode: 0o644 })), seen(ABSENT))
  expect(fork.answer(read.file('/a'), undefined)).toMatchObject({ state: { type: 'file' } })
  expect(parent.answer(read.file('/b'), undefined)).toBeUndefined()
})
