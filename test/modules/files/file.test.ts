import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf, type TreeState } from '../../../engine/resource/read.ts'
import { file } from '../../../modules/files/file.ts'

type Want = Parameters<typeof file.plan>[0]

const root = { owner: 'root', group: 'root', size: 0 }
const folder = (mode = 0o755, rest: Partial<FileState> = {}): FileState => ({
  ...root,
  type: 'directory',
  mode,
  ...rest,
})
const plain = (mode = 0o644, rest: Partial<FileState> = {}): FileState => ({ ...fileOf('x', { mode }), ...rest })
const link = (target: string): FileState => ({ ...root, type: 'link', mode: 0o777, target })
const present = { present: true } as never
const missing = { present: false } as never

function plan(want: Omit<Want, 'path'> & { path?: string }, target: FileState, rest: Record<string, unknown> = {}) {
  const have = { target, above: [folder()], below: [], accounts: [], groups: [], ...rest }
  return file.plan({ path: '/srv/x', ...want } as Want, have as never)
}

function sides(want: Parameters<typeof plan>[0], target: FileState, rest?: Record<string, unknown>): string[] {
  return plan(want, target, rest).changes.map(({ kind, what, from, to }) => `${kind} ${what}: ${from} -> ${to}`)
}

describe('a directory', () => {
  test.each<{ title: string; want: Omit<Want, 'path'>; target: FileState; expected: string[] }>([
    { title: 'that is there needs nothing', want: {}, target: folder(), expected: [] },
    { title: 'keeps a mode that was not asked for', want: {}, target: folder(0o2770), expected: [] },
    {
      title: 'is made when absent',
      want: {},
      target: ABSENT,
      expected: ['directory /srv/x: undefined -> directory 0755'],
    },
    {
      title: 'is made with its mode and owner',
      want: { mode: '0750', owner: 'app', group: 'app' },
      target: ABSENT,
      expected: ['directory /srv/x: undefined -> directory 0750 app:app'],
    },
    {
      title: 'gets another mode',
      want: { mode: '0700' },
      target: folder(),
      expected: ['mode of /srv/x'].map((what) => `mode ${what}: 0755 -> 0700`),
    },
    { title: 'has the mode 0000 when it shall', want: { mode: '0000' }, target: folder(0), expected: [] },
    {
      title: 'loses a setgid bit that octal digits do not name',
      want: { mode: '0755' },
      target: folder(0o2755),
      expected: ['mode mode of /srv/x: 2755 -> 0755'],
    },
    { title: 'keeps it with a symbolic mode', want: { mode: 'u=rwx,go=rx' }, target: folder(0o2755), expected: [] },
  ])('$title', ({ want, target, expected }) => {
    expect(sides({ state: 'directory', ...want }, target, { accounts: [present], groups: [present] })).toEqual(expected)
  })

  test('brings the folders above along, the highest first, with its own owner and mode', () => {
    const above = [ABSENT, ABSENT, folder()]
    const { changes, after } = plan({ path: '/srv/a/b/c', state: 'directory', mode: '0700' }, ABSENT, { above })
    expect(changes.map(({ what, to }) => `${what} ${to}`)).toEqual([
      '/srv/a directory 0700',
      '/srv/a/b directory 0700',
      '/srv/a/b/c directory 0700',
    ])
    expect(after?.map(({ read }) => read.key)).toEqual(['file:/srv/a', 'file:/srv/a/b', 'file:/srv/a/b/c'])
  })

  test('inherits group and setgid bit from the folder that it is made in, and hands them on', () => {
    const above = [ABSENT, folder(0o2775, { group: 'staff' })]
    const { after } = plan({ path: '/srv/a/b', state: 'directory' }, ABSENT, { above })
    for (const { state } of after ?? []) expect(state).toMatchObject({ mode: 0o2755, owner: 'root', group: 'staff' })
  })

  test('is made with five digits, since mkdir keeps an inherited setgid bit when it sees four', () => {
    const { changes } = plan({ state: 'directory', mode: '0700' }, ABSENT)
    expect(changes.map((change) => file.apply.directory(change as never, {} as never))).toMatchObject([
      { text: '{ mkdir -m 00700 -- /srv/x\n}' },
    ])
  })
})

