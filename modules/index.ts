import type { AnyAction } from '../engine/resource/action.ts'
import type { AnyModule } from '../engine/resource/module.ts'
import { blockInFile } from './block-in-file.ts'
import { copy } from './copy.ts'
import { fetch } from './fetch.ts'
import { file } from './file.ts'
import { jsonFile } from './json-file.ts'
import { lineInFile } from './line-in-file.ts'
import { sysctl } from './sysctl.ts'
import { systemdUnits } from './systemd-units.ts'
import { template } from './template.ts'

/** Every module, in the order of the reference. */
export const modules: readonly AnyModule[] = [
  blockInFile,
  copy,
  file,
  jsonFile,
  lineInFile,
  sysctl,
  systemdUnits,
  template,
]

/** Every action, in the order of the reference. */
export const actions: readonly AnyAction[] = [fetch]
