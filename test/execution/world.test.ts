import { describe, expect, test } from 'vitest'
import { straighten } from '../../engine/execution/straighten.ts'
import { World } from '../../engine/execution/world.ts'
import { ABSENT, type AnyRead, type FileState, fileOf, predict, read } from '../../engine/resource/read.ts'

const linkTo = (target: string): FileState => ({ ...ABSENT, type: 'link', mode: 0o777, target })
const saw = (world: World, states: Record<string, FileState>) => {
  const reads = Object.keys(states).map((path): AnyRead => read.file(path))
  const seen = new Map(reads.map(({ key }) => [key, { state: states[key.slice('file:'.length)] }]))
  world.keep(reads, seen, '', 9)
}
const gathered = (world: World, path: string) => world.gather({ file: read.file(path) }, '', 0)

test.each([
  { path: '/a/b', links: {}, real: '/a/b' },
  { path: '/cur/f', links: { '/cur': 'v1' }, real: '/v1/f' },
  { path: '/d/cur/f', links: { '/d/cur': '../v1' }, real: '/v1/f' },
  { path: '/d/cur/e/f', links: { '/d/cur': '/v/1', '/v/1/e': '..' }, real: '/v/f' },
  { path: '/cur', links: { '/cur': 'v1' }, real: '/cur' },
  { path: '/cur/f', links: { '/cur': 'cur' }, real: '/cur/f' },
  { path: '/', links: {}, real: '/' },
])('$path is $real behind $links', ({ path, links, real }) => {
  expect(straighten(path, (at) => (links as Record<string, string>)[at])).toBe(real)
})

describe('a file behind a link', () => {
  const file = fileOf('new\n', { mode: 0o644 })

  test('is foreseen by either way to it', () => {
    const world = new World('a')
    saw(world, { '/cur': linkTo('v1'), '/cur/f': ABSENT })
    world.foresee(predict(read.file('/cur/f'), file), '', 0)
    expect(gathered(world, '/v1/f')).toEqual({ kind: 'results', results: { file } })
    expect(gathered(world, '/cur/f')).toEqual({ kind: 'results', results: { file } })
  })

  test('is looked at where it is while the link is only foreseen', () => {
    const world = new World('a')
    saw(world, { '/cur': ABSENT, '/cur/f': ABSENT })
    world.foresee(predict(read.status('/cur'), linkTo('v1')), '', 0)
    expect(gathered(world, '/cur/f')).toEqual({ kind: 'missing', reads: [read.file('/v1/f')] })
    saw(world, { '/v1/f': file })
    expect(gathered(world, '/cur/f')).toEqual({ kind: 'results', results: { file } })
  })

  test('is foreseen behind two links that were seen on the way as it is written', () => {
    const world = new World('a')
    saw(world, { '/x': linkTo('real'), '/x/cur': linkTo('y'), '/x/cur/f': ABSENT, '/x/y/f': ABSENT })
    world.foresee(predict(read.file('/x/cur/f'), file), '', 0)
    expect(gathered(world, '/x/y/f')).toEqual({ kind: 'results', results: { file } })
  })

  test('is in the tree of its folder by the path that was asked', () => {
    const world = new World('a')
    saw(world, { '/x': linkTo('real'), '/x/y/f': ABSENT })
    world.keep([read.tree('/x/y')], new Map([['tree:/x/y', { state: { entries: [] } }]]), '', 9)
    world.foresee(predict(read.file('/x/y/f'), file), '', 0)
    expect(world.gather({ tree: read.tree('/x/y') }, '', 0)).toMatchObject({
      results: { tree: { entries: [{ path: '/x/y/f' }] } },
    })
  })

  test('is foreseen behind links that were seen by other ways', () => {
    const world = new World('a')
    saw(world, { '/x': linkTo('real'), '/x/cur': linkTo('y'), '/x/y': linkTo('../real'), '/x/cur/f': ABSENT })
    world.foresee(predict(read.file('/x/cur/f'), file), '', 0)
    saw(world, { '/x/y/f': ABSENT })
    expect(gathered(world, '/x/y/f')).toEqual({ kind: 'results', results: { file } })
  })

  test('needs no other look when the link is there', () => {
    const world = new World('a')
    saw(world, { '/cur': linkTo('v1'), '/cur/f': file })
    expect(gathered(world, '/cur/f')).toEqual({ kind: 'results', results: { file } })
  })
})

