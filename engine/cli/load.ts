import { actions, modules } from '../../modules/index.ts'
import { type Compiled, compile } from '../language/compile.ts'
import { type Inventory, loadInventory } from '../language/inventory.ts'
import { throwProblems } from '../language/problem-list.ts'
import type { Problem } from '../problem.ts'
import type { Mode } from '../report/event.ts'
import { defaultInventory } from './default-inventory.ts'
import { extraVars } from './extra-vars.ts'
import { problemsOf } from './failure.ts'
import type { ConnectionFlags, PlaybookFlags } from './options.ts'

/** Everything that was asked for, read and found to be right. */
export interface Loaded {
  inventory: Inventory
  playbooks: readonly Compiled[]
  /** The lab inventory that was taken since none was given. */
  assumed: string | undefined
}

/** Reads inventory and playbooks and compiles them; throws all their problems at once, before any host is contacted. */
export function load(paths: readonly string[], flags: PlaybookFlags & Partial<ConnectionFlags>, mode: Mode): Loaded {
  const assumed = flags.inventory ? undefined : defaultInventory(paths[0])
  const vars = extraVars(flags.extraVars ?? [])
  const inventory = loadInventory(flags.inventory ?? (assumed === undefined ? [] : [assumed]), { extraVars: vars })
  const shared = {
    inventory,
    limit: flags.limit?.join(','),
    tags: flags.tags ?? [],
    skipTags: flags.skipTags ?? [],
    extraVars: vars,
    registry: { modules, actions },
    checkMode: mode === 'check',
    environment: process.env,
    become: {
      isOn: flags.become === true,
      ...(flags.becomeUser === undefined ? {} : { user: flags.becomeUser }),
      ...(flags.becomeMethod === undefined ? {} : { method: flags.becomeMethod }),
    },
  }
  return { inventory, playbooks: allOf(paths, (playbookPath) => compile({ ...shared, playbookPath })), assumed }
}

/** What is wrong with one playbook does not hide what is wrong with the next. */
function allOf(paths: readonly string[], compileOne: (path: string) => Compiled): Compiled[] {
  const problems: Problem[] = []
  const compiled = paths.flatMap((path) => {
    try {
      return [compileOne(path)]
    } catch (error) {
      const found = problemsOf(error)
      if (!found) throw error
      problems.push(...found)
      return []
    }
  })
  if (problems.length > 0) throwProblems(problems)
  return compiled
}
