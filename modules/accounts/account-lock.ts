import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { defineModule, NotVisible, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { predictSome, read } from '../../engine/resource/read.ts'

type LockChange = Change<'lock', string> | Change<'expire', string>

/** Days since 1970 at which a shut account has expired; see shadow(5), where 0 may be taken for never. */
const LONG_AGO = 1

/** An account that nobody can log in to any more, by password, key or certificate. */
export const accountLock = defineModule({
  name: 'account-lock',
  summary:
    'Shuts an account where it exists: its password is locked and it has expired, so that sshd, cron and su refuse it. Files and processes stay.',
  args: Arg.object({
    name: Arg.account({ lockstep: 'main', description: 'Account that is shut; a host without it is as asked.' }),
  }),
  examples: [
    `- user: { name: former-anna, create_home: false }
- user: { name: former-bert, create_home: false, password: "$6$Kn4hXyZJ$1PbHuEAgWZ3W0Kc0qY3tAzbVpA4s8L0vYxWJrQvQ5Z0" }`,
    `- account-lock: former-anna
- account-lock: { name: former-bert }
- account-lock: never-was-here`,
  ],
  touches: 'reads',

  resource: ({ name }) => `user:${name}`,

  reads: ({ name }) => ({ account: read.account(name), connection: read.connection() }),

  plan({ name }, { account, connection }): Plan<LockChange> {
    if (!account.present) return { changes: [], result: { name, present: false } }
    if (account.uid === 0)
      throw new TaskFailure(`${name} is root`, 'take its keys and its password away instead of shutting it')
    if (connection.endpoints !== undefined && connection.user === name)
      throw new TaskFailure(`${name} is the account that this run works with`, 'log in as somebody else to shut it')
    const { passwordHash, expires } = account
    if (passwordHash === undefined) throw new NotVisible(`the password of ${name}: /etc/shadow may not be read`)
    const changes: LockChange[] = []
    if (!/^[!*]/.test(passwordHash))
      changes.push({ kind: 'lock', what: `password of ${name}`, from: 'usable', to: 'locked' })
    if (expires !== LONG_AGO)
      changes.push({ kind: 'expire', what: `end of ${name}`, from: dateOf(expires), to: dateOf(LONG_AGO) })
    if (changes.length === 0) return { changes, result: { name, present: true } }
    const hash = /^[!*]/.test(passwordHash) ? passwordHash : `!${passwordHash}`
    return {
      changes,
      after: [predictSome(read.account(name), { ...account, passwordHash: hash, expires: LONG_AGO })],
      result: { name, present: true },
    }
  },

  apply: {
    lock: (_, { name }): Command => sh`usermod -L -- ${name}`,
    expire: (_, { name }): Command => sh`usermod -e ${dateOf(LONG_AGO)} -- ${name}`,
  },
})

function dateOf(days: number | undefined): string {
  return days === undefined ? 'never' : new Date(days * 86_400_000).toISOString().slice(0, 10)
}
