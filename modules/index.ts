import type { AnyAction } from '../engine/resource/action.ts'
import type { AnyModule } from '../engine/resource/module.ts'
import { sysctl } from './sysctl.ts'
import { systemdUnits } from './systemd-units.ts'

/** Every module, in the order of the reference. */
export const modules: readonly AnyModule[] = [sysctl, systemdUnits]

/** Every action, in the order of the reference. */
export const actions: readonly AnyAction[] = []
