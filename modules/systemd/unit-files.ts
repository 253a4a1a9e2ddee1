import type { Change } from '../../engine/resource/change.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import {
  ABSENT,
  type FileState,
  fileOf,
  type Prediction,
  predict,
  predictSome,
  read,
  textOf,
} from '../../engine/resource/read.ts'
import { unitName } from './unit.ts'

/** What a task says about the files of a unit. */
export interface UnitFiles {
  name: string
  content?: string
  dropins?: Readonly<Record<string, string | null>>
}

/** The unit's own file or a drop-in; `to` undefined: it goes. */
export type FileChange = Change<'write', string>

/** The files to look at, in the order that `fileChanges` expects. */
export function fileReads({ name, content, dropins = {} }: UnitFiles) {
  return {
    file: content === undefined ? [] : [read.file(filePath(name))],
    dropins: Object.keys(dropins).map((dropin) => read.file(dropinPath(name, dropin))),
  }
}

/** The differences in the files; drop-ins come after the unit's own file. */
export function fileChanges(
  { name, content, dropins = {} }: UnitFiles,
  have: { file: readonly FileState[]; dropins: readonly FileState[] },
): FileChange[] {
  const changes: FileChange[] = []
  const compare = (what: string, state: FileState, to: string | undefined) => {
    if (state.type !== 'file' && state.type !== 'absent' && state.target !== '/dev/null') {
      throw new TaskFailure(`${what} is a ${state.type}, not a file of its own`, 'remove it first')
    }
    const from = textOf(state)
    if (from !== to) changes.push({ kind: 'write', what, from, to })
  }
  const [own] = have.file
  if (own && content !== undefined) compare(filePath(name), own, content)
  Object.entries(dropins).forEach(([dropin, text], index) => {
    compare(dropinPath(name, dropin), have.dropins[index] ?? ABSENT, text ?? undefined)
  })
  return changes
}

/** What the host will answer about the files. */
export function filePredictions(name: string, changes: readonly FileChange[]): Prediction[] {
  return changes.flatMap(({ what, to }) => {
    if (to === undefined) return [predict(read.file(what), ABSENT)]
    const file = predict(read.file(what), fileOf(to, { mode: 0o644 }))
    if (what === filePath(name)) return [file]
    const folder = { type: 'directory', mode: 0o755, owner: 'root', group: 'root' } as const
    return [predictSome(read.status(folderOf(what)), folder), file]
  })
}

/** Where the administrator's own unit files are. */
export function filePath(name: string): string {
  return `/etc/systemd/system/${unitName(name)}`
}

/** The folder that a file is in. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function dropinPath(name: string, dropin: string): string {
  return `${filePath(name)}.d/${dropin.endsWith('.conf') ? dropin : `${dropin}.conf`}`
}
