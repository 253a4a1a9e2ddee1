import type { Change } from '../../engine/resource/change.ts'
import { type Plan, type Results, TaskFailure } from '../../engine/resource/module.ts'
import {
  ABSENT,
  fileOf,
  fileOfUnknown,
  type Prediction,
  predict,
  predictSome,
  read,
  textOf,
} from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { type Told, toldOnce } from '../systemd/unit-links.ts'
import {
  type ChainWant,
  digestOf,
  FOLDER,
  liveRead,
  rulesPath,
  savedRules,
  textOfRules,
  toolOf,
  unitName,
  unitPath,
  unitText,
} from './iptables-chain-parts.ts'

export type ChainChange =
  /** The chain's rules, in the kernel and in the file that the boot loads. */
  | Change<'rules', string>
  /** The jump that leads into the chain. */
  | Change<'jump', string>
  /** What loads the file at boot. */
  | (Change<'unit', string> & Told)
  | Change<'enable', string>
  | Change<'remove', string>

const LINKING: ReadonlySet<ChainChange['kind']> = new Set(['unit', 'enable'])

type Have = Results<ReturnType<typeof chainReads>>

/** What must be seen of a chain. */
export function chainReads(want: ChainWant) {
  return {
    live: liveRead(want),
    connection: read.connection(),
    rules: read.file(rulesPath(want)),
    unitFile: read.file(unitPath(want)),
    unit: read.unit(unitName(want)),
    tool: read.status(`/usr/sbin/${toolOf(want)}`),
    ufw: read.file('/etc/default/ufw'),
  }
}

/** The changes that make chain, jump and unit as they shall be. */
export function presentPlan(want: ChainWant, have: Have): Plan<ChainChange> {
  const { name, from, rules = [], table = 'filter' } = want
  const tool = toolOf(want)
  if (have.tool.type === 'absent')
    throw new TaskFailure(`the host has no ${tool}`, 'install the package iptables before this task')
  const live = have.live.stdout.toString('utf8').split('\n').filter(Boolean)
  const loaded = live.filter((line) => line.startsWith(`-A ${name} `))
  const jumps = live.filter((line) => line.endsWith(` -j ${name}`) && !line.startsWith(`-A ${name} `))
  const jump = `-A ${from} -j ${name}`
  const saved = savedRules(textOf(have.rules))
  const changes: ChainChange[] = []
  const endangers = isOnTheWay(table, from) && have.connection.endpoints ? ('firewall' as const) : undefined
  const isLoaded =
    live.includes(`-N ${name}`) &&
    saved?.asked === digestOf(want) &&
    saved.isWhole &&
    loaded.join('\n') === saved.lines.join('\n')
  if (!isLoaded) {
    const now = live.includes(`-N ${name}`) ? loaded.map((line) => `${line}\n`).join('') : undefined
    changes.push({
      kind: 'rules',
      what: `chain ${name} of the table ${table}`,
      from: now,
      to: textOfRules(want),
      endangers,
    })
  }
  if (jumps.length !== 1 || jumps[0] !== jump) {
    changes.push({
      kind: 'jump',
      what: `jumps to ${name} in the table ${table}`,
      from: jumps.join('\n') || undefined,
      to: jump,
      endangers,
    })
  }
  const unit = unitText(want)
  if (textOf(have.unitFile) !== unit)
    changes.push({ kind: 'unit', what: unitPath(want), from: textOf(have.unitFile), to: unit })
  if (have.unit.enabled !== 'enabled' || have.unit.active !== 'active') {
    const state = `${have.unit.enabled || 'absent'}, ${have.unit.active}`
    changes.push({ kind: 'enable', what: unitName(want), from: state, to: 'enabled, active' })
  }
  const unknown = new Unknown(`iptables says how it writes the rules of ${name} when they are loaded`)
  const lines = isLoaded ? [`-N ${name}`, jump, ...loaded] : undefined
  const after: Prediction[] = [
    predict(
      liveRead(want),
      lines ? { code: 0, stdout: Buffer.from(`${lines.join('\n')}\n`), stderr: Buffer.alloc(0) } : unknown,
    ),
    predictSome(read.status(FOLDER), { type: 'directory' }),
    predict(read.file(unitPath(want)), fileOf(unit, { mode: 0o644 })),
    predictSome(read.unit(unitName(want)), {
      load: 'loaded',
      enabled: 'enabled',
      active: 'active',
      sub: 'exited',
      needsReload: false,
      fragment: unitPath(want),
    }),
  ]
  if (!isLoaded) after.push(predict(read.file(rulesPath(want)), fileOfUnknown({ mode: 0o644 })))
  return {
    changes: toldOnce(changes, LINKING),
    after,
    result: { name, table, rules: rules.length },
    warnings: warningsOf(have),
  }
}

/** The change that takes all of it away. */
export function removePlan(want: ChainWant, have: Have): Plan<ChainChange> {
  const live = have.live.stdout.toString('utf8')
  const isGone = live === '' && have.rules.type === 'absent' && have.unitFile.type === 'absent'
  const result = { name: want.name, table: want.table ?? 'filter', rules: 0 }
  if (isGone) return { changes: [], result }
  return {
    changes: [
      {
        kind: 'remove',
        what: `chain ${want.name} of the table ${want.table ?? 'filter'}`,
        from: live || 'not loaded',
        to: undefined,
        endangers: have.connection.endpoints ? 'firewall' : undefined,
      },
    ],
    after: [
      predict(liveRead(want), { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }),
      predict(read.file(unitPath(want)), ABSENT),
      predict(read.file(rulesPath(want)), ABSENT),
      predict(read.status(FOLDER), new Unknown('the folder goes with the last chain')),
      predictSome(read.unit(unitName(want)), {
        load: 'not-found',
        enabled: '',
        active: 'inactive',
        sub: 'dead',
        needsReload: false,
        fragment: '',
      }),
    ],
    result,
  }
}

/** Whether packets of a login pass the built-in chain on their way in or out; addresses are changed where it comes in only. */
function isOnTheWay(table: string, chain: string | undefined): boolean {
  return table === 'nat' ? chain === 'PREROUTING' || chain === 'INPUT' : chain !== 'FORWARD'
}

function warningsOf({ ufw }: Have): string[] {
  const empties = /^MANAGE_BUILTINS="?yes/im.test(textOf(ufw) ?? '')
  return empties
    ? ['/etc/default/ufw says MANAGE_BUILTINS=yes: every `ufw reload` empties this chain until the next boot or run']
    : []
}
