import type { Change } from '../../engine/resource/change.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { Secret } from '../../engine/resource/secret.ts'
import type { UserWishes } from './user.ts'
import { homeOf } from './user-home.ts'

export type UserChange =
  /** `group`: the primary group; a new one named like the account when undefined. */
  | (Change<'create', string> & { group: string | undefined })
  | (Change<'set', string | number> & { option: string })
  | (Change<'home', string> & { group: string })
  | Change<'password', Secret>
  | Change<'lock', string>
  | Change<'unlock', string>
  | Change<'remove', string>

/** How each change of an account is made. */
export const userLegs = {
  create: ({ group }: { group: string | undefined }, want: UserWishes): Command => {
    const words = ['-d', homeOf(want), '-s', want.shell ?? '/bin/sh']
    words.push(...(want.create_home === false ? ['-M'] : ['-m', '-K', 'HOME_MODE=0700']))
    words.push(...(group === undefined ? ['-U'] : ['-g', group]))
    if (want.uid !== undefined) words.push('-u', String(want.uid))
    if (want.groups?.length) words.push('-G', want.groups.join(','))
    if (want.comment !== undefined) words.push('-c', want.comment)
    if (want.system) words.push('-r')
    return sh`useradd ${words} -- ${want.name}`
  },
  set: ({ option, to }: { option: string; to: string | number | undefined }, { name }: UserWishes): Command =>
    sh`usermod ${option} ${to ?? ''} -- ${name}`,
  home: ({ what, group }: { what: string; group: string }, { name }: UserWishes): Command =>
    sh`umask 077; mkdir -- ${what} && cp -RT --preserve=mode -- /etc/skel ${what} &&
chown -RhP -- ${`${name}:${group}`} ${what} && chmod 0700 -- ${what}`,
  password: ({ to }: { to: Secret | undefined }, { name }: UserWishes): Command =>
    sh.input(sh`chpasswd -e`, new Secret(`${name}:${to?.reveal() ?? ''}\n`)),
  lock: (_: object, { name }: UserWishes): Command => sh`usermod -L -- ${name}`,
  unlock: (_: object, { name }: UserWishes): Command => sh`usermod -U -- ${name}`,
  remove: (_: object, { name, remove }: UserWishes): Command => sh`userdel ${remove ? ['-r'] : []} -- ${name}`,
}
