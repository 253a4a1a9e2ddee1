import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { authorizedKey } from '../../../modules/ssh/authorized-key.ts'

type Want = Parameters<typeof authorizedKey.plan>[0]

const [anna = '', bert = '', carl = ''] = readFileSync(new URL('../fixtures/openssh-keys.txt', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => line.trim())
const path = '/home/app/.ssh/authorized_keys'

const folder = (owner: string, mode = 0o755): FileState => ({ type: 'directory', mode, owner, group: owner, size: 0 })
const link = (owner: string): FileState => ({ ...folder(owner, 0o777), type: 'link', target: '/root/.ssh' })
const file = (text: string, owner = 'app', mode = 0o600) => fileOf(text, { mode, owner, group: owner })

const account = {
  present: true,
  uid: 1000,
  gid: 1000,
  group: 'app',
  comment: '',
  home: '/home/app',
  shell: '/bin/sh',
  groups: [],
  passwordHash: '!',
}
const home = [folder('app', 0o700), folder('app'), folder('root')]

const connection = { user: 'ops' }

function plan(want: Partial<Want>, keys: FileState, rest: object = {}) {
  return authorizedKey.plan(
    { user: 'app', ...want } as Want,
    { account, connection, file: keys, folders: home, ...rest } as never,
  )
}

function saved(want: Partial<Want>, keys: FileState, rest: object = {}): unknown {
  return plan(want, keys, rest).changes.find(({ kind }) => kind === 'save')?.to
}

describe('authorized-key', () => {
  test.each<{ title: string; want: Partial<Want>; text: string }>([
    { title: 'a key that is there', want: { key: anna }, text: `${anna}\n` },
    { title: 'a key with another comment', want: { key: anna }, text: `${anna} of old\n` },
    {
      title: 'options in other letters',
      want: { key: anna, key_options: 'Restrict,Port-Forwarding' },
      text: `restrict,port-forwarding ${anna}\n`,
    },
    { title: 'lines of others', want: { key: anna }, text: `# mine\n\nrubbish\n${bert}\n${anna}\n` },
    {
      title: 'an exclusive list that is there',
      want: { keys: [anna, bert], exclusive: true },
      text: `# mine\n${bert}\n${anna}\n`,
    },
    { title: 'a key that is gone', want: { key: anna, state: 'absent' }, text: `${bert}\n` },
    { title: 'an empty list', want: { keys: [] }, text: `${bert}\n` },
    { title: 'an exclusive empty list', want: { keys: [], exclusive: true }, text: '' },
    { title: 'a last line without an end', want: { key: anna }, text: anna },
  ])('plans nothing for $title', ({ want, text }) => {
    expect(plan(want, file(text)).changes).toEqual([])
  })

  test.each<{ title: string; want: Partial<Want>; text: string; expected: string }>([
    {
      title: 'adds behind the lines of others',
      want: { key: anna },
      text: `# mine\n${bert}`,
      expected: `# mine\n${bert}\n${anna}\n`,
    },
    { title: 'adds to an empty file', want: { key: anna }, text: '', expected: `${anna}\n` },
    {
      title: 'changes options where the key stands',
      want: { key: anna, key_options: 'restrict' },
      text: `no-pty ${anna}\n${bert}\n`,
      expected: `restrict ${anna}\n${bert}\n`,
    },
    { title: 'takes options back', want: { key: anna }, text: `no-pty ${anna}\n`, expected: `${anna}\n` },
    {
      title: 'keeps the order of options, which counts',
      want: { key: anna, key_options: 'restrict,port-forwarding' },
      text: `port-forwarding,restrict ${anna}\n`,
      expected: `restrict,port-forwarding ${anna}\n`,
    },
    {
      title: 'takes a second line for the key away',
      want: { key: anna, key_options: 'restrict' },
      text: `restrict ${anna}\n${anna}\n`,
      expected: `restrict ${anna}\n`,
    },
    {
      title: 'lets options beside a key count first',
      want: { keys: [{ key: `no-pty ${anna}`, options: 'restrict' }, bert], key_options: 'no-pty' },
      text: '',
      expected: `restrict ${anna}\nno-pty ${bert}\n`,
    },
    {
      title: 'leaves only the list when it is exclusive',
      want: { keys: [carl, anna], exclusive: true },
      text: `# mine\nrubbish\n${bert}\n${anna}\n`,
      expected: `# mine\n${anna}\n${carl}\n`,
    },
    {
      title: 'removes just the key',
      want: { key: anna, state: 'absent' },
      text: `${bert}\nno-pty ${anna}\n`,
      expected: `${bert}\n`,
    },
    {
      title: 'takes several keys from one text',
      want: { key: `# both\n${anna}\n${bert}\n` },
      text: '',
      expected: `${anna}\n${bert}\n`,
    },
  ])('$title', ({ want, text, expected }) => {
    expect(saved(want, file(text))).toBe(expected)
  })

  test('makes folder and file on a fresh account, and foresees them', () => {
    const { changes, after } = plan({ key: anna }, ABSENT, { folders: [ABSENT, folder('app'), folder('root')] })
    expect(changes.map(({ kind, what, to }) => [kind, what, to])).toEqual([
      ['folder', '/home/app/.ssh', '0700'],
      ['save', path, `${anna}\n`],
    ])
    expect(after?.map(({ state }) => state)).toEqual([
      { type: 'directory', mode: 0o700, owner: 'app', group: 'app' },
      { ...file(`${anna}\n`) },
    ])
  })

  test('makes nothing to remove a key', () => {
    expect(
      plan({ key: anna, state: 'absent' }, ABSENT, { folders: [ABSENT, folder('app'), folder('root')] }).changes,
    ).toEqual([])
    expect(plan({ key: anna, state: 'absent' }, ABSENT, { account: { ...account, present: false } }).changes).toEqual(
      [],
    )
  })

  test.each([
    {
      title: 'a folder that others may read',
      keys: file(anna),
      folders: [folder('app', 0o755), ...home.slice(1)],
      expected: ['folder-mode: 0755 -> 0700'],
    },
    {
      title: 'a file that others may write',
      keys: file(anna, 'app', 0o666),
      folders: home,
      expected: ['mode: 0666 -> 0644'],
    },
    {
      title: 'a folder of root, where sshd could not read',
      keys: file(anna, 'root'),
      folders: [folder('root', 0o700), ...home.slice(1)],
      expected: ['folder-owner: root -> app', `save: ${anna} -> ${anna}`],
    },
  ])('mends $title', ({ keys, folders, expected }) => {
    expect(
      plan({ key: anna }, keys, { folders }).changes.map(({ kind, from, to }) => `${kind}: ${from} -> ${to}`),
    ).toEqual(expected)
  })

  test.each([
    {
      title: 'a link for the folder',
      keys: ABSENT,
      folders: [link('app'), ...home.slice(1)],
      message: '/home/app/.ssh is a link of app to /root/.ssh',
    },
    {
      title: 'a link of root in a folder of the user',
      keys: ABSENT,
      folders: [link('root'), ...home.slice(1)],
      message: '/home/app/.ssh is a link of root to /root/.ssh',
    },
    {
      title: 'a link for the file',
      keys: { ...link('app'), target: '/etc/shadow' },
      folders: home,
      message: `${path} is a link to /etc/shadow`,
    },
    {
      title: 'a folder of another user',
      keys: ABSENT,
      folders: [folder('eve'), ...home.slice(1)],
      message: '/home/app/.ssh belongs to eve, in a folder of app',
    },
    {
      title: 'a home of another user',
      keys: ABSENT,
      folders: [ABSENT, folder('eve'), folder('root')],
      message: '/home/app belongs to eve, not to app',
    },
    {
      title: 'a file of another user',
      keys: file(anna, 'eve'),
      folders: home,
      message: `${path} belongs to eve, not to app`,
    },
    {
      title: 'a missing home',
      keys: ABSENT,
      folders: [ABSENT, ABSENT, folder('root')],
      message: 'the folder /home/app does not exist',
    },
    { title: 'a directory for the file', keys: folder('app'), folders: home, message: `${path} is not a file` },
  ])('refuses $title', ({ keys, folders, message }) => {
    expect(() => plan({ key: anna }, keys, { folders })).toThrow(message)
  })

  test.each<{ title: string; want: Partial<Want>; message: string }>([
    { title: 'what is no key', want: { key: 'ssh-ed25519 AAAA' }, message: "'ssh-ed25519 AAAA' is not a public key" },
    {
      title: 'one key with two sets of options',
      want: { keys: [anna, { key: anna, options: 'no-pty' }] },
      message: 'is named twice',
    },
    {
      title: 'an exclusive list of absent keys',
      want: { keys: [anna], exclusive: true, state: 'absent' },
      message: 'exclusive and absent',
    },
  ])('refuses $title', ({ want, message }) => {
    expect(() => plan(want, ABSENT)).toThrow(message)
  })

  test('refuses an account that is not there, and a home that it could not foresee', () => {
    expect(() => plan({ key: anna }, ABSENT, { account: { ...account, present: false } })).toThrow(
      'the host has no account app',
    )
    expect(() => plan({ key: anna }, ABSENT, { account: { ...account, home: '/srv/app' } })).toThrow(
      'the home of app is /srv/app',
    )
  })

  test('writes in a user’s folder as that user, with nothing for root to follow', () => {
    const [change] = plan({ key: anna }, file('')).changes
    const command = authorizedKey.apply.save(change as never, {} as never) as { text: string }
    expect(command.text).toContain('else runuser -u app -- sh -c')
    expect(command.text).not.toContain('mv -fT')
  })
})

describe('the key that lets the run in', () => {
  const endpoints = { client: { address: '10.0.0.5', port: 40_000 }, server: { address: '10.0.0.1', port: 22 } }
  const blobOf = (line: string) => line.split(' ')[1] ?? ''
  const as = (user: string, key?: string) => ({ connection: { user, endpoints, ...(key ? { key } : {}) } })
  const both = file(`${anna}\n${bert}\n`)

  test.each<{ title: string; want: Partial<Want>; rest: object }>([
    { title: 'by name', want: { key: anna, state: 'absent' }, rest: as('app', blobOf(anna)) },
    { title: 'by a list', want: { keys: [bert], exclusive: true }, rest: as('app', blobOf(anna)) },
    { title: 'as the last, when nobody knows which it was', want: { keys: [], exclusive: true }, rest: as('app') },
  ])('is not removed $title', ({ want, rest }) => {
    expect(() => plan(want, both, rest)).toThrow(/the key that let this run in as app|no key would be left/)
  })

  test.each<{ title: string; want: Partial<Want>; rest: object; endangers: string | undefined }>([
    { title: 'stays', want: { key: bert, state: 'absent' }, rest: as('app', blobOf(anna)), endangers: 'keys' },
    {
      title: 'is another account’s',
      want: { key: anna, state: 'absent' },
      rest: as('ops', blobOf(anna)),
      endangers: undefined,
    },
    { title: 'is in no file', want: { keys: [bert], exclusive: true }, rest: as('app', 'other'), endangers: 'keys' },
  ])('lets others be removed when it $title', ({ want, rest, endangers }) => {
    expect(plan(want, both, rest).changes.map((change) => [change.kind, change.endangers])).toEqual([
      ['save', endangers],
    ])
  })
})
