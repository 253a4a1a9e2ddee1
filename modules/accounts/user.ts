import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import {
  ABSENT,
  NO_ACCOUNT,
  NO_GROUP,
  type Prediction,
  predict,
  predictSome,
  read,
} from '../../engine/resource/read.ts'
import { changesOf, created, newOf, nextOf, resultOf } from './user-attributes.ts'
import { type UserChange, userLegs } from './user-commands.ts'
import { type HomeHave, homeChange, homePredictions, homeReads } from './user-home.ts'
import { passwordPlan } from './user-password.ts'

const args = Arg.object({
  name: Arg.account({ maxLength: 32, description: 'Login name.' }),
  state: Type.Optional(Arg.choice(['present', 'absent'], { description: 'Whether it exists; present by default.' })),
  uid: Type.Optional(Type.Integer({ minimum: 0, description: 'Its number; the host chooses when left out.' })),
  group: Type.Optional(
    Arg.account({ description: 'Primary group, which must exist; one named like the account when left out.' }),
  ),
  groups: Type.Optional(
    Type.Array(Arg.account({}), {
      description: 'Supplementary groups, which must exist; the account leaves all others unless `append` is true.',
    }),
  ),
  append: Type.Optional(Type.Boolean({ description: 'Whether groups that are not listed are kept.' })),
  home: Type.Optional(Arg.path({ description: 'Home folder; /home/NAME for a new account when left out.' })),
  create_home: Type.Optional(
    Type.Boolean({
      description: 'Whether the home folder is made when it is missing, 0700 and from /etc/skel; true by default.',
    }),
  ),
  shell: Type.Optional(Arg.path({ description: 'Login shell; /bin/sh for a new account when left out.' })),
  comment: Type.Optional(Type.String({ pattern: '^[^:\\n]*$', description: 'Full name or purpose.' })),
  system: Type.Optional(
    Type.Boolean({ description: 'Whether a new account gets a number of the range for system accounts.' }),
  ),
  password: Type.Optional(
    Arg.secret({ description: 'Password as a hash, as `mkpasswd` or `openssl passwd -6` prints it; never plain.' }),
  ),
  update_password: Type.Optional(
    Arg.choice(['always', 'on_create'], {
      description: 'Whether the password of an account that exists already is kept as asked; always by default.',
    }),
  ),
  password_lock: Type.Optional(
    Type.Boolean({ description: 'Whether logging in by password is barred; keys still let the account in.' }),
  ),
  remove: Type.Optional(Type.Boolean({ description: 'With `state: absent`: whether the home folder goes as well.' })),
})

export type UserWishes = typeof args.static

/** An account of the host. See useradd(8) and shadow(5). */
export const user = defineModule({
  name: 'user',
  summary: 'An account of the host, with its groups, home folder and password.',
  args,
  examples: [
    `- group: { name: tunnels }
- group: { name: operators }
- user: { name: tunnel, group: tunnels, shell: /usr/sbin/nologin, home: /var/lib/tunnel, system: true }
- user: { name: alice, uid: 4801, groups: [operators, tunnels], comment: Alice Example, shell: /bin/bash }
- user: { name: bob, password: "$6$Kn4hXyZJ$1PbHuEAgWZ3W0Kc0qY3tAzbVpA4s8L0vYxWJrQvQ5Z0" }
- user: { name: bob, groups: [tunnels], append: true, password_lock: true }
- user: { name: former, state: absent, remove: true }
`,
  ],

  resource: ({ name }) => `user:${name}`,

  reads: (want) => ({
    account: read.account(want.name),
    own: read.group(want.name),
    connection: read.connection(),
    primary: want.group === undefined ? [] : [read.group(want.group)],
    groups: (want.groups ?? []).map((group) => read.group(group)),
    ...homeReads(want),
  }),

  plan(want, have): Plan<UserChange> {
    const { name } = want
    const { account, own, connection } = have
    const isLogin = connection.endpoints !== undefined && connection.user === name
    if (want.state === 'absent') {
      if (isLogin && account.present)
        throw new TaskFailure(`${name} is the account that this run works with`, 'log in as somebody else to remove it')
      const changes: UserChange[] = account.present
        ? [{ kind: 'remove', what: name, from: 'present', to: undefined }]
        : []
      const after = [predict(read.account(name), NO_ACCOUNT)]
      // userdel takes the account's own group along, unless others are in it.
      const isOwnGroup = account.group === name && own.members.every((member) => member === name)
      if (changes.length > 0 && isOwnGroup) after.push(predict(read.group(name), NO_GROUP))
      if (changes.length > 0 && want.remove) after.push(predict(read.status(account.home), ABSENT))
      return { changes, after, result: { name } }
    }
    requireGroups(want, have)
    const changes = account.present ? changesOf(want, account) : [created(want, own.present)]
    const next = account.present ? nextOf(want, account, have.primary[0]?.gid) : newOf(want, have.primary[0]?.gid)
    const folder = homeChange(want, have)
    if (folder) changes.push(folder)
    const password = passwordPlan(want, account)
    changes.push(...password.changes)
    if (changes.length === 0) return { changes, result: resultOf(name, account) }
    const after: Prediction[] = [predictSome(read.account(name), { ...next, passwordHash: password.hash })]
    if (!account.present && want.group === undefined)
      after.push(predictSome(read.group(name), { present: true, members: own.members }))
    want.groups?.forEach((group, index) => {
      const state = have.groups[index] ?? NO_GROUP
      if (!state.members.includes(name))
        after.push(predict(read.group(group), { ...state, members: [...state.members, name].sort() }))
    })
    after.push(...homePredictions(want, have, next.group ?? name))
    const guarded = isLogin ? changes.map((change) => ({ ...change, endangers: 'account' as const })) : changes
    return { changes: guarded, after, result: resultOf(name, next) }
  },

  apply: userLegs,
})

interface Have extends HomeHave {
  own: { present: boolean; members: readonly string[] }
  primary: readonly { present: boolean; gid: number }[]
  groups: readonly { present: boolean; gid: number; members: readonly string[] }[]
}

function requireGroups({ name, group, groups = [] }: UserWishes, have: Have): void {
  const missing = [
    ...(have.primary[0]?.present === false ? [group] : []),
    ...groups.filter((_, index) => have.groups[index]?.present === false),
  ]
  if (missing.length === 0) return
  throw new TaskFailure(
    `the host has no group ${missing.join(', ')}, which ${name} is to be in`,
    'create it with a task `group` before this one',
  )
}
