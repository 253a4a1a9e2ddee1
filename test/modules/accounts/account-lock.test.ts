import { describe, expect, test } from 'vitest'
import { NotVisible } from '../../../engine/resource/module.ts'
import { type AccountState, type ConnectionState, NO_ACCOUNT, NO_CONNECTION } from '../../../engine/resource/read.ts'
import { accountLock } from '../../../modules/accounts/account-lock.ts'

const ANNA: AccountState = {
  ...{ present: true, uid: 1000, gid: 1000, group: 'anna', comment: '', home: '/home/anna', shell: '/bin/sh' },
  ...{ groups: [], passwordHash: '$6$x$y' },
}
const plan = (account: AccountState, connection: ConnectionState = NO_CONNECTION) =>
  accountLock.plan({ name: 'anna' }, { account, connection })

describe('account-lock plans', () => {
  test.each<[string, AccountState, string[]]>([
    ['nothing where the account does not exist', NO_ACCOUNT, []],
    ['to lock and to expire', ANNA, ['lock', 'expire']],
    ['to lock an account without a password', { ...ANNA, passwordHash: '', expires: 1 }, ['lock']],
    ['to expire what is locked', { ...ANNA, passwordHash: '!$6$x$y' }, ['expire']],
    ['to expire what never had a password', { ...ANNA, passwordHash: '*' }, ['expire']],
    ['to expire now what would later', { ...ANNA, passwordHash: '!', expires: 40_000 }, ['expire']],
    ['to expire what zero days may mean to be for ever', { ...ANNA, passwordHash: '!', expires: 0 }, ['expire']],
    ['nothing when both are so', { ...ANNA, passwordHash: '!$6$x$y', expires: 1 }, []],
  ])('%s', (_, account, kinds) => {
    expect(plan(account).changes.map(({ kind }) => kind)).toEqual(kinds)
  })

  test('dates that people read', () => {
    expect(plan({ ...ANNA, expires: 20_000 }).changes.at(-1)).toMatchObject({ from: '2024-10-04', to: '1970-01-02' })
    expect(plan(ANNA).changes.at(-1)).toMatchObject({ from: 'never' })
  })

  test('not what the run works with, and not root', () => {
    const connection = { user: 'anna', endpoints: {} } as ConnectionState
    expect(() => plan(ANNA, connection)).toThrow('anna is the account that this run works with')
    expect(() => plan({ ...ANNA, uid: 0 })).toThrow('anna is root')
  })

  test('nothing of what may not be seen', () => {
    expect(() => plan({ ...ANNA, passwordHash: undefined })).toThrow(NotVisible)
  })
})
