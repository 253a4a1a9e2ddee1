import type { Change } from '../../engine/resource/change.ts'
import { type FileState, textOf, type UnitState } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { isBusy, unitName } from './unit.ts'
import { filePath, type UnitFiles } from './unit-files.ts'

/** What can be foreseen of a unit after these changes: neither its process nor the time, nor what a mask has hidden. */
export function unitAfter(
  want: UnitFiles,
  unit: UnitState,
  changes: readonly Change<string, string>[],
): Partial<UnitState> | Unknown {
  if (changes.length === 0) return unit
  const kinds = new Set(changes.map(({ kind }) => kind))
  if (kinds.has('unmask') && want.content === undefined) {
    return new Unknown(`what ${unitName(want.name)} is once it is unmasked`)
  }
  const { mainPid, activeSince, dropIns, fileGone, ...rest } = unit
  const next: Partial<UnitState> = { ...rest, needsReload: false, dropIns: dropInsAfter(want, dropIns, changes) }
  // Its process runs on, and nobody knows it any more.
  if (fileGone && want.content === undefined) Object.assign(next, { load: 'not-found', enabled: '', fragment: '' })
  if (want.content !== undefined) {
    next.load = 'loaded'
    next.fragment = filePath(want.name)
    // Drop-ins that are there already may say it too.
    if (kinds.has('write') && dropIns.length === 0) next.canReload = saysHowToReload(want)
    if (!isEnabled(unit)) next.enabled = isInstallable(want.content) ? 'disabled' : 'static'
    else if (unit.load === 'not-found') next.enabled = 'enabled'
  }
  if (kinds.has('enable')) Object.assign(next, { enabled: 'enabled', linked: true })
  if (kinds.has('disable')) Object.assign(next, { enabled: 'disabled', linked: false })
  if (kinds.has('mask')) {
    next.load = next.enabled = 'masked'
    // systemd 247 says /dev/null, later ones the path of the link.
    delete next.fragment
  }
  if (next.load === 'masked') delete next.needsReload
  // Drop-ins of a unit that is not found may lie there already; systemd does not list them.
  if (unit.load !== 'loaded') delete next.dropIns
  if (kinds.has('start')) {
    next.active = 'active'
    const sub = subState(want)
    if (sub === undefined) delete next.sub
    else next.sub = sub
  }
  if (kinds.has('stop')) Object.assign(next, { active: 'inactive', sub: 'dead' })
  return next
}

/**
 * A unit whose file has changed under systemd, as it is once systemd has been told: until then it goes on saying whether the
 * old file could be enabled. `own` is its file in /etc, when it has one there.
 */
export function onceReloaded({ fileGone, ...held }: UnitState, own: FileState | undefined): UnitState {
  if (isBusy(held)) return onceReloaded({ ...held, load: 'loaded', needsReload: true }, own)
  const text = own && textOf(own)
  const unit = fileGone && text === undefined ? { ...held, fileGone } : held
  // Empty or bad: systemd was asked while the file was away.
  if (!unit.needsReload || text === undefined || !/^(static|disabled|bad)?$/.test(unit.enabled)) return unit
  if (unit.linked) return { ...unit, enabled: 'enabled' }
  return { ...unit, enabled: isInstallable(text) ? 'disabled' : 'static' }
}

/** Whether it starts at boot; a link waits for the file that it points to. */
export function isEnabled({ enabled, load, linked }: UnitState): boolean {
  if (load === 'not-found' && linked) return true
  return enabled === 'enabled' || enabled === 'enabled-runtime' || enabled === 'alias'
}

/** Whether a unit file says when it is to be started, once it is enabled. */
export function isInstallable(content: string): boolean {
  return /^\[Install\]\s*$/m.test(content)
}

/** Whether the files of a unit say how it reads its configuration anew; see systemd.service(5). */
function saysHowToReload({ content = '', dropins = {} }: UnitFiles): boolean {
  const texts = [content, ...Object.values(dropins)]
  return texts.some((text) => /^(ExecReload\s*=\s*\S|Type\s*=\s*notify-reload)/m.test(text ?? ''))
}

/** Whether a unit file's service stays up when its command has ended. */
export function remainsAfterExit(content: string): boolean {
  return /^RemainAfterExit\s*=\s*(yes|true|on|1)\s*$/m.test(content)
}

/** Sorted by file name, as systemd lists them. */
function dropInsAfter(want: UnitFiles, now: readonly string[], changes: readonly Change<string, string>[]): string[] {
  const written = changes.filter(({ kind, what }) => kind === 'write' && what !== filePath(want.name))
  const paths = now.filter((path) => !written.some(({ what }) => what === path))
  paths.push(...written.filter(({ to }) => to !== undefined).map(({ what }) => what))
  const fileName = (path: string) => path.slice(path.lastIndexOf('/') + 1)
  return paths.sort((a, b) => (fileName(a) < fileName(b) ? -1 : 1))
}

const SUB_STATES: Readonly<Record<string, string>> = {
  socket: 'listening',
  target: 'active',
  timer: 'waiting',
  path: 'waiting',
  mount: 'mounted',
  automount: 'waiting',
  swap: 'active',
  slice: 'active',
}

/** A service whose text is not at hand may run on or have ended. */
function subState({ name, content }: UnitFiles): string | undefined {
  const unit = unitName(name)
  const known = SUB_STATES[unit.slice(unit.lastIndexOf('.') + 1)]
  if (known !== undefined || content === undefined) return known
  return remainsAfterExit(content) && /^Type\s*=\s*oneshot\s*$/m.test(content) ? 'exited' : 'running'
}
