import type { FileState, UnitState } from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'

/** A file of a unit that is predicted to be written or to go. */
export interface UnitFile {
  path: string
  state: FileState
  /** The unit's own file or its template's; otherwise a drop-in. */
  isMain: boolean
  /** systemd has been told since. */
  isLoaded: boolean
}

/**
 * How a unit shows once its files are written: a new unit is found and stopped; a unit that systemd holds in memory (active or
 * enabled) asks for a reload until systemd is told; one that it does not hold is read afresh when it is next needed. Measured
 * on systemd 252.
 */
export function unitAfter(base: UnitState, files: readonly UnitFile[]): UnitState | Unknown {
  let unit = base
  for (const { path, state, isMain, isLoaded } of files) {
    const held = unit.active !== 'inactive' || unit.enabled.startsWith('enabled')
    const stale = unit.needsReload || (held && !isLoaded)
    if (!isMain) {
      if (unit.load === 'loaded') unit = { ...unit, needsReload: stale }
    } else if (state.type === 'absent') {
      const gone = { load: 'not-found', enabled: '', fragment: '', needsReload: false }
      unit = held && !isLoaded ? { ...unit, needsReload: stale } : { ...unit, ...gone }
    } else if (unit.load === 'loaded') {
      // What systemd holds goes on saying whether the old file could be enabled.
      const canChange = /^(static|disabled)?$/.test(unit.enabled) && (!held || isLoaded)
      unit = {
        ...unit,
        needsReload: stale,
        ...(canChange && state.content ? { enabled: enabledBy(state, unit) } : {}),
        ...((!held || isLoaded) && state.content ? { canReload: saysHowToReload(state) } : {}),
      }
    } else {
      if (state.type === 'file' && !state.content)
        return new Unknown(`what the unit file ${path} will say is known after apply`)
      // What runs and had lost its file is an error (EBUSY) until systemd is told.
      const load = unit.active !== 'inactive' && !isLoaded ? 'error' : 'loaded'
      unit = {
        ...unit,
        load,
        enabled: enabledBy(state, unit),
        canReload: saysHowToReload(state),
        fragment: path,
        needsReload: load === 'loaded' && stale,
      }
    }
  }
  return unit
}

/** How a unit shows once systemd has read all files anew; one whose file is gone is not found, though its process runs on. */
export function onceTold({ fileGone, ...unit }: UnitState): UnitState {
  if (!fileGone || !unit.needsReload) return { ...unit, needsReload: false }
  return { ...unit, load: 'not-found', enabled: '', fragment: '', needsReload: false }
}

/** What a unit is by its file and the links that there are. */
function enabledBy({ content }: FileState, { linked }: UnitState): string {
  if (linked) return 'enabled'
  return /^\[Install\]$/m.test(content?.toString('utf8') ?? '') ? 'disabled' : 'static'
}

/** See systemd.service(5), ExecReload= and Type=. */
function saysHowToReload({ content }: FileState): boolean {
  return /^(ExecReload\s*=\s*\S|Type\s*=\s*notify-reload)/m.test(content?.toString('utf8') ?? '')
}

/** tunnel@.service of tunnel@mm2.service; the unit itself when it is not an instance. */
export function templateOf(unit: string): string {
  return unit.replace(/^([^@]+@)[^@]*(\.[a-z]+)$/, '$1$2')
}
