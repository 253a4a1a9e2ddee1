import { TaskFailure } from '../../engine/resource/module.ts'
import type { UnitState } from '../../engine/resource/read.ts'
import type { SystemdWishes } from './systemd.ts'
import { unitObstacle } from './unit.ts'
import { isInstallable, remainsAfterExit } from './unit-foresight.ts'

/** Fails where no change can lead to what is asked for; `writes`: the files of the unit will change. */
export function refuse(name: string, want: SystemdWishes, unit: UnitState, writes: boolean): void {
  const { content, enabled, masked } = want
  const starts = want.state === 'started'
  if (masked && content !== undefined) {
    throw new TaskFailure(
      `${name} cannot be masked and have a unit file in /etc at once`,
      'leave out `content` or `masked`',
    )
  }
  if (masked && (starts || enabled)) throw new TaskFailure(`${name} cannot be masked and yet be started or enabled`)
  if (masked && unit.load !== 'masked' && unit.fragment.startsWith('/etc/systemd/system/')) {
    throw new TaskFailure(
      `${name} cannot be masked: its own file ${unit.fragment} is in the way`,
      'remove the file first',
    )
  }
  const obstacle = unitObstacle(name, unit)
  if (obstacle && !isOvercome(want, unit, writes)) throw new TaskFailure(obstacle.failure, obstacle.hint)
  if (enabled && content === undefined && /^(static|generated|transient)$/.test(unit.enabled)) {
    throw new TaskFailure(
      `${name} cannot be enabled: it is ${unit.enabled}`,
      'only a unit file with an [Install] section can be',
    )
  }
  if (content === undefined) return
  if (enabled && !isInstallable(content)) {
    throw new TaskFailure(
      `${name} cannot be enabled: its unit file has no [Install] section`,
      'add one with WantedBy=multi-user.target',
    )
  }
  if (starts && /^Type\s*=\s*oneshot\s*$/m.test(content) && !remainsAfterExit(content)) {
    throw new TaskFailure(
      `${name} is never up for long: a oneshot service ends when its command has ended`,
      'add RemainAfterExit=yes, or leave out `state`',
    )
  }
}

/** Whether a unit that is missing, masked or broken can be as asked for all the same. */
function isOvercome(
  { state, enabled, masked, content, dropins }: SystemdWishes,
  { load }: UnitState,
  writes: boolean,
): boolean {
  if (load === 'absent') return false
  if (load === 'masked') return masked !== undefined || (state !== 'started' && !enabled && content === undefined)
  const asks = state === 'started' || enabled === true
  if (load === 'not-found')
    return content !== undefined || !(asks || Object.values(dropins ?? {}).some((text) => text !== null))
  return writes || !(asks || content !== undefined)
}

/** Fails where a template is asked for what only its instances can be. */
export function refuseTemplate(name: string, { state, enabled, masked }: SystemdWishes): void {
  if (state !== undefined || enabled !== undefined || masked !== undefined) {
    throw new TaskFailure(`${name} is a template: only its files can be managed`, 'name an instance, as in tunnel@mm2')
  }
}
