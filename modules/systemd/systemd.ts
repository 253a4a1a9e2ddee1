import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { sh } from '../../engine/resource/command.ts'
import { defineModule } from '../../engine/resource/module.ts'
import { predictSome, read, type UnitState } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { partOfUnit } from '../../engine/resource/way-in.ts'
import { bringUp, isTemplate, unitName, unitOrTemplateArg } from './unit.ts'
import { type FileChange, fileChanges, filePath, filePredictions, fileReads, folderOf } from './unit-files.ts'
import { isEnabled, onceReloaded, unitAfter } from './unit-foresight.ts'
import { changeLinks, type Told, toldOnce } from './unit-links.ts'
import { refuse, refuseTemplate } from './unit-refusal.ts'

type SystemdChange =
  | FileChange
  | (Change<'unmask', string> & Told)
  | (Change<'enable', string> & Told)
  | (Change<'disable', string> & Told)
  | (Change<'mask', string> & Told)
  | Change<'reload', string>
  | Change<'start', string>
  | Change<'stop', string>

const args = Arg.object({
  name: unitOrTemplateArg,
  state: Type.Optional(
    Arg.choice(['started', 'stopped'], {
      description: 'Whether it runs now; to restart it, notify a handler that calls `restart`.',
    }),
  ),
  enabled: Type.Optional(Type.Boolean({ description: 'Whether it starts when the host boots.' })),
  masked: Type.Optional(Type.Boolean({ description: 'Whether it is kept from being started by anything.' })),
  content: Type.Optional(
    Type.String({ description: 'The whole text of the unit file, which is kept in /etc/systemd/system.' }),
  ),
  dropins: Type.Optional(
    Type.Record(Type.String({ pattern: '^[\\w.-]+$' }), Type.Union([Type.String(), Type.Null()]), {
      description: 'Drop-ins by name, each with its whole text, or null for one that shall not be there.',
    }),
  ),
})

export type SystemdWishes = typeof args.static

/** A systemd unit: its files, whether it runs and whether it starts at boot. See systemctl(1) and systemd.unit(5). */
export const systemd = defineModule({
  name: 'systemd',
  summary: 'A systemd unit: its unit file and drop-ins, whether it runs, starts at boot, or is masked.',
  args,
  examples: [
    `- systemd:
    name: lockstep-sleep
    content: |
      [Service]
      ExecStart=/bin/sleep infinity
      [Install]
      WantedBy=multi-user.target
    state: started
    enabled: true
- systemd:
    name: lockstep-sleep
    dropins:
      10-nice: |
        [Service]
        Nice=5
      20-gone: null
- systemd: { name: lockstep-other, state: stopped, enabled: false }
- systemd: { name: lockstep-never, masked: true }
`,
    `- systemd:
    name: lockstep-tick@
    content: |
      [Service]
      Type=oneshot
      RemainAfterExit=yes
      ExecStart=/bin/echo %i
      [Install]
      WantedBy=multi-user.target
- systemd: { name: lockstep-tick@one, state: started, enabled: true }
- systemd: { name: lockstep-tick@two, state: started }
`,
  ],

  resource: ({ name }) => `unit:${unitName(name)}`,

  reads: (want) => ({
    unit: isTemplate(want.name) ? [] : [read.unit(unitName(want.name))],
    own: isTemplate(want.name) ? [] : [read.file(filePath(want.name))],
    ...fileReads(want),
  }),

  plan(want, { unit: [seen], own: [own], ...have }) {
    const unit = seen && onceReloaded(seen, own)
    const name = unitName(want.name)
    const files = fileChanges(want, have)
    const changes: SystemdChange[] = unit
      ? unitChanges(name, want, unit, files)
      : [...files, ...(files.length > 0 ? [reloading(name)] : [])]
    if (!unit) {
      refuseTemplate(name, want)
      return { changes, after: filePredictions(want.name, files), result: { name }, reloadsSystemd: reloads(changes) }
    }
    refuse(name, want, unit, files.length > 0)
    const next = unitAfter(want, unit, changes)
    return {
      changes: toldOnce(changes, LINKING).map(guarded),
      after: [...filePredictions(want.name, files), predictSome(read.unit(name), next)],
      result:
        next instanceof Unknown
          ? { name, active: next, enabled: next }
          : { name, active: next.active ?? unit.active, enabled: next.enabled ?? unit.enabled },
      reloadsSystemd: reloads(changes),
    }
  },

  apply: {
    unmask: ({ what, from, isToldLater }) =>
      changeLinks('unmask', what, { isToldLater, isRuntime: from === 'masked-runtime' }),
    write: ({ what, to }) =>
      to === undefined
        ? sh`rm -f -- ${what}`
        : [
            sh`mkdir -p -m 0755 -- ${folderOf(what)}`,
            sh.write(what, to, { mode: 0o644, owner: 'root', group: 'root' }),
          ],
    reload: () => sh`systemctl daemon-reload`,
    enable: ({ what, isToldLater }) => changeLinks('enable', what, { isToldLater }),
    disable: ({ what, isToldLater }) => changeLinks('disable', what, { isToldLater }),
    mask: ({ what, isToldLater }) => changeLinks('mask', what, { isToldLater }),
    start: ({ what }) => bringUp('start', what),
    stop: ({ what }) => sh`systemctl stop -- ${what}`,
  },
})