describe('what stands in the way is a failure that says what to do', () => {
  test.each<{ title: string; want: Omit<Want, 'path'>; target: FileState; above?: FileState[]; message: string }>([
    {
      title: 'file for directory',
      want: { state: 'directory' },
      target: plain(),
      message: '/srv/x is a file, not a directory',
    },
    {
      title: 'link for directory',
      want: { state: 'directory' },
      target: link('/y'),
      message: '/srv/x is a link to /y, not a directory',
    },
    {
      title: 'directory for file',
      want: { state: 'file' },
      target: folder(),
      message: '/srv/x is a directory, not a file',
    },
    {
      title: 'link for file',
      want: { state: 'file' },
      target: link('/y'),
      message: '/srv/x is a link to /y, not a file',
    },
    {
      title: 'directory for touch',
      want: { state: 'touch' },
      target: folder(),
      message: '/srv/x is a directory, not a file',
    },
    {
      title: 'directory for link',
      want: { state: 'link', src: 'y', force: true },
      target: folder(),
      message: '/srv/x is a directory, not a link',
    },
    {
      title: 'file for link',
      want: { state: 'link', src: 'y' },
      target: plain(),
      message: '/srv/x is a file, not a link',
    },
    { title: 'nothing for file', want: { state: 'file' }, target: ABSENT, message: '/srv/x does not exist' },
    { title: 'nothing at all', want: { mode: '0644' }, target: ABSENT, message: '/srv/x does not exist' },
    {
      title: 'no folder for touch',
      want: { state: 'touch' },
      target: ABSENT,
      above: [ABSENT],
      message: 'the folder /srv does not exist',
    },
    {
      title: 'no folder for link',
      want: { state: 'link', src: 'y' },
      target: ABSENT,
      above: [ABSENT],
      message: 'the folder /srv does not exist',
    },
    {
      title: 'a file as folder',
      want: { state: 'directory' },
      target: ABSENT,
      above: [plain()],
      message: '/srv is a file, so there can be no folder in it',
    },
    {
      title: 'a link to nothing as folder',
      want: { state: 'directory' },
      target: ABSENT,
      above: [{ ...link('/y'), behind: ABSENT }],
      message: '/srv is a link to /y, where no folder is',
    },
    ...(['file', 'directory', 'touch', 'link', 'absent'] as const).map((state) => ({
      title: `a link of another as folder, for ${state}`,
      want: state === 'link' ? { state, src: 'z' } : { state, mode: '0600' },
      target: state === 'link' ? link('/y') : state === 'directory' ? folder() : plain(),
      above: [{ ...link('/y'), owner: 'eve', behind: folder() }],
      message: '/srv is a link of eve to /y, a folder of root',
    })),
    {
      title: 'a mode for a link',
      want: { mode: '0644' },
      target: link('/y'),
      message: '/srv/x is a link to /y, not a file or directory',
    },
  ])('$title', ({ want, target, above, message }) => {
    expect(() => plan(want, target, above ? { above } : {})).toThrow(message)
  })

  test('no link as folder that is root’s, or leads to what is its owner’s own', () => {
    const own = { ...link('/y'), owner: 'eve', behind: folder(0o755, { owner: 'eve' }) }
    for (const above of [own, { ...link('/y'), behind: own.behind }])
      expect(plan({ state: 'touch' }, ABSENT, { above: [above] }).changes).toHaveLength(1)
  })

  test('an owner that the host does not have', () => {
    const unknown = { accounts: [missing] }
    expect(() => plan({ state: 'directory', owner: 'app' }, folder(), unknown)).toThrow('the host has no account app')
    expect(() => plan({ state: 'touch', owner: 'app' }, ABSENT, unknown)).toThrow('the host has no account app')
    expect(plan({ owner: 'app' }, folder(0o755, { owner: 'app' }), unknown).changes).toEqual([])
  })

  test('the root of the file system is never removed', () => {
    expect(() => plan({ path: '/./', state: 'absent' }, folder())).toThrow('cannot be removed')
  })
})

describe('a file', () => {
  test.each<{ title: string; want: Omit<Want, 'path'>; target: FileState; expected: string[] }>([
    { title: 'that is there needs nothing', want: { state: 'file' }, target: plain(), expected: [] },
    { title: 'touched twice needs nothing', want: { state: 'touch' }, target: plain(), expected: [] },
    {
      title: 'is touched into being',
      want: { state: 'touch' },
      target: ABSENT,
      expected: ['touch /srv/x: undefined -> empty file'],
    },
    {
      title: 'becomes executable by u+x',
      want: { mode: 'u+x' },
      target: plain(),
      expected: ['mode mode of /srv/x: 0644 -> 0744'],
    },
    { title: 'with u+x already needs nothing', want: { mode: 'u+x' }, target: plain(0o744), expected: [] },
    {
      title: 'gets a group',
      want: { group: 'adm' },
      target: plain(),
      expected: ['owner owner of /srv/x: root:root -> root:adm'],
    },
    { title: 'that is absent shall be absent', want: { state: 'absent' }, target: ABSENT, expected: [] },
    { title: 'is removed', want: { state: 'absent' }, target: plain(), expected: ['remove /srv/x: file -> undefined'] },
    {
      title: 'that is a link is removed, not its target',
      want: { state: 'absent' },
      target: link('/y'),
      expected: ['remove /srv/x: link to /y -> undefined'],
    },
    {
      title: 'that is a tree is removed with all of it',
      want: { state: 'absent' },
      target: folder(),
      expected: ['remove-tree /srv/x: directory with everything below it -> undefined'],
    },
    {
      title: 'of a device kind can be given away',
      want: { owner: 'app' },
      target: { ...root, type: 'other', mode: 0o600 },
      expected: ['owner owner of /srv/x: root:root -> app:root'],
    },
  ])('$title', ({ want, target, expected }) => {
    expect(sides(want, target, { accounts: [present], groups: [present] })).toEqual(expected)
  })

  test('gets its setuid bit back when it is given away', () => {
    const [change] = plan({ owner: 'app' }, plain(0o4755), { accounts: [present] }).changes
    const { text } = file.apply.owner(change as never, {} as never) as { text: string }
    expect(text).toContain('chown -h -- app:root /srv/x')
    expect(text.indexOf('chmod 04755 -- /srv/x')).toBeGreaterThan(text.indexOf('chown'))
  })
})

