import { existsSync } from 'node:fs'
import { actions, modules } from '../../modules/index.ts'
import { type Compiled, compile } from '../language/compile.ts'
import { type Inventory, loadInventory } from '../language/inventory.ts'
import { nearest, Problem } from '../problem.ts'
import type { Mode } from '../report/event.ts'
import { defaultInventory } from './default-inventory.ts'
import { extraVars } from './extra-vars.ts'
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
  for (const path of paths) if (!existsSync(path)) throw missing(path)
  const assumed = flags.inventory ? undefined : defaultInventory(paths[0] ?? '')
  const vars = extraVars(flags.extraVars ?? [])
  const inventory = loadInventory(flags.inventory ?? [assumed ?? ''], { extraVars: vars })
  const playbooks = paths.map((playbookPath) =>
    compile({
      playbookPath,
      inventory,
      limit: flags.limit?.join(','),
      tags: flags.tags ?? [],
      skipTags: flags.skipTags ?? [],
      extraVars: vars,
      registry: { modules, actions },
      checkMode: mode === 'check',
      become: {
        isOn: flags.become === true,
        ...(flags.becomeUser === undefined ? {} : { user: flags.becomeUser }),
        ...(flags.becomeMethod === undefined ? {} : { method: flags.becomeMethod }),
      },
    }),
  )
  return { inventory, playbooks, assumed }
}

/** A first word that is neither a command nor a file may be a misspelt command. */
function missing(path: string): Problem {
  const near = nearest(path, commands)
  return new Problem({
    code: 'FILE_MISSING',
    message: `there is no playbook ${path}`,
    hint: near ? `did you mean the command '${near}'?` : 'a path is relative to the folder that you are in',
  })
}

const commands = ['run', 'check', 'validate', 'list', 'inventory', 'doc', 'schema', 'lab', 'version']
