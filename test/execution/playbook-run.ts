import { runPlaybook } from '../../engine/execution/run.ts'
import { type CompileOptions, compile } from '../../engine/language/compile.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import type { Become } from '../../engine/remote/address.ts'
import { debtsRead } from '../../engine/remote/debt.ts'
import type { RemoteHost } from '../../engine/remote/host.ts'
import { RemoteProblem } from '../../engine/remote/remote-problem.ts'
import type { Event, Mode, RunSummary } from '../../engine/report/event.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { actions, modules } from '../../modules/index.ts'
import { folderWith } from '../language/folder.ts'
import { openLocal } from './harness.ts'

export interface PlaybookRun {
  mode?: Mode
  /** The inventory; three hosts of the group `web` unless given. */
  hosts?: string
  files?: Readonly<Record<string, string>>
  /** Hosts that do not answer. */
  gone?: readonly string[]
  /** Wraps what a host does with a round. */
  round?: (host: string, work: RemoteHost['round']) => RemoteHost['round']
  /** Told as whom each job is done. */
  become?: (become: Become | undefined) => void
  options?: Partial<CompileOptions>
  now?: () => Date
}

export interface PlaybookOutcome {
  /** `host task [item]: status`, one for each result, in the order of the events. */
  lines: string[]
  summary: RunSummary
  events: readonly Event[]
  folder: string
}

/** Compiles the text of a playbook with the real modules and runs it, each host of the inventory being a shell on this machine. */
export async function runText(playbook: string, given: PlaybookRun = {}): Promise<PlaybookOutcome> {
  const { mode = 'run', hosts = 'web: { hosts: { a: , b: , c: } }\n', gone = [], round, options = {} } = given
  const folder = folderWith({ 'hosts.yml': hosts, 'play.yml': playbook, ...given.files })
  const compiled = compile({
    playbookPath: `${folder}/play.yml`,
    inventory: loadInventory([`${folder}/hosts.yml`], { extraVars: { at: folder, ...options.extraVars } }),
    registry: { modules, actions },
    checkMode: mode === 'check',
    ...options,
    extraVars: { at: folder, ...options.extraVars },
  })
  const events: Event[] = []
  const summary = await runPlaybook({
    mode,
    playbook: compiled.playbook,
    evaluatorFor: compiled.evaluatorFor,
    open: async (host) => {
      if (gone.includes(host))
        throw new RemoteProblem({ code: 'UNREACHABLE', host, message: `${host} does not answer` })
      const remote = await openLocal(host)
      const quiet = withoutDebts(remote.round, given.become)
      return {
        traffic: remote.traffic,
        way: remote.way,
        release: () => remote.release(),
        close: () => remote.close(),
        round: round?.(host, quiet) ?? quiet,
      }
    },
    emit: (event) => events.push(event),
    now: given.now ?? (() => new Date(0)),
    sleep: async () => {},
    controller: { read: async () => undefined, write: async () => {} },
    forks: 10,
    operator: 'ann@laptop',
  })
  return { lines: events.flatMap(lineOf), summary, events, folder }
}

/** All hosts are this one machine, which has one book of debts for them and for every other test. */
function withoutDebts(round: RemoteHost['round'], told: PlaybookRun['become']): RemoteHost['round'] {
  return (work) => {
    if (acts(work)) for (const _ of work.jobs) told?.(work.become)
    return round({
      ...work,
      become: undefined,
      jobs: work.jobs.map(({ commands, timeoutMs }) => ({ timeoutMs, commands: commands.map(unlessDebt) })),
      reads: work.reads.filter(({ key }) => key !== debtsRead.key),
    })
  }
}

/** Whether a trip does what a task asks for, beside what the engine does for itself. */
export function acts({ jobs }: Parameters<RemoteHost['round']>[0]): boolean {
  return jobs.some(({ commands }) => commands.some(({ text }) => !isOwn(text)))
}

/** Debts, and the look for the lock. */
function isOwn(text: string): boolean {
  return text.includes('/debts') || text.includes('lockstep')
}

function unlessDebt(command: Command): Command {
  return command.text.includes('/debts') ? sh`:` : command
}

function lineOf(event: Event): string[] {
  if (event.type !== 'task-result') return []
  const { host, task, result } = event
  const { status, item, tolerated } = result
  const how = tolerated ? `${status}, ${tolerated}` : status
  return [`${host} ${task.name}${item ? ` [${item.label}]` : ''}: ${how}`]
}