describe('a folder that is a link', () => {
  const folder = (rest: Partial<FileState> = {}): FileState => ({ ...ABSENT, type: 'directory', mode: 0o755, ...rest })
  const asked = (world: World, path: string) => world.gather({ folder: read.folder(path) }, '', 0)
  const sawBehind = (world: World, path: string, state: FileState) => {
    const look = read.folder(path)
    world.keep([look], new Map([[look.key, { state }]]), '', 9)
  }

  test('is asked for together with what it leads to', () => {
    expect(asked(new World('a'), '/cur')).toEqual({
      kind: 'missing',
      reads: [read.status('/cur'), read.folder('/cur')],
    })
  })

  test('shows what it leads to, and a plain folder itself', () => {
    const world = new World('a')
    saw(world, { '/cur': linkTo('v1'), '/v2': folder() })
    sawBehind(world, '/cur', folder({ mode: 0o2775 }))
    sawBehind(world, '/v2', folder())
    const behind = folder({ mode: 0o2775 })
    expect(asked(world, '/cur')).toEqual({ kind: 'results', results: { folder: { ...linkTo('v1'), behind } } })
    expect(asked(world, '/v2')).toEqual({ kind: 'results', results: { folder: folder() } })
  })

  test('shows what it will lead to', () => {
    const world = new World('a')
    saw(world, { '/cur': linkTo('v1') })
    sawBehind(world, '/cur', ABSENT)
    world.foresee(predict(read.status('/v1'), folder()), '', 0)
    expect(asked(world, '/cur')).toMatchObject({ results: { folder: { type: 'link', behind: { type: 'directory' } } } })
  })

  test('is looked at where it will lead to while the link is only foreseen', () => {
    const world = new World('a')
    saw(world, { '/cur': ABSENT })
    world.foresee(predict(read.status('/cur'), linkTo('v1')), '', 0)
    expect(asked(world, '/cur')).toEqual({ kind: 'missing', reads: [read.status('/cur'), read.status('/v1')] })
    saw(world, { '/v1': folder() })
    expect(asked(world, '/cur')).toMatchObject({ results: { folder: { behind: { type: 'directory' } } } })
  })

  test('is forgotten when what it leads to changes', () => {
    const world = new World('a')
    saw(world, { '/cur': linkTo('v1') })
    sawBehind(world, '/cur', folder())
    expect(world.forget(0, [read.status('/v1')])).toEqual(new Map([['', [read.folder('/cur')]]]))
  })
})

test('what is behind a link is forgotten when the folder that it leads to goes', () => {
  const world = new World('a')
  saw(world, { '/cur': linkTo('v1'), '/cur/f': fileOf('', { mode: 0o644 }) })
  expect(world.forget(0, [read.status('/v1')])).toEqual(new Map([['', [read.file('/cur/f')]]]))
})

test('what the account that logs in makes is foreseen as its own', () => {
  const world = new World('a')
  world.keep([read.file('/f')], new Map([['file:/f', { state: ABSENT }]]), '', 9)
  const file = predict(read.file('/f'), fileOf('', { mode: 0o644 }))
  expect(world.asMadeBy('', file, 0)).toBe(file)
  world.know('', { account: 'ops', group: 'staff' })
  expect(world.asMadeBy('', file, 0)).toMatchObject({ state: { owner: 'ops', group: 'staff' } })
  world.know('', { account: 'root', group: 'root' })
  expect(world.asMadeBy('', file, 0)).toBe(file)
})

test('what another account makes is foreseen as its own', () => {
  const world = new World('a')
  world.keep([read.file('/f')], new Map([['file:/f', { state: ABSENT }]]), 'sudo ann', 9)
  const file = predict(read.file('/f'), fileOf('', { mode: 0o644 }))
  expect(world.asMadeBy('sudo ann', file, 0)).toMatchObject({ state: { owner: 'ann', group: 'ann' } })
  expect(world.asMadeBy('sudo root', file, 0)).toBe(file)
})
