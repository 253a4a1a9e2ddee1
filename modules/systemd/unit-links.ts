import type { Change } from '../../engine/resource/change.ts'
import { type Command, sh } from '../../engine/resource/command.ts'

/** What a change of a unit's links has beside its kind. */
export interface Told {
  /** Systemd is told of it with a later change: reading all units anew is by far the dearest part. */
  readonly isToldLater?: boolean | undefined
}

const ENDING: ReadonlySet<string> = new Set(['start', 'restart', 'stop'])

/**
 * Links are made from files as they lie on the disk, so systemd is told of all changes at once, after them and before anything starts
 * or stops: by the change `reload`, or else by the last one that is of `linking`.
 */
export function toldOnce<C extends Change & Told>(changes: readonly C[], linking: ReadonlySet<C['kind']>): C[] {
  const ending = changes.filter(({ kind }) => ENDING.has(kind))
  const reload = changes.filter(({ kind }) => kind === 'reload')
  const others = changes.filter((change) => !ending.includes(change) && !reload.includes(change))
  const last = reload.length > 0 ? undefined : others.findLast(({ kind }) => linking.has(kind))
  const told = others.map((change) =>
    linking.has(change.kind) && change !== last ? { ...change, isToldLater: true } : change,
  )
  return [...told, ...reload, ...ending]
}

/** One word of systemctl's about the links of a unit. */
export function changeLinks(
  verb: 'enable' | 'disable' | 'mask' | 'unmask',
  unit: string,
  { isToldLater = false, isRuntime = false }: Told & { isRuntime?: boolean } = {},
): Command {
  const options = [...(isRuntime ? ['--runtime'] : []), ...(isToldLater ? ['--no-reload'] : [])]
  return sh`systemctl ${options} ${verb} -- ${unit}`
}
