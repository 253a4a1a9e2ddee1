import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { sh } from '../../engine/resource/command.ts'
import { defineModule, TaskFailure } from '../../engine/resource/module.ts'
import { ABSENT, fileOf, predict, predictSome, read, textOf, type UnitState } from '../../engine/resource/read.ts'
import { changeLinks, type Told, toldOnce } from './unit-links.ts'

type UnitsChange =
  | Change<'write', string>
  | (Change<'remove', string> & Told)
  | Change<'reload', string>
  | (Change<'enable', string> & Told)
  | Change<'restart', string>
  | Change<'start', string>

const FOLDER = '/etc/systemd/system'

const unit = Arg.object(
  {
    name: Type.String({ pattern: '^[\\w:.-]+$', description: 'What follows the prefix in the name of the unit.' }),
    environment: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z_]\\w*$' }), Type.Union([Type.String(), Type.Number()]), {
        description: 'What tells this unit from the others: variables that the text uses, as PEER in $PEER.',
      }),
    ),
  },
  { description: 'One unit of the family.' },
)

const args = Arg.object({
  prefix: Type.String({
    pattern: '^[A-Za-z][\\w.-]*-$',
    description: 'What the names of all units of the family begin with, as in mm-tunnel-; it ends with a hyphen.',
  }),
  content: Type.String({ description: 'The text that all unit files share, with an [Install] section.' }),
  units: Type.Array(unit, { description: 'The units that there shall be; an empty list removes the family.' }),
})

type Want = typeof args.static

/** A family of service units: exactly these exist, are enabled and run; one whose text changes is restarted. */
export const systemdUnits = defineModule({
  name: 'systemd-units',
  summary: 'A family of service units that share a prefix: exactly these exist, are enabled and run.',
  args,
  examples: [
    `- systemd-units:
    prefix: lockstep-family-
    content: |
      [Service]
      ExecStart=/bin/sleep \${SECONDS}
      [Install]
      WantedBy=multi-user.target
    units:
      - { name: one, environment: { SECONDS: 100000 } }
      - { name: two, environment: { SECONDS: infinity } }
- systemd-units: { prefix: lockstep-nobody-, content: '', units: [] }
`,
  ],

  resource: ({ prefix }) => `units:${prefix}*`,

  reads: (want) => ({
    files: namesOf(want).map((name) => read.file(`${FOLDER}/${name}`)),
    states: namesOf(want).map((name) => read.unit(name)),
    all: read.tree(FOLDER),
  }),

  plan(want, { files, states, all }) {
    const { prefix } = want
    const names = namesOf(want)
    const texts = want.units.map((one) => textFor(want.content, one))
    const changed = names.map((_, index) => textOf(files[index] ?? ABSENT) !== texts[index])
    const strays = all.entries.map(({ path }) => path).filter((path) => isStray(path, prefix, names))
    const stale = states.some(({ needsReload }) => needsReload) || strays.length > 0 || changed.includes(true)
    const changes: UnitsChange[] = strays.map((what) => ({ kind: 'remove', what, from: 'present', to: undefined }))
    names.forEach((name, index) => {
      const text = texts[index] ?? ''
      refuse(name, text, states[index])
      if (changed[index])
        changes.push({ kind: 'write', what: `${FOLDER}/${name}`, from: textOf(files[index] ?? ABSENT), to: text })
    })
    if (stale)
      changes.push({ kind: 'reload', what: `${prefix}* as systemd holds them`, from: 'changed on disk', to: 'loaded' })
    names.forEach((what, index) => {
      const unit = states[index]
      if (!unit) return
      if (!unit.enabled.startsWith('enabled') && !unit.linked)
        changes.push({ kind: 'enable', what, from: 'disabled', to: 'enabled' })
      if (!isUp(unit)) changes.push({ kind: 'start', what, from: unit.active, to: 'active' })
      else if (changed[index] || unit.needsReload)
        changes.push({ kind: 'restart', what, from: 'runs the old text', to: 'runs the new text' })
    })
    return {
      changes: toldOnce(changes, LINKING),
      after: [
        ...strays.map((path) => predict(read.file(path), ABSENT)),
        ...names.flatMap((name, index) => [
          predict(read.file(`${FOLDER}/${name}`), fileOf(texts[index] ?? '', { mode: 0o644 })),
          predictSome(read.unit(name), {
            ...{ load: 'loaded', active: 'active', enabled: 'enabled', linked: true, needsReload: false },
          }),
        ]),
      ],
      result: { units: names, removed: strays.length },
      reloadsSystemd: stale,
    }
  },

  apply: {
    // 5: systemd has not loaded it, since nobody has told it of the file or it makes no sense.
    remove: ({ what, isToldLater }) => [
      changeLinks('disable', nameAt(what), { isToldLater }),
      sh`systemctl stop -- ${nameAt(what)} || [ $? = 5 ]`,
      sh`rm -f -- ${what}`,
    ],
    write: ({ what, to }) => sh.write(what, to ?? '', { mode: 0o644, owner: 'root', group: 'root' }),
    reload: () => sh`systemctl daemon-reload`,
    enable: ({ what, isToldLater }) => changeLinks('enable', what, { isToldLater }),
    restart: ({ what }) => sh`systemctl restart -- ${what}`,
    start: ({ what }) => sh`systemctl start -- ${what}`,
  },
})

const LINKING: ReadonlySet<UnitsChange['kind']> = new Set(['remove', 'enable'])

function namesOf({ prefix, units }: Want): string[] {
  return units.map(({ name }) => `${prefix}${name}.service`)
}

/** The shared text and, in a section of its own at the end, the unit's variables; see systemd.exec(5) for the quoting. */
function textFor(content: string, { environment = {} }: Want['units'][number]): string {
  const variables = Object.entries(environment).map(
    ([name, value]) => `Environment="${name}=${quoted(String(value))}"\n`,
  )
  return `${content.trimEnd()}\n${variables.length > 0 ? `\n[Service]\n${variables.join('')}` : ''}`
}

function quoted(value: string): string {
  return value.replace(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('\n', '\\n')
}

function nameAt(path: string): string {
  return path.slice(FOLDER.length + 1)
}

/** A service of the family that nobody asked for; links in `.wants` folders go when it is disabled. */
function isStray(path: string, prefix: string, names: readonly string[]): boolean {
  const name = nameAt(path)
  return name.startsWith(prefix) && name.endsWith('.service') && !name.includes('/') && !names.includes(name)
}

/** Waiting for the next try of `Restart=` counts: the unit is under way, and systemd sees to it. */
function isUp({ active }: UnitState): boolean {
  return ['active', 'activating', 'reloading', 'refreshing'].includes(active)
}

function refuse(name: string, text: string, unit: UnitState | undefined): void {
  if (!unit || unit.load === 'absent')
    throw new TaskFailure(`the host does not run systemd, so ${name} cannot be managed`)
  if (unit.load === 'masked') throw new TaskFailure(`${name} is masked`, 'unmask it with `systemd` and `masked: false`')
  if (!/^\[Install\]\s*$/m.test(text)) {
    throw new TaskFailure(
      `${name} cannot be enabled: its text has no [Install] section`,
      'add one with WantedBy=multi-user.target',
    )
  }
}
