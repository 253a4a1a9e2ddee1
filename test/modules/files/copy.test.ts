import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../engine/resource/command.ts'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { HIDDEN, Secret } from '../../../engine/resource/secret.ts'
import { copy } from '../../../modules/files/copy.ts'
import { template } from '../../../modules/files/template.ts'

type Want = Parameters<typeof copy.plan>[0]

const folder = (mode = 0o755, group = 'root'): FileState => ({ type: 'directory', mode, owner: 'root', group, size: 0 })
const present = { present: true } as never

function plan(want: Partial<Want>, file: FileState, rest: Record<string, unknown> = {}) {
  const have = { file, parent: folder(), accounts: [present], groups: [present], rest: [], ...rest }
  return copy.plan({ dest: '/etc/x', ...want } as Want, have as never)
}

function kinds(want: Partial<Want>, file: FileState): string[] {
  return plan(want, file).changes.map(({ kind, from, to }) => `${kind}: ${from} -> ${to}`)
}

/** What the first change runs. */
function text(want: Partial<Want>, file: FileState): string {
  const [change] = plan(want, file).changes
  if (!change) throw new Error('nothing to do')
  return (copy.apply[change.kind](change as never, { dest: '/etc/x' }) as Command).text
}

describe('the content of a file', () => {
  test.each<{ title: string; want: Partial<Want>; file: FileState; expected: string[] }>([
    { title: 'nothing when equal', want: { content: 'a\n' }, file: fileOf('a\n', { mode: 0o600 }), expected: [] },
    { title: 'nothing when both are empty', want: { content: '' }, file: fileOf('', { mode: 0o644 }), expected: [] },
    { title: 'a new file', want: { content: 'a' }, file: ABSENT, expected: ['write: undefined -> a'] },
    { title: 'a new empty file', want: { content: '' }, file: ABSENT, expected: ['write: undefined -> '] },
    { title: 'other content', want: { content: 'b' }, file: fileOf('a', { mode: 0o644 }), expected: ['write: a -> b'] },
    {
      title: 'a mode alone',
      want: { content: 'a', mode: '0600' },
      file: fileOf('a', { mode: 0o644 }),
      expected: ['mode: 0644 -> 0600'],
    },
    {
      title: 'content with mode and owner',
      want: { content: 'b', mode: '0600', owner: 'app' },
      file: fileOf('a', { mode: 0o644 }),
      expected: ['write: a -> b', 'owner: root:root -> app:root', 'mode: 0644 -> 0600'],
    },
    {
      title: 'a file beside the playbook',
      want: { src: { path: 'f', content: Buffer.from('f') } },
      file: ABSENT,
      expected: ['write: undefined -> f'],
    },
  ])('plans $title', ({ want, file, expected }) => {
    expect(kinds(want, file)).toEqual(expected)
  })

  test('is never open to others before owner and mode are set, whatever the old file was', () => {
    const script = text({ content: 'b', mode: '0600', owner: 'app', group: 'app' }, fileOf('a', { mode: 0o644 }))
    const order = ['umask 077', 'chown -- app:app', 'chmod 0600', 'printf %s b >&8', 'mv -fT'].map((part) =>
      script.indexOf(part),
    )
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order).not.toContain(-1)
  })

  test('keeps owner, group and setuid bit of what it replaces', () => {
    const script = text({ content: 'b' }, fileOf('a', { mode: 0o4755, owner: 'app', group: 'adm' }))
    expect(script).toContain('chown -- app:adm "$t"')
    expect(script).toContain('chmod 4755')
  })

  test('takes the group of a setgid folder when it is new', () => {
    const { changes, after } = plan({ content: 'a' }, ABSENT, { parent: folder(0o2775, 'staff') })
    expect(changes).toMatchObject([{ options: { mode: 0o644, owner: undefined, group: undefined } }])
    expect(after).toMatchObject([{ state: { owner: 'root', group: 'staff', mode: 0o644 } }])
  })

  test('takes the group of a setgid folder behind a link too', () => {
    const parent = { ...folder(), type: 'link', target: '/y', behind: folder(0o2775, 'staff') }
    expect(plan({ content: 'a' }, ABSENT, { parent }).after).toMatchObject([{ state: { group: 'staff' } }])
  })

  test('that is no text is given as bytes, so that nobody prints it', () => {
    const bytes = Buffer.from([0, 255, 1])
    const [change] = plan({ src: { path: 'f', content: bytes } }, fileOf(Buffer.from([255]), { mode: 0o644 })).changes
    expect([change?.from, change?.to].map(Buffer.isBuffer)).toEqual([true, true])
  })

  test('is not in the result', () => {
    expect(plan({ content: 'body' }, ABSENT).result).toEqual({
      ...{ path: '/etc/x', mode: '0644', owner: 'root', group: 'root', size: 4 },
    })
  })
})