const LINKING: ReadonlySet<SystemdChange['kind']> = new Set(['unmask', 'enable', 'disable', 'mask'])

/** What stops sshd, the firewall or the network may cut off the way in. */
function guarded(change: SystemdChange): SystemdChange {
  return SHUTTING.has(change.kind) ? { ...change, endangers: partOfUnit(change.what) } : change
}

const SHUTTING: ReadonlySet<string> = new Set(['stop', 'mask', 'start'])

function unitChanges(
  what: string,
  want: SystemdWishes,
  unit: UnitState,
  files: readonly FileChange[],
): SystemdChange[] {
  const changes: SystemdChange[] = []
  const isMasked = unit.load === 'masked'
  const unmasks = isMasked && want.masked === false
  const enabled = isEnabled(unit)
  if (unmasks) changes.push({ kind: 'unmask', what, from: unit.enabled, to: 'unmasked' })
  changes.push(...files)
  // A unit that another one names is in memory although it neither runs nor is enabled: so always after writing.
  // What is masked with a drop-in asks for a reload for ever (systemd 252), and has nothing to load.
  if ((unit.needsReload && (!isMasked || unmasks)) || files.length > 0) changes.push(reloading(what))
  if (want.enabled === true && !enabled) changes.push({ kind: 'enable', what, from: 'disabled', to: 'enabled' })
  // A mask hides whether the unit is enabled beneath it; a link to nothing is not systemctl's to remove.
  const isThere = unit.load !== 'not-found' || want.content !== undefined
  if (want.enabled === false && ((enabled && isThere) || unmasks)) {
    changes.push({ kind: 'disable', what, from: enabled ? 'enabled' : 'masked', to: 'disabled' })
  }
  if (want.masked && !isMasked) changes.push({ kind: 'mask', what, from: unit.enabled || unit.load, to: 'masked' })
  const from = unit.active
  if (want.state === 'started' && !/^(active|reloading|refreshing)$/.test(from)) {
    changes.push({ kind: 'start', what, from, to: 'active' })
  }
  if (want.state === 'stopped' && from !== 'inactive' && from !== 'failed') {
    changes.push({ kind: 'stop', what, from, to: 'inactive' })
  }
  return changes
}

/** All but starting, stopping and writing make systemctl tell systemd to read its files anew. */
function reloads(changes: readonly SystemdChange[]): boolean {
  return changes.some(({ kind }) => kind !== 'write' && kind !== 'start' && kind !== 'stop')
}

function reloading(unit: string): SystemdChange {
  return { kind: 'reload', what: `${unit} as systemd holds it`, from: 'changed on disk', to: 'loaded' }
}
