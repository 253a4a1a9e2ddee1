import type { Evaluator, Runtime } from '../language/evaluator.ts'
import type { Play, Playbook } from '../language/playbook.ts'
import { Problem } from '../problem.ts'
import type { Become } from '../remote/address.ts'
import type { Debt } from '../remote/debt.ts'
import type { RemoteHost } from '../remote/host.ts'
import { debtWords } from '../report/debt-words.ts'
import type { Event, HostSummary, Mode, RunSummary } from '../report/event.ts'
import { sievedEvent } from '../report/sieve.ts'
import { KnownSecrets } from '../resource/known-secrets.ts'
import type { ControllerFiles } from './context.ts'
import { DebtBook } from './debt-book.ts'
import { delegations } from './delegations.ts'
import { forgetUnread } from './guarding.ts'
import { HostState } from './host-state.ts'
import { Hosts } from './hosts.ts'
import { PlayRun } from './play-run.ts'
import { Registry } from './registry.ts'
import type { Veto } from './veto.ts'
import { waitForLocks } from './wait-for-locks.ts'

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
  /** The secrets that are known so far; the run adds what it makes of them, and lets none of them out. */
  secrets?: KnownSecrets
  /** Hosts worked on at a time. */
  forks: number
  /** Who runs this and from where, as in `ann@laptop`; it stands in debts and locks. */
  operator: string
  /** How long to wait for hosts that others have locked; without it such a host leaves the play at once. */
  lockTimeoutMs?: number | undefined
  /** See PlayContext; 60 unless given. */
  guardSeconds?: number
  /** Once aborted, what is in flight is finished and nothing new is begun. */
  signal?: AbortSignal | undefined
  /** Tells what commands print while they run. */
  tellsOutput?: boolean | undefined
  /** Asked before anything is changed: what it refuses fails. */
  veto?: Veto | undefined
  /** For tests: told where a plan foresaw something else than came. */
  onMisprediction?: ((sentence: string) => void) | undefined
}

/** Runs or checks a playbook, play by play; both walk the same steps. Everything that happens is told through `emit`. */
export async function runPlaybook(options: RunOptions): Promise<RunSummary> {
  const { playbook, mode, now, operator, signal, secrets = new KnownSecrets() } = options
  // Nothing leaves the engine but through here.
  const emit = (event: Event) => options.emit(sievedEvent(event, secrets))
  const started = now()
  const names = [...new Set(playbook.plays.flatMap((play) => play.hosts))]
  const states = new Map(names.map((name) => [name, new HostState(name)]))
  const found = new Map<string, readonly Debt[]>()
  const debts = new DebtBook()
  const handlers = new Set(playbook.plays.flatMap((play) => play.handlers.map(({ handler }) => handler)))
  const lock = mode === 'run' ? { by: operator, playbook: playbook.path, since: started.toISOString() } : undefined
  let delegated: ReturnType<typeof delegations> | undefined
  const helpers = () => (delegated ??= delegations(playbook, options.evaluatorFor))
  const hosts = new Hosts({
    ...options,
    onConnected: greet,
    onDebts: takeIn,
    onHiddenDebts: (host) => warn(HIDDEN, host),
    onUndone: (host) => warn(UNDONE, host),
    lock,
    rootOf: (host) => rootOf(playbook, host) ?? helpers().get(host),
  })
  const registry = new Registry(states, (host) => hosts.facts(host), started.toISOString())
  const evaluator = options.evaluatorFor(registry)
  let current: Play | undefined
  emit({ type: 'run-started', at: started.toISOString(), mode, playbook: playbook.path, operator, hosts: names })
  try {
    if (lock && options.lockTimeoutMs) {
      const all = [...new Set([...names, ...helpers().keys()])]
      await waitForLocks({ ...options, hosts, names: all, lock, timeoutMs: options.lockTimeoutMs })
    }
    for (const play of playbook.plays) {
      if (signal?.aborted || (await runPlay(play)) === 'stopped') break
    }
  } finally {
    await hosts.close()
  }
  const finished = now()
  const summary: RunSummary = {
    hosts: Object.fromEntries(
      [...states.values()].map((state) => [state.name, summarise(state, hosts, found.get(state.name) ?? [])]),
    ),
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
    const context = {
      ...options,
      ...shared,
      emit,
      secrets,
      signal,
      playbook: playbook.path,
      folder: playbook.folder,
      play,
    }
    const stopped = await new PlayRun(context, members).go()
    await forgetUnread(hosts, play.steps.length)
    emit({ type: 'play-finished', at: now().toISOString(), play: play.name, ...(stopped ? { stopped } : {}) })
    return stopped ? 'stopped' : 'done'
  }

  /** A host answers for the first time. */
  function greet(host: string): void {
    emit({ type: 'host-connected', at: now().toISOString(), host })
  }

  /** What earlier runs owe to a host, as far as this user can see it. */
  function takeIn(host: string, owed: readonly Debt[], as: Become | undefined): void {
    const at = now().toISOString()
    for (const debt of owed) {
      debts.note(host, debt.handler, as)
      emit({ type: 'debt-found', at, host, debt, handlerExists: handlers.has(debt.handler) })
    }
    found.set(host, [...(found.get(host) ?? []), ...owed])
    if (current) takeOver(host, current)
  }

  function warn({ code, says, hint }: Warning, host: string): void {
    const problem = new Problem({ code, severity: 'warning', message: says(host), hint })
    emit({ type: 'warning', at: now().toISOString(), problem })
  }

  /** What is owed to a host and has its handler in this play is due in it. */
  function takeOver(host: string, play: Play): void {
    const state = states.get(host)
    const rest = (found.get(host) ?? []).filter((debt) => {
      if (!state || !play.hosts.includes(host) || !play.handlers.some(({ handler }) => handler === debt.handler))
        return true
      state.owe(debt.handler, debtWords(debt, now()))
      return false
    })
    found.set(host, rest)
  }
}

interface Warning {
  code: string
  says: (host: string) => string
  hint: string
}

const HIDDEN: Warning = {
  code: 'DEBTS_HIDDEN',
  says: (host) => `handlers may be owed to ${host} that only root can see`,
  hint: '`lockstep debts` shows them',
}

const UNDONE: Warning = {
  code: 'CHANGE_UNDONE',
  says: (host) =>
    `an earlier run ended while a change of ${host} was on trial that could have cut off the way in; it was undone`,
  hint: 'this run makes it again where the playbook asks for it',
}

/** The root whom the playbook becomes on a host. */
function rootOf({ plays }: Playbook, host: string): Become | undefined {
  const steps = plays.filter((play) => play.hosts.includes(host)).flatMap((play) => [...play.steps, ...play.handlers])
  return steps.find(({ become }) => become?.user === 'root')?.become
}

function summarise(state: HostState, hosts: Hosts, found: readonly Debt[]): HostSummary {
  return {
    counts: state.counts,
    ...hosts.traffic(state.name),
    ...(state.lost ? { lost: state.lost } : {}),
    owed: [...new Set([...state.notified.keys(), ...found.map(({ handler }) => handler)])],
  }
}
