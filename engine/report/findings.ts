import { severity } from './status.ts'
import { type TaskOutcome, type TaskStyle, taskLines } from './task-lines.ts'

/** What a check has found, kept until its end: who reads it wants the worst first. */
export class Findings {
  /** Lines that stand before all others, as of handlers that are owed. */
  readonly notes: string[] = []
  readonly #outcomes = new Map<string, TaskOutcome>()

  /** A task that passes its hosts in batches is one finding. */
  add(outcome: TaskOutcome): void {
    const key = JSON.stringify([outcome.task.play, outcome.task.id])
    const before = this.#outcomes.get(key)
    const hosts = [...new Set([...(before?.hosts ?? []), ...outcome.hosts])]
    this.#outcomes.set(key, { ...outcome, hosts, results: [...(before?.results ?? []), ...outcome.results] })
  }

  /** Under the play's own line when there is one play; otherwise each task names its play. */
  lines(plays: readonly string[], style: TaskStyle): string[] {
    const [play, ...more] = plays
    const shown = [...this.#outcomes.values()].filter((outcome) => style.verbosity > 0 || worstOf(outcome) > 0)
    const ordered = shown.sort((a, b) => worstOf(b) - worstOf(a) || b.results.length - a.results.length)
    const lines = ordered.flatMap((outcome) => taskLines(outcome, { ...style, namesPlay: more.length > 0 }))
    const all = [...this.notes, ...lines]
    return all.length > 0 && play !== undefined && more.length === 0 ? [play, ...all] : all
  }
}

/** A warning, or something said, counts as the least. */
function worstOf({ results }: TaskOutcome): number {
  const said = results.some(({ result }) => result.warnings.length > 0 || result.message !== undefined)
  return results.reduce((worst, { result }) => Math.max(worst, severity(result)), said ? 1 : 0)
}
