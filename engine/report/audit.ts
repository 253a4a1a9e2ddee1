import type { Place, Problem } from '../problem.ts'
import type { Audit, AuditHost, AuditResult, AuditRun } from './audit-schema.ts'
import { auditVerdict } from './audit-verdict.ts'
import { boundedDifference, boundedFailure, boundedLine, boundedText } from './bounded.ts'
import type { Debt, Difference, Event, HostSummary, RunSummary, Status, TaskRef } from './event.ts'
import { statuses } from './status.ts'

/** Takes events as they come and gives what they amount to so far; a run that was cut short is in it as far as it got. */
export interface AuditCollector {
  take: (event: Event) => void
  audit: () => Audit
}

/** What events amount to: `lockstep` is the version that the report names. */
export function auditOf(events: Iterable<Event>, lockstep: string): Audit {
  const collector = collectAudit(lockstep)
  for (const event of events) collector.take(event)
  return collector.audit()
}

export function collectAudit(lockstep: string): AuditCollector {
  const runs: RunSoFar[] = []
  const warnings: Audit['warnings'] = []
  return {
    take(event) {
      if (event.type === 'run-started') runs.push(new RunSoFar(event))
      else if (event.type === 'warning') warnings.push(warningOf(event.problem))
      else runs.at(-1)?.take(event)
    },
    audit() {
      const all = runs.map((run) => run.audit())
      return { version: 1, lockstep, verdict: auditVerdict(all), runs: all, warnings: [...warnings] }
    },
  }
}

/** One playbook, while its events come in. */
class RunSoFar {
  readonly #run: Pick<AuditRun, 'playbook' | 'mode' | 'operator' | 'started' | 'tasks' | 'results' | 'debts'>
  readonly #names: readonly string[]
  readonly #indexes = new Map<string, number>()
  #end: { at: string; summary: RunSummary } | undefined
  /** Hosts often answer alike, and comparing two long texts is work. */
  #last: { difference: Difference; bounded: ReturnType<typeof boundedDifference> } | undefined

  constructor({ playbook, mode, operator, at, hosts }: Extract<Event, { type: 'run-started' }>) {
    const names = { playbook: boundedLine(playbook), operator: boundedLine(operator) }
    this.#run = { ...names, mode, started: at, tasks: [], results: [], debts: [] }
    this.#names = hosts
  }

  take(event: Event): void {
    if (event.type === 'task-started') this.#task(event.task)
    else if (event.type === 'task-result') this.#run.results.push(this.#result(event))
    else if (event.type === 'debt-found') this.#run.debts.push(debtOf(event.host, event.debt, event.handlerExists))
    else if (event.type === 'run-finished') this.#end = event
  }

  audit(): AuditRun {
    const { tasks, results, debts, ...head } = this.#run
    const outcome = !this.#end ? 'cut-short' : this.#end.summary.interrupted ? 'interrupted' : 'finished'
    const hosts = this.#names.map((name) => hostOf(name, results, this.#end?.summary.hosts[name]))
    const finished = this.#end ? { finished: this.#end.at } : {}
    return { ...head, ...finished, outcome, hosts, tasks: [...tasks], results: [...results], debts: [...debts] }
  }

  #task(task: TaskRef): number {
    // `connect` is the same in every play.
    const key = JSON.stringify([task.play, task.id])
    const index = this.#indexes.get(key) ?? this.#run.tasks.length
    if (index < this.#run.tasks.length) return index
    const { id, name, module, play, place, handler } = task
    const words = { id: boundedLine(id), name: boundedLine(name), module: boundedLine(module), play: boundedLine(play) }
    this.#run.tasks.push({ ...words, place: placeOf(place), handler })
    this.#indexes.set(key, index)
    return index
  }

  #result({ at, task, host, result }: Extract<Event, { type: 'task-result' }>): AuditResult {
    const { status, item, differences, reason, failure, tolerated, warnings, message } = result
    return {
      task: this.#task(task),
      host: boundedLine(host),
      at,
      status,
      ...(item ? { item: boundedLine(item.label) } : {}),
      differences: differences.map((difference) => this.#difference(difference)),
      ...(reason === undefined ? {} : { reason: boundedLine(reason) }),
      ...(failure ? { failure: boundedFailure(failure) } : {}),
      ...(tolerated ? { tolerated } : {}),
      warnings: warnings.map((warning) => boundedLine(warning)),
      ...(message === undefined ? {} : { message: boundedText(message) }),
    }
  }

  #difference(difference: Difference) {
    if (this.#last && isSame(this.#last.difference, difference)) return this.#last.bounded
    const bounded = boundedDifference(difference)
    this.#last = { difference, bounded }
    return bounded
  }
}

function isSame(a: Difference, b: Difference): boolean {
  return a.kind === b.kind && a.what === b.what && a.form === b.form && a.before === b.before && a.after === b.after
}

/** The engine's own counts when the run came to its end, and otherwise those of the results that are there. */
function hostOf(name: string, results: readonly AuditResult[], summary: HostSummary | undefined): AuditHost {
  const counts: Record<Status, number> = emptyCounts()
  if (summary) Object.assign(counts, summary.counts)
  else for (const { host, status } of results) if (host === boundedLine(name)) counts[status]++
  const lost = summary?.lost ? { lost: summary.lost } : {}
  return { name: boundedLine(name), counts, ...lost, owed: (summary?.owed ?? []).map((owed) => boundedLine(owed)) }
}

function emptyCounts(): Record<Status, number> {
  return Object.fromEntries(statuses.map((status) => [status, 0])) as Record<Status, number>
}

function placeOf({ file, line, column, source }: Place) {
  return {
    file: boundedLine(file),
    line,
    column,
    ...(source === undefined ? {} : { source: boundedLine(source, 300) }),
  }
}

function debtOf(host: string, debt: Debt, handlerExists: boolean) {
  const { handler, playbook, reason, since, by } = debt
  const words = { handler: boundedLine(handler), playbook: boundedLine(playbook), reason: boundedLine(reason) }
  return { host: boundedLine(host), ...words, since: boundedLine(since), by: boundedLine(by), handlerExists }
}

function warningOf({ code, message, place, hint }: Pick<Problem, 'code' | 'message' | 'place' | 'hint'>) {
  return {
    code: boundedLine(code),
    message: boundedText(message),
    ...(place ? { place: placeOf(place) } : {}),
    ...(hint === undefined ? {} : { hint: boundedText(hint) }),
  }
}
