import type { Evaluator, Runtime } from '../language/evaluator.ts'
import type { Play, Playbook } from '../language/playbook.ts'
import type { Become } from '../remote/address.ts'
import type { Debt } from '../remote/debt.ts'
import type { RemoteHost } from '../remote/host.ts'
import type { Event, HostSummary, Mode, RunSummary } from '../report/event.ts'
import type { ControllerFiles } from './context.ts'
import { DebtBook } from './debt-book.ts'
import { forgetUnread } from './guarding.ts'
import { HostState } from './host-state.ts'
import { Hosts } from './hosts.ts'
import { PlayRun } from './play-run.ts'
import { Registry } from './registry.ts'

/** All that a run needs from the world outside. */
export interface RunOptions {
  mode: Mode
  playbook: Playbook
  evaluatorFor: (runtime: Runtime) => Evaluator
  /** Connects to an inventory host; rejects with a RemoteProblem. */
  open: (host: string) => Promise<RemoteHost>
  emit: (event: Event) => void
  now: () => Date
  sleep: (milliseconds: number) => Promise<void>
  controller: ControllerFiles
  /** Hosts worked on at a time. */
  forks: number
  /** Who runs this and from where, as in `ann@laptop`; it stands in debts and locks. */
  operator: string
  /** See PlayContext; 60 unless given. */
  guardSeconds?: number
  /** Once aborted, what is in flight is finished and nothing new is begun. */
  signal?: AbortSignal | undefined
  /** Tells what commands print while they run. */
  tellsOutput?: boolean | undefined
  /** For tests: told where a plan foresaw something else than came. */
  onMisprediction?: ((sentence: string) => void) | undefined
}

/** Runs or checks a playbook, play by play; both walk the same steps. Everything that happens is told through `emit`. */
export async function runPlaybook(options: RunOptions): Promise<RunSummary> {
  const { playbook, mode, now, emit, operator, signal } = options
  const started = now()
  const names = [...new Set(playbook.plays.flatMap((play) => play.hosts))]
  const states = new Map(names.map((name) => [name, new HostState(name)]))
  const found = new Map<string, readonly Debt[]>()
  const debts = new DebtBook()
  const handlers = new Set(playbook.plays.flatMap((play) => play.handlers.map((handler) => handler.name)))
  const lock = mode === 'run' ? { by: operator, playbook: playbook.path, since: started.toISOString() } : undefined
  const hosts = new Hosts({ ...options, onConnected: greet, lock })
  const registry = new Registry(states, (host) => hosts.facts(host), started.toISOString())
  const evaluator = options.evaluatorFor(registry)
  let current: Play | undefined
  emit({ type: 'run-started', at: started.toISOString(), mode, playbook: playbook.path, operator, hosts: names })
  try {
    for (const play of playbook.plays) {
      if (signal?.aborted || (await runPlay(play)) === 'stopped') break
    }
  } finally {
    await hosts.close()
  }
  const finished = now()
  const summary: RunSummary = {
    hosts: Object.fromEntries([...states.values()].map((state) => [state.name, summarise(state, hosts)])),
    elapsedMs: finished.getTime() - started.getTime(),
    interrupted: signal?.aborted ?? false,
  }
  emit({ type: 'run-finished', at: finished.toISOString(), mode, summary })
  return summary

  /** A play that was stopped for all its hosts leaves nothing for those after it to build on. */
  async function runPlay(play: Play): Promise<'stopped' | 'done'> {
    current = play
    emit({ type: 'play-started', at: now().toISOString(), play: play.name, place: play.place, hosts: play.hosts })
    const members = play.hosts.flatMap((name) => states.get(name) ?? []).filter(({ lost }) => lost === undefined)
    for (const member of members) {
      member.startPlay()
      takeOver(member.name, play)
    }
    const shared = { evaluator, registry, hosts, states, debts, guardSeconds: options.guardSeconds ?? 60 }
    const context = { ...options, ...shared, signal, playbook: playbook.path, folder: playbook.folder, play }
    const stopped = await new PlayRun(context, members).go()
    await forgetUnread(hosts, play.steps.length)
    emit({ type: 'play-finished', at: now().toISOString(), play: play.name, ...(stopped ? { stopped } : {}) })
    return stopped ? 'stopped' : 'done'
  }

  /** A host answers for the first time and says what earlier runs owe to it. */
  function greet(host: string, owed: readonly Debt[], as: Become | undefined): void {
    const at = now().toISOString()
    emit({ type: 'host-connected', at, host })
    for (const debt of owed) emit({ type: 'debt-found', at, host, debt, handlerExists: handlers.has(debt.handler) })
    for (const { handler } of owed) debts.note(host, handler, as)
    found.set(host, owed)
    if (current) takeOver(host, current)
  }

  /** What is owed to a host and has its handler in this play is due in it. */
  function takeOver(host: string, play: Play): void {
    for (const { handler, since, by } of found.get(host) ?? []) {
      if (!play.handlers.some(({ name }) => name === handler)) continue
      states.get(host)?.notified.set(handler, `owed since ${since} by ${by}`)
      const rest = (found.get(host) ?? []).filter((debt) => debt.handler !== handler)
      found.set(host, rest)
    }
  }
}

function summarise(state: HostState, hosts: Hosts): HostSummary {
  return {
    counts: state.counts,
    ...hosts.traffic(state.name),
    ...(state.lost ? { lost: state.lost } : {}),
    owed: [...state.notified.keys()],
  }
}
