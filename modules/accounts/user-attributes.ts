import type { AccountState } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import type { UserWishes } from './user.ts'
import type { UserChange } from './user-commands.ts'
import { homeOf } from './user-home.ts'

/** The change that creates the account; a group of the same name that is there becomes its primary one. */
export function created(want: UserWishes, hasOwnGroup: boolean): UserChange {
  const { name, uid, group, groups = [], comment } = want
  const to = [`home ${homeOf(want)}`, `shell ${want.shell ?? '/bin/sh'}`]
  if (uid !== undefined) to.unshift(`number ${uid}`)
  if (group !== undefined) to.push(`group ${group}`)
  if (groups.length > 0) to.push(`groups ${groups.join(',')}`)
  if (comment) to.push(comment)
  return {
    kind: 'create',
    what: name,
    from: undefined,
    to: to.join(', '),
    group: group ?? (hasOwnGroup ? name : undefined),
  }
}

/** The attributes that differ, each as one `usermod`. */
export function changesOf(want: UserWishes, have: AccountState): UserChange[] {
  const changes: UserChange[] = []
  const compare = (option: string, word: string, from: string | number, to: string | number | undefined) => {
    if (to !== undefined && to !== from)
      changes.push({ kind: 'set', what: `${word} of ${want.name}`, from, to, option })
  }
  compare('-u', 'number', have.uid, want.uid)
  compare('-g', 'group', have.group, want.group)
  compare('-G', 'groups', have.groups.join(','), groupsOf(want, have.groups)?.join(','))
  compare('-c', 'comment', have.comment, want.comment)
  compare('-d', 'home', have.home, want.home)
  compare('-s', 'shell', have.shell, want.shell)
  return changes
}

/** All supplementary groups that it shall be in, sorted; undefined when nothing is said about them. */
function groupsOf({ groups, append }: UserWishes, now: readonly string[]): string[] | undefined {
  return groups && [...new Set([...groups, ...(append ? now : [])])].sort()
}

/** An account that is there, after its changes. */
export function nextOf(want: UserWishes, have: AccountState, gid: number | undefined): Partial<AccountState> {
  const { uid = have.uid, group = have.group, comment = have.comment, home = have.home, shell = have.shell } = want
  return {
    ...have,
    uid,
    gid: gid ?? have.gid,
    group,
    comment,
    home,
    shell,
    groups: groupsOf(want, have.groups) ?? have.groups,
  }
}

/** A new account; its number is foreseen only when the task gives it. */
export function newOf(want: UserWishes, gid: number | undefined): Partial<AccountState> {
  const { name, uid, group = name, comment = '', shell = '/bin/sh' } = want
  const numbers = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) }
  return { present: true, ...numbers, group, comment, home: homeOf(want), shell, groups: groupsOf(want, []) ?? [] }
}

/** What `register` sees. */
export function resultOf(name: string, { uid, group, home, shell }: Partial<AccountState>) {
  const number =
    uid === undefined || uid < 0 ? new Unknown(`the number of the account ${name}, which the host chooses`) : uid
  return { name, uid: number, group: group ?? '', home: home ?? '', shell: shell ?? '' }
}