describe('a secret', () => {
  const secret = new Secret('hunter2')

  test('is compared, and never shown', () => {
    expect(plan({ content: secret }, fileOf('hunter2', { mode: 0o600 })).changes).toEqual([])
    const [change] = plan({ content: secret }, fileOf('old hunter1', { mode: 0o600 })).changes
    expect(change).toMatchObject({ kind: 'write', secret: true })
    expect(JSON.stringify(change)).not.toMatch(/hunter/)
    expect(String(change?.to)).toBe(HIDDEN)
  })

  test('is for its owner alone when the file is new, and says so when an old file is open', () => {
    expect(plan({ content: secret }, ABSENT).after).toMatchObject([{ state: { mode: 0o600 } }])
    expect(plan({ content: secret }, ABSENT).warnings).toBeUndefined()
    expect(plan({ content: secret }, fileOf('a', { mode: 0o644 })).warnings).toEqual([
      '/etc/x holds a secret and others may read it (0644): give it a mode',
    ])
    expect(plan({ content: secret, mode: '0644' }, ABSENT).warnings).toBeUndefined()
  })
})

describe('a large file', () => {
  const large = Buffer.alloc(9 * 1024 * 1024, 'x')
  const want = { dest: '/etc/x', src: { path: 'f', content: large } }
  const seen = (bytes: Buffer): FileState => ({
    ...{ type: 'file', mode: 0o644, owner: 'root', group: 'root', size: bytes.length },
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })

  test('is compared by its digest, which is all that is read and all that is shown', () => {
    expect(copy.reads(want).file.want).toBe('digest')
    expect(copy.reads({ dest: '/etc/x', content: 'a' }).file.want).toBe('content')
    expect(plan(want, seen(large)).changes).toEqual([])
    const { changes, after } = plan(want, seen(Buffer.from('y')))
    expect(changes[0]?.from).toMatch(/^1 bytes with the SHA-256 [0-9a-f]{64}$/)
    expect(after).toEqual([{ read: copy.reads(want).file, state: seen(large) }])
  })
})

describe('a backup', () => {
  test('is named after what it holds, so that the same one is not made twice', () => {
    const old = fileOf('a', { mode: 0o640, group: 'adm' })
    const { changes, after } = plan({ content: 'b', backup: true }, old)
    expect(changes.map(({ kind, what }) => `${kind} ${what}`)).toEqual(['backup /etc/x.ca978112ca1b~', 'write /etc/x'])
    expect(after?.[1]).toMatchObject({ read: { path: '/etc/x.ca978112ca1b~' }, state: old })
  })

  test.each([
    ['there is nothing to keep', ABSENT, 'b'],
    ['nothing changes', fileOf('a', { mode: 0o644 }), 'a'],
  ])('is not made when %s', (_, file, content) => {
    expect(plan({ content, backup: true }, file).changes.filter(({ kind }) => kind === 'backup')).toEqual([])
  })
})

describe('what cannot succeed', () => {
  const link: FileState = { type: 'link', mode: 0o777, owner: 'root', group: 'root', size: 1, target: '/y' }
  test.each<[string, Partial<Want>, FileState, Record<string, unknown>]>([
    ['/etc/x is a directory, not a file', {}, folder(), {}],
    ['/etc/x/ is a directory, not a file', { dest: '/etc/x/' }, ABSENT, {}],
    ['/etc/x is a link to /y', {}, link, {}],
    ['the folder /etc does not exist', {}, ABSENT, { parent: ABSENT }],
    ['/etc is a file, not a folder', {}, ABSENT, { parent: fileOf('', { mode: 0o644 }) }],
    ['/etc is a link to /y, where no folder is', {}, ABSENT, { parent: { ...link, behind: ABSENT } }],
    [
      '/etc is a link of eve to /y, a folder of root',
      {},
      ABSENT,
      { parent: { ...link, owner: 'eve', behind: folder() } },
    ],
    [
      '/etc is a link of eve to /y, a folder of bob',
      {},
      fileOf('', { mode: 0o644 }),
      { parent: { ...link, owner: 'eve', behind: { ...folder(), owner: 'bob' } } },
    ],
    ['the host has no account app', { owner: 'app' }, ABSENT, { accounts: [{ present: false }] }],
    ['the host has no group app', { group: 'app' }, ABSENT, { groups: [{ present: false }] }],
  ])('%s', (message, want, file, rest) => {
    expect(() => plan({ content: 'a', ...want }, file, rest)).toThrow(message)
  })
})

test('a new file is validated before it takes the place of the old one', () => {
  const script = text({ content: 'b', validate: 'visudo -cqf %s' }, fileOf('a', { mode: 0o440 }))
  expect(script.indexOf('visudo -cqf "$t"')).toBeGreaterThan(script.indexOf('printf %s b >&8'))
  expect(script.indexOf('visudo -cqf "$t"')).toBeLessThan(script.indexOf('mv -fT'))
})

test('a template is a file with the rendered text', () => {
  const want = { dest: '/etc/x', src: { path: 'x.hbs', content: 'rendered' } }
  const have = { file: fileOf('old', { mode: 0o644 }), parent: folder(), accounts: [], groups: [], rest: [] }
  expect(template.plan(want, have).changes).toMatchObject([{ kind: 'write', from: 'old', to: 'rendered' }])
  expect(template.plan(want, { ...have, file: fileOf('rendered', { mode: 0o644 }) }).changes).toEqual([])
})
