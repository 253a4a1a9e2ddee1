import { nearest } from '../problem.ts'
import { type Around, inside } from './around.ts'
import type { Compiler } from './compiler.ts'
import { Fields } from './fields.ts'
import { ANSIBLE_KEYWORDS, keywords } from './keywords.ts'
import { checkModuleDefaults } from './module-defaults.ts'
import { compileRole } from './role.ts'
import type { Draft } from './task.ts'
import { rolled } from './tasks.ts'
import { type MapNode, placeOf } from './yaml-node.ts'

/** `roles:` is a list of names, or of mappings with `role` and the keywords of a block. */
export function compileRoles(fields: Fields, around: Around, compiler: Compiler): Draft[] {
  return fields.list('roles').flatMap((node, index) => {
    const own = { ...around, path: `${around.path}/roles/${index}` }
    const outer = around.scope
    if (node.kind === 'scalar') return compileRole({ name: node.text, at: node.at, outer }, own, compiler)
    if (node.kind === 'map') {
      const call = new Fields(node, compiler.problems)
      call.only(ROLE_KEYWORDS, 'a role', { ...ANSIBLE_KEYWORDS, ...inputHints(node) })
      const role = call.scalar('role') ?? call.scalar('name')
      const inner = rolled(inside(own, call, 'role', role?.text ?? ''), call)
      checkModuleDefaults(call, compiler)
      if (role) return compileRole({ name: role.text, at: role.at, outer }, inner, compiler)
    }
    fields.complain('WRONG_TYPE', 'a role is a name, or a mapping with role: NAME', placeOf(node))
    return []
  })
}

/** What is no keyword of a role's call is meant as a variable for it, as in Ansible. */
function inputHints({ entries }: MapNode): Record<string, string> {
  const names = entries
    .map(({ key }) => key)
    .filter((key) => !nearest(key, ROLE_KEYWORDS) && !Object.hasOwn(ANSIBLE_KEYWORDS, key))
  return Object.fromEntries(names.map((name) => [name, `write vars: { ${name}: … }`]))
}

/** Those of an include, which a role in the list is another form of. */
const ROLE_KEYWORDS = ['role', ...keywords.block].filter((keyword) => !['block', 'rescue', 'always'].includes(keyword))
