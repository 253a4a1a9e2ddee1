import type { AnyAction } from '../engine/resource/action.ts'
import type { AnyModule } from '../engine/resource/module.ts'
import { sysctl } from './sysctl.ts'

/** Every module, in the order of the reference. */
export const modules: readonly AnyModule[] = [sysctl]

/** Every action, in the order of the reference. */
export const actions: readonly AnyAction[] = []
