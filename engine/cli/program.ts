import { Command } from 'commander'
import { declareCheck } from './check.ts'
import { declareCompletion } from './completion.ts'
import { declareDebts } from './debts.ts'
import { declareDoc } from './doc.ts'
import { declareExec } from './exec.ts'
import { declareExplain } from './explain.ts'
import { declareFacts } from './facts.ts'
import { declareInventory } from './inventory.ts'
import { declareLab } from './lab.ts'
import { declareList } from './list.ts'
import { declareRun } from './run.ts'
import { declareRuns } from './runs.ts'
import { declareSchema } from './schema.ts'
import { declareSecrets } from './secrets.ts'
import { declareUnlock } from './unlock.ts'
import { declareValidate } from './validate.ts'
import { declareVersion } from './version.ts'

/**
 * The command line as data: what each command does is loaded when it is called, so that help comes at once. With the words that were
 * given only the command that they name, as far as that does: to say what all the others take costs time.
 */
export function program(words: readonly string[] = []): Command {
  const lockstep = new Command('lockstep')
    .description('Brings Linux hosts to the state that a playbook declares, over SSH, and tells what differs.')
    .showHelpAfterError('(--help shows what there is)')
    .enablePositionalOptions()
    .configureHelp({ sortOptions: false, showGlobalOptions: false })
    .addHelpText('after', examples)
  const [name = ''] = words
  const named = TELL_OF_ALL.includes(name) ? undefined : declarations.get(name)
  for (const declare of named ? [named] : declarations.values()) declare(lockstep)
  return lockstep
}

const declarations: ReadonlyMap<string, (lockstep: Command) => void> = new Map([
  ['run', declareRun],
  ['check', declareCheck],
  ['validate', declareValidate],
  ['list', declareList],
  ['inventory', declareInventory],
  ['explain', declareExplain],
  ['facts', declareFacts],
  ['exec', declareExec],
  ['debts', declareDebts],
  ['unlock', declareUnlock],
  ['runs', declareRuns],
  ['doc', declareDoc],
  ['schema', declareSchema],
  ['secrets', declareSecrets],
  ['lab', declareLab],
  ['completion', declareCompletion],
  ['version', declareVersion],
])

/** These tell of all commands, so they need them. */
export const TELL_OF_ALL: readonly string[] = ['doc', 'completion']

const examples = `
Examples:
  ./run playbooks/mattermost-tunnels.yml            run on the lab that comes with it
  ./run check site.yml -i hosts.yml                 show what differs, change nothing
  ./run site.yml -i hosts.yml --limit 'web*'        run on some hosts of one's own
  ./run doc file                                    the reference of a module

Exit codes: 0 done and converged, 1 a mistake in playbook, inventory or command line, 2 check found drift,
3 a task failed, 4 a host was unreachable, 5 a lock is held or a plan is stale, 70 a bug in Lockstep, 130 interrupted.
`
