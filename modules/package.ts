import { type Static, Type } from '@sinclair/typebox'
import { Arg } from '../engine/resource/arguments.ts'
import type { Change } from '../engine/resource/change.ts'
import { sh } from '../engine/resource/command.ts'
import { defineModule, type Plan } from '../engine/resource/module.ts'
import { predict, predictSome, read } from '../engine/resource/read.ts'
import { APT, debCheck, installOptions, listsRead, UPDATE } from './apt.ts'
import {
  installed,
  isThere,
  NOT_INSTALLED,
  nameOf,
  refuse,
  refuseHeld,
  versionAfter,
  versionsOf,
  type Wish,
} from './package-wish.ts'

type PackageChange =
  /** The lists of what there is to be had. */
  | Change<'refresh', string>
  /** `words`: names, name=version or paths, as apt-get takes them. */
  | (Change<'install', string> & { words: readonly string[] })
  | (Change<'remove', string> & { words: readonly string[] })

const specification = Type.String({
  pattern: '^[a-z0-9][a-z0-9+.-]+(=[\\w.+:~*-]+)?$',
  description: 'A package, or one in a version, as in nginx=1.22.1-9 or nginx=1.22.*.',
})

const args = Arg.object({
  name: Type.Union([specification, Type.Array(specification, { minItems: 1 })], {
    lockstep: 'main',
    description: 'The package or packages, each as name or name=version; real ones, not virtual.',
  }),
  state: Type.Optional(
    Arg.choice(['present', 'absent', 'latest'], {
      description: 'Whether they are there, in the newest version that apt knows (latest), or not; present by default.',
    }),
  ),
  deb: Type.Optional(
    Arg.path({ description: 'A .deb file on the host that holds the package; what it depends on comes from apt.' }),
  ),
  update_cache: Type.Optional(
    Type.Boolean({ description: 'Whether the lists are fetched first when they are older than `cache_valid_time`.' }),
  ),
  cache_valid_time: Type.Optional(
    Type.Integer({ minimum: 60, description: 'Seconds for which fetched lists are good; 3600 by default.' }),
  ),
  install_recommends: Type.Optional(
    Type.Boolean({ description: 'Whether recommended packages come along; as apt is configured when left out.' }),
  ),
  allow_downgrade: Type.Optional(Type.Boolean({ description: 'Whether a version may replace a newer one.' })),
  purge: Type.Optional(
    Type.Boolean({ description: 'With `state: absent`: whether configuration files go with the package.' }),
  ),
})

export type PackageWishes = Static<typeof args>

/** Debian packages, by apt-get(8). */
export const packages = defineModule({
  name: 'package',
  summary: 'Debian packages: present, in a given version, the newest, or absent.',
  args,
  examples: [
    `- package: { name: [sudo, openssh-server] }
- package: { name: nobody-ever-heard-of-it, state: absent }
- package: { name: sudo, install_recommends: false }
`,
    `- package: { name: hello, update_cache: true }
- package: { name: [hello, tree], state: latest, update_cache: true, cache_valid_time: 86400 }
- package: { name: tree, state: latest }
`,
  ],

  resource: ({ name }) => `package:${[name].flat().map(nameOf).join(',')}`,

  reads: (want) => ({
    packages: [want.name].flat().map((spec) => packageRead(want, spec)),
    deb: want.deb === undefined ? [] : [read.status(want.deb)],
    // The age of a file is in no other read.
    lists: want.update_cache ? [listsRead(want.cache_valid_time)] : [],
  }),

  plan(want, have) {
    const specs = [want.name].flat()
    const wishes = specs.map((spec, index) => ({ spec, have: have.packages[index] ?? NOT_INSTALLED }))
    if (want.state === 'absent') return absentPlan(wishes)
    const due = wishes.filter(({ spec, have }) => !isThere(spec, have, want.state === 'latest'))
    // Only `latest` needs fresh lists when everything is there.
    const refreshes = have.lists[0]?.stdout.toString() === STALE && (due.length > 0 || want.state === 'latest')
    if (due.length === 0 && !refreshes) return { changes: [], result: { versions: versionsOf(wishes) } }
    refuse(want, due, refreshes, have.deb[0])
    // What new lists offer is not known yet, so all are asked for; apt-get leaves alone what is the newest.
    const left = refreshes && want.state === 'latest' ? wishes : due
    const changes: PackageChange[] = []
    if (refreshes) changes.push({ kind: 'refresh', what: 'package lists', from: 'old', to: 'fetched' })
    changes.push({
      kind: 'install',
      what: left.map(({ spec }) => nameOf(spec)).join(', '),
      from:
        left
          .map(({ have }) => have.version)
          .filter(Boolean)
          .join(', ') || undefined,
      to: left.map((wish) => String(versionAfter(want, wish, refreshes))).join(', '),
      words: want.deb === undefined ? left.map(({ spec }) => spec) : [want.deb],
    })
    const after = left.map((wish) => predictSome(packageRead(want, wish.spec), installed(want, wish, refreshes)))
    if (refreshes)
      after.push(
        predict(listsRead(want.cache_valid_time), { code: 0, stdout: Buffer.from('fresh\n'), stderr: Buffer.alloc(0) }),
      )
    const isNew = left.filter(({ have }) => !have.installed).map(({ spec }) => nameOf(spec))
    return {
      changes,
      after,
      result: {
        versions: {
          ...versionsOf(wishes),
          ...Object.fromEntries(left.map((wish) => [nameOf(wish.spec), versionAfter(want, wish, refreshes)])),
        },
      },
      ...(isNew.length > 0 ? { brings: `the package ${isNew.join(', ')}` } : {}),
    }
  },

  apply: {
    refresh: () => UPDATE,
    install: ({ words }, want) => [
      debCheck(want.deb, nameOf([want.name].flat()[0] ?? '')),
      sh`${APT} -y -q ${installOptions(want)} install -- ${words}`,
    ],
    remove: ({ words }, { purge }) => sh`${APT} -y -q ${purge ? ['--purge'] : []} remove -- ${words}`,
  },
})

const STALE = 'stale\n'

function packageRead({ state }: PackageWishes, spec: string) {
  return read.package(nameOf(spec), { candidate: state === 'latest' })
}

function absentPlan(wishes: readonly Wish[]): Plan<PackageChange> {
  const there = wishes.filter(({ have }) => have.installed)
  const words = there.map(({ spec }) => nameOf(spec))
  refuseHeld(there)
  if (words.length === 0) return { changes: [], result: { versions: {} } }
  const from = there.map(({ have }) => have.version).join(', ')
  return {
    changes: [{ kind: 'remove', what: words.join(', '), from, to: undefined, words }],
    after: words.map((name) => predictSome(read.package(name), { installed: false, version: '', held: false })),
    result: { versions: {} },
  }
}
