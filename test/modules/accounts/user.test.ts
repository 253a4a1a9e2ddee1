import { describe, expect, test } from 'vitest'
import { NotVisible, TaskFailure } from '../../../engine/resource/module.ts'
import {
  ABSENT,
  type AccountState,
  type FileState,
  fileOf,
  type GroupState,
  NO_CONNECTION,
} from '../../../engine/resource/read.ts'
import { HIDDEN, Secret } from '../../../engine/resource/secret.ts'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { user } from '../../../modules/accounts/user.ts'

type Want = Omit<Parameters<typeof user.plan>[0], 'name'>

const NOBODY: AccountState = {
  ...{ present: false, uid: -1, gid: -1, group: '', comment: '', home: '', shell: '', groups: [], passwordHash: '' },
}
const ALICE: AccountState = {
  ...{ present: true, uid: 1000, gid: 1000, group: 'alice', comment: '', home: '/home/alice', shell: '/bin/sh' },
  ...{ groups: ['adm', 'sudo'], passwordHash: '!' },
}
const FOLDER: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 4096 }
const HASH = '$6$salt$hash'

interface Given {
  own?: GroupState
  groups?: GroupState[]
  primary?: GroupState
  home?: FileState
  parent?: FileState
}

function plan(want: Want, account: AccountState, given: Given = {}) {
  const group: GroupState = { present: true, gid: 50, members: [] }
  return user.plan(
    { name: 'alice', ...want },
    {
      account,
      connection: NO_CONNECTION,
      own: given.own ?? { present: account.present, gid: account.gid, members: [] },
      primary: want.group === undefined ? [] : [given.primary ?? group],
      groups: given.groups ?? (want.groups ?? []).map(() => group),
      home: given.home ?? (account.present ? FOLDER : ABSENT),
      parent: given.parent ?? FOLDER,
      skeleton: [ABSENT, fileOf('# skeleton\n', { mode: 0o644 }), ABSENT],
    },
  )
}

const locked = { ...ALICE, passwordHash: `!${HASH}` }
const open = { ...ALICE, passwordHash: HASH }

describe('user plans', () => {
  test.each<[string, Want, AccountState, string[]]>([
    ['nothing when nothing is asked', {}, ALICE, []],
    ['to create what is absent', {}, NOBODY, ['create alice']],
    ['nothing when it is absent as asked', { state: 'absent' }, NOBODY, []],
    ['to remove what is there', { state: 'absent' }, ALICE, ['remove alice']],
    ['nothing when the groups agree, in any order', { groups: ['sudo', 'adm'] }, ALICE, []],
    ['to leave groups that are not listed', { groups: ['sudo'] }, ALICE, ['set groups of alice']],
    ['to leave all groups', { groups: [] }, ALICE, ['set groups of alice']],
    ['nothing when it is in no group', { groups: [] }, { ...ALICE, groups: [] }, []],
    ['nothing when it is in the groups already', { groups: ['sudo'], append: true }, ALICE, []],
    ['to join one more', { groups: ['games'], append: true }, ALICE, ['set groups of alice']],
    ['nothing when nothing is appended', { groups: [], append: true }, ALICE, []],
    ['the number zero', { uid: 0 }, ALICE, ['set number of alice']],
    ['nothing when the number zero is there', { uid: 0 }, { ...ALICE, uid: 0 }, []],
    ['to empty the comment', { comment: '' }, { ...ALICE, comment: 'x' }, ['set comment of alice']],
    ['nothing for an empty comment that is empty', { comment: '' }, ALICE, []],
    [
      'shell, home and group',
      { shell: '/bin/bash', home: '/srv/a', group: 'adm' },
      ALICE,
      ['set group of alice', 'set home of alice', 'set shell of alice'],
    ],
    ['a first password', { password: new Secret(HASH) }, ALICE, ['password password of alice']],
    ['nothing when the password is there', { password: new Secret(HASH) }, open, []],
    ['nothing when the password is there but locked', { password: new Secret(HASH) }, locked, []],
    ['nothing when it is locked as asked', { password: new Secret(HASH), password_lock: true }, locked, []],
    [
      'to unlock with the password',
      { password: new Secret(HASH), password_lock: false },
      locked,
      ['password password of alice'],
    ],
    [
      'nothing for another password on_create',
      { password: new Secret('$6$a$b'), update_password: 'on_create' },
      open,
      [],
    ],
    ['to lock', { password_lock: true }, open, ['lock password of alice']],
    ['nothing to lock without a password', { password_lock: true }, ALICE, []],
    ['nothing to lock when barred by a star', { password_lock: true }, { ...ALICE, passwordHash: '*' }, []],
    ['to unlock', { password_lock: false }, locked, ['unlock password of alice']],
    ['nothing when it is not locked', { password_lock: false }, open, []],
    [
      'account and password in turn',
      { password: new Secret(HASH) },
      NOBODY,
      ['create alice', 'password password of alice'],
    ],
  ])('%s', (_, want, account, changes) => {
    expect(plan(want, account).changes.map(({ kind, what }) => `${kind} ${what}`)).toEqual(changes)
  })

  test('no password that was not to be seen, and says so', () => {
    const unseen = { ...ALICE, passwordHash: undefined }
    const message = 'the password of alice: /etc/shadow may not be read'
    expect(() => plan({ password: new Secret(HASH) }, unseen)).toThrow(new NotVisible(message))
    expect(() => plan({ password_lock: true }, unseen)).toThrow(new NotVisible(message))
    expect(plan({ groups: ['adm', 'sudo'] }, unseen).changes).toEqual([])
    expect(plan({ password: new Secret(HASH), update_password: 'on_create' }, unseen).changes).toEqual([])
  })

  test('the home folder of an account that has lost it', () => {
    expect(plan({}, ALICE, { home: ABSENT }).changes.map(({ what }) => what)).toEqual(['/home/alice'])
    expect(plan({ create_home: false }, ALICE, { home: ABSENT }).changes).toEqual([])
    expect(plan({}, { ...ALICE, home: '/nonexistent' }, { home: ABSENT }).changes).toEqual([])
  })

  test('a group of the same name that exists becomes the primary one', () => {
    const group = (own: GroupState) =>
      plan({}, NOBODY, { own }).changes.map((change) => 'group' in change && change.group)
    expect(group({ present: true, gid: 7, members: [] })).toEqual(['alice'])
    expect(group({ present: false, gid: -1, members: [] })).toEqual([undefined])
  })

  test('never shows a password', () => {
    expect(JSON.stringify(plan({ password: new Secret(HASH) }, ALICE).changes)).toContain(HIDDEN)
    expect(JSON.stringify(plan({ password: new Secret(HASH) }, ALICE).changes)).not.toContain('hash')
  })
})

