import { NotVisible, TaskFailure } from '../../engine/resource/module.ts'
import type { AccountState } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import type { UserWishes } from './user.ts'
import type { UserChange } from './user-commands.ts'

/** The changes to the second field of shadow(5), and what it will hold. */
export function passwordPlan(
  want: UserWishes,
  have: AccountState,
): { changes: UserChange[]; hash: string | undefined } {
  const { name, password, password_lock: lock } = want
  // useradd leaves a new account without a password, which bars it.
  const now = have.present ? have.passwordHash : '!'
  const isSet = password !== undefined && !(have.present && want.update_password === 'on_create')
  if (!isSet && lock === undefined) return { changes: [], hash: now }
  if (now === undefined) throw new NotVisible(`the password of ${name}: /etc/shadow may not be read`)
  if (isSet) {
    const hash = password.reveal()
    if (!/^(\$[^:\s]+|[./0-9A-Za-z]{13}|\*|!)$/.test(hash)) {
      throw new TaskFailure(`the password of ${name} is not a hash`, 'make one with `mkpasswd` or `openssl passwd -6`')
    }
    const bars = lock ?? /^!+[^!*]/.test(now)
    const next = bars && !hash.startsWith('!') ? `!${hash}` : hash
    if (next === now) return { changes: [], hash: now }
    return {
      changes: [{ kind: 'password', what: `password of ${name}`, from: undefined, to: new Secret(next) }],
      hash: next,
    }
  }
  const isBarred = /^[!*]/.test(now)
  if (lock === isBarred) return { changes: [], hash: now }
  if (lock)
    return { changes: [{ kind: 'lock', what: `password of ${name}`, from: 'usable', to: 'locked' }], hash: `!${now}` }
  if (/^[!*]*$/.test(now)) {
    throw new TaskFailure(`${name} has no password that could be unlocked`, 'give it one with `password`')
  }
  return {
    changes: [{ kind: 'unlock', what: `password of ${name}`, from: 'locked', to: 'usable' }],
    hash: now.slice(1),
  }
}
