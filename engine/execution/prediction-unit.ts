import type { FileState, UnitState } from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'

/**
 * How a unit shows once its files are written and systemd has not been told: a new unit is found and stopped; a unit that
 * systemd holds in memory (active or enabled) asks for a reload; one that it does not hold is read afresh when it is next
 * needed. Measured on systemd 252.
 */
export function unitAfter(
  base: UnitState,
  name: string,
  files: readonly { path: string; state: FileState }[],
): UnitState | Unknown {
  let unit = base
  for (const { path, state } of files) {
    const held = unit.active !== 'inactive' || unit.enabled.startsWith('enabled')
    if (!path.endsWith(`/${name}`)) {
      if (unit.load === 'loaded' && held) unit = { ...unit, needsReload: true }
    } else if (state.type === 'absent') {
      unit = held ? { ...unit, needsReload: true } : { ...unit, load: 'not-found', enabled: '', fragment: '' }
    } else if (unit.load === 'loaded') {
      unit = { ...unit, needsReload: unit.needsReload || held }
    } else {
      if (state.type === 'file' && !state.content)
        return new Unknown(`what the unit file ${path} will say is known after apply`)
      const installable = /^\[Install\]$/m.test(state.content?.toString('utf8') ?? '')
      unit = {
        ...unit,
        load: 'loaded',
        enabled: installable ? 'disabled' : 'static',
        fragment: path,
        needsReload: held,
      }
    }
  }
  return unit
}