describe('user foresees', () => {
  const states = (want: Want, account: AccountState, given?: Given) =>
    Object.fromEntries((plan(want, account, given).after ?? []).map(({ read, state }) => [read.key, state]))

  test('the account, its own group, its folder and what is copied into it', () => {
    expect(states({ uid: 0, groups: ['adm'] }, NOBODY)).toEqual({
      'account:alice': {
        ...{ present: true, uid: 0, group: 'alice', comment: '', home: '/home/alice', shell: '/bin/sh' },
        ...{ groups: ['adm'], passwordHash: '!' },
      },
      'group:alice': { present: true, members: [] },
      'group:adm': { present: true, gid: 50, members: ['alice'] },
      'file:/home/alice': { type: 'directory', mode: 0o700, owner: 'alice', group: 'alice' },
      'file:/home/alice/.bashrc': fileOf('# skeleton\n', { mode: 0o644, owner: 'alice', group: 'alice' }),
    })
  })

  test('that its number is known after apply, unless it is given', () => {
    expect(plan({}, NOBODY).result?.uid).toBeInstanceOf(Unknown)
    expect(plan({ uid: 0 }, NOBODY).result?.uid).toBe(0)
    expect(plan({}, ALICE).result?.uid).toBe(1000)
  })

  test('that its own group goes with it, unless others are in it', () => {
    const own = (members: string[]) =>
      states({ state: 'absent' }, ALICE, { own: { present: true, gid: 1000, members } })
    expect(own([])).toHaveProperty('group:alice')
    expect(own(['alice'])).toHaveProperty('group:alice')
    expect(own(['bob'])).not.toHaveProperty('group:alice')
    expect(states({ state: 'absent', remove: true }, ALICE)).toHaveProperty('file:/home/alice', ABSENT)
  })
})

describe('user fails in check mode already', () => {
  const missing: GroupState = { present: false, gid: -1, members: [] }
  const FILE = fileOf('', { mode: 0o644 })
  test.each<[string, Want, AccountState, Given, string]>([
    [
      'a group that does not exist',
      { groups: ['a', 'b'] },
      ALICE,
      { groups: [missing, missing] },
      'the host has no group a, b, which alice is to be in',
    ],
    [
      'a primary group that does not exist',
      { group: 'a' },
      NOBODY,
      { primary: missing },
      'the host has no group a, which alice is to be in',
    ],
    [
      'a password that is no hash',
      { password: new Secret('plain') },
      NOBODY,
      {},
      'the password of alice is not a hash',
    ],
    ['an empty password', { password: new Secret('') }, NOBODY, {}, 'the password of alice is not a hash'],
    [
      'unlocking what has no password',
      { password_lock: false },
      ALICE,
      {},
      'alice has no password that could be unlocked',
    ],
    ['unlocking a new account', { password_lock: false }, NOBODY, {}, 'alice has no password that could be unlocked'],
    [
      'a home without a folder around it',
      {},
      NOBODY,
      { parent: ABSENT },
      'the home folder /home/alice cannot be made: the folder it belongs in does not exist',
    ],
    ['a home that is a file', {}, NOBODY, { home: FILE }, 'the home folder /home/alice is a file, not a folder'],
  ])('for %s', (_, want, account, given, message) => {
    expect(() => plan(want, account, given)).toThrow(message)
    expect(() => plan(want, account, given)).toThrow(TaskFailure)
  })
})

test('a password reaches the host on standard input alone', () => {
  const want = { name: 'alice', password: new Secret(HASH) }
  const [change] = plan(want, open).changes.length > 0 ? [] : plan(want, ALICE).changes
  const command = change?.kind === 'password' ? user.apply.password(change, want) : undefined
  expect([command].flat()[0]?.text).toMatch(/^printf %s [A-Za-z0-9+/=]+ \| base64 -d \| \{ chpasswd -e\n\}$/)
})
