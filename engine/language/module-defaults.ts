import { nearest, Problem } from '../problem.ts'
import { type Compiler, schemaOf } from './compiler.ts'
import type { Fields } from './fields.ts'
import { keyPlace } from './yaml-node.ts'

/** Complains about modules and arguments of `module_defaults` that do not exist, and notes the others. */
export function checkModuleDefaults(fields: Fields, { callables, defaults }: Compiler): void {
  const node = fields.value('module_defaults')
  if (node?.kind !== 'map') return
  for (const module of node.entries) {
    const call = callables.get(module.key)
    if (!call) {
      const hint = callables.hint(module.key, [])
      fields.complain('UNKNOWN_MODULE', `there is no module '${module.key}'`, keyPlace(module), hint)
    } else if (module.value.kind === 'map') {
      const known = Object.keys(schemaOf(call).properties ?? {})
      for (const entry of module.value.entries) {
        const near = nearest(entry.key, known)
        if (known.includes(entry.key)) defaults.given.push({ module: module.key, entry })
        else
          fields.complain(
            'UNKNOWN_ARG',
            `${module.key} has no argument '${entry.key}'`,
            keyPlace(entry),
            near ? `did you mean '${near}'?` : undefined,
          )
      }
    }
  }
}

/** Arguments of `module_defaults` that no task takes: they override nothing. */
export function idleDefaults({ defaults: { given, taken } }: Compiler): Problem[] {
  return given
    .filter(({ entry }) => !taken.has(entry))
    .map(
      ({ module, entry }) =>
        new Problem({
          code: 'IDLE_DEFAULT',
          message: `no task takes '${entry.key}' of ${module} from module_defaults`,
          place: keyPlace(entry),
          severity: 'warning',
        }),
    )
}