describe('a link', () => {
  test.each<{ title: string; want: Omit<Want, 'path'>; target: FileState; expected: string[] }>([
    { title: 'that points there needs nothing', want: { src: 'y' }, target: link('y'), expected: [] },
    { title: 'is made', want: { src: 'y' }, target: ABSENT, expected: ['link /srv/x: undefined -> y'] },
    { title: 'is turned', want: { src: 'y' }, target: link('z'), expected: ['link /srv/x: z -> y'] },
    {
      title: 'takes the place of a file by force',
      want: { src: 'y', force: true },
      target: plain(),
      expected: ['link /srv/x: file -> y'],
    },
    {
      title: 'is given away itself',
      want: { src: 'y', owner: 'app' },
      target: link('y'),
      expected: ['owner owner of /srv/x: root:root -> app:root'],
    },
  ])('$title', ({ want, target, expected }) => {
    expect(sides({ state: 'link', ...want }, target, { accounts: [present] })).toEqual(expected)
  })
})

describe('everything below a directory', () => {
  const entry = (path: string, type: FileState['type'], mode: number, owner = 'root') => ({
    path,
    type,
    mode,
    owner,
    group: 'root',
  })
  const below = (...entries: ReturnType<typeof entry>[]): [TreeState] => [{ entries }]
  const want = { state: 'directory', recurse: true, owner: 'app', mode: 'u=rwX,go=rX' } as const
  const known = { accounts: [present] }

  test('needs nothing when it is as it shall be, or when nothing is there', () => {
    const target = folder(0o755, { owner: 'app' })
    const tree = below(entry('/srv/x/a', 'file', 0o644, 'app'), entry('/srv/x/d', 'directory', 0o755, 'app'))
    expect(plan(want, target, { ...known, below: tree }).changes).toEqual([])
    expect(plan(want, target, { ...known, below: below() }).changes).toEqual([])
  })

  test('is one change in the order of names that tells files from folders, and leaves the mode of links alone', () => {
    const tree = below(
      entry('/srv/x/run', 'file', 0o700),
      entry('/srv/x/a', 'file', 0o600, 'app'),
      entry('/srv/x/d', 'directory', 0o700),
      entry('/srv/x/l', 'link', 0o777),
      entry('/srv/x/ok', 'file', 0o644, 'app'),
    )
    const { changes, after } = plan(want, folder(0o755, { owner: 'app' }), { ...known, below: tree })
    expect(changes).toMatchObject([
      {
        kind: 'below',
        from: '/srv/x/a app:root 0600\n/srv/x/d root:root 0700\n/srv/x/l root:root 0777\n/srv/x/run root:root 0700\n',
        to: '/srv/x/a app:root 0644\n/srv/x/d app:root 0755\n/srv/x/l app:root 0777\n/srv/x/run app:root 0755\n',
      },
    ])
    expect(after?.map(({ read }) => read.key)).toEqual([
      'file:/srv/x',
      'tree:/srv/x',
      ...['a', 'd', 'l', 'run'].map((name) => `file:/srv/x/${name}`),
    ])
  })

  test('keeps its setuid bits', () => {
    const tree = below(entry('/srv/x/su', 'file', 0o4755))
    const [change] = plan({ ...want, mode: undefined } as never, folder(0o755, { owner: 'app' }), {
      ...known,
      below: tree,
    }).changes
    const { text } = file.apply.below(change as never, {} as never) as { text: string }
    expect(text).toMatch(/chown -h -- app:root[\s\S]*chmod 04755/)
  })
})

test('paths that are spelled differently are one resource', () => {
  expect(file.resource({ path: '/srv//x/./' })).toBe(file.resource({ path: '/srv/x' }))
})
