import { coloursFor } from './colours.ts'
import { debtWords } from './debt-words.ts'
import type { Event, Mode, RunSummary } from './event.ts'
import { Findings } from './findings.ts'
import { type Connecting, connectingLine, LiveView, type Output, runningLines, type Size } from './live-view.ts'
import { printableLine } from './printable.ts'
import { problemText } from './problem-text.ts'
import { recapLines } from './recap.ts'
import { type TaskOutcome, taskLines } from './task-lines.ts'
import { verdict } from './verdict.ts'
import { count, listed } from './words.ts'

export interface TerminalOptions extends Size {
  output: Output
  colour: boolean
  /** A terminal: what is running is shown at its bottom. */
  live: boolean
  verbosity: number
  wholeDifferences: boolean
  /** What is about to begin, when it is known: a check keeps warnings back too, so that its verdict stands first. */
  mode?: Mode
}

/** What a terminal shows beside the engine's events: that time has passed, words of the command line, that nothing more comes. */
export type Aside = { type: 'tick' | 'end'; at: string } | { type: 'notice'; at: string; text: string }

/**
 * The report for a person. A run tells each task when it is done; a check says first what it came to, and so keeps its
 * findings until the end.
 */
export function createTerminalReporter(options: TerminalOptions): (event: Event | Aside) => void {
  const { output, live, colour } = options
  const colours = coloursFor(colour)
  const view = new LiveView(output, options)
  const running = new Map<string, RunningTask>()
  let mode: Mode = options.mode ?? 'run'
  let title = ''
  let plays: string[] = []
  /** What a check has found so far. */
  let findings = new Findings()
  const warnings: string[] = []
  let drawnAt = 0
  let connecting: Connecting | undefined

  return (event) => {
    const lines = take(event)
    const at = Date.parse(event.at)
    if (!live) {
      for (const line of lines) output.write(`${line}\n`)
      return
    }
    // A task of 500 hosts has 500 results; the eye needs ten drawings a second at most.
    const isFrequent = FREQUENT.has(event.type)
    if (lines.length === 0 && isFrequent && at - drawnAt < 100) return
    drawnAt = at
    view.draw(
      connecting
        ? [connectingLine(connecting, at)]
        : runningLines(
            [...running.values()].filter(({ isLoose }) => !isLoose),
            at,
            options,
          ),
      lines,
    )
  }

  function take(event: Event | Aside): string[] {
    switch (event.type) {
      case 'end':
        connecting = undefined
        running.clear()
        // Those of a check that never came to its verdict.
        return warnings.splice(0)
      case 'tick':
        return []
      case 'notice':
        return [event.text]
      case 'host-connected':
        if (connecting) connecting.answered += 1
        return []
      case 'run-started': {
        mode = event.mode
        findings = new Findings()
        plays = []
        title = event.playbook
        connecting = { answered: 0, hosts: event.hosts.length, since: Date.parse(event.at) }
        const line = `running ${printableLine(title)} on ${count(event.hosts.length, 'host')}`
        return mode === 'run' ? [colours.strong(line)] : []
      }
      case 'play-started': {
        const line =
          colours.strong(`play ${printableLine(event.play)}`) +
          colours.dim(printableLine(` [${listed(event.hosts, 5)}]`))
        plays.push(line)
        if (mode === 'check') return []
        return plays.length > 1 ? ['', line] : [line]
      }
      case 'debt-found':
        return keep([debtLine(event)], findings.notes)
      case 'lock-awaited':
        return [`${colours.warned('waiting'.padEnd(12))} ${printableLine(event.message)}`]
      case 'task-started': {
        const lines = finishLoose()
        connecting = undefined
        running.set(event.task.id, { ...event, ...fresh(), since: Date.parse(event.at), isLoose: false })
        return lines
      }
      case 'task-output':
        // A check says first what it came to.
        return mode === 'run' ? [colours.dim(outputLine(event))] : []
      case 'task-progress':
        running.get(event.task.id)?.sending.set(event.host, event)
        return []
      case 'task-result':
        takeResult(event)
        return []
      case 'task-finished':
        return finish(event.task.id)
      case 'warning':
        return keep([problemText([event.problem], { colour })], warnings)
      case 'play-finished':
        return [...finishLoose(), ...stoppedLine(event.stopped)]
      case 'run-finished':
        connecting = undefined
        return [...[...running.keys()].flatMap(finish), ...ending(event.summary)]
    }
  }

  /** A run tells things as they come. */
  function keep(lines: string[], notes: string[]): string[] {
    if (mode === 'run') return lines
    notes.push(...lines)
    return []
  }

  /** Results of a task that never started: a host that could not be reached, or is locked. */
  function takeResult(event: Extract<Event, { type: 'task-result' }>): void {
    const task = running.get(event.task.id) ?? { ...event, hosts: [], ...fresh(), since: 0, isLoose: true }
    task.results.push(event)
    task.sending.delete(event.host)
    running.set(event.task.id, task)
  }

  function finishLoose(): string[] {
    return [...running.values()].filter(({ isLoose }) => isLoose).flatMap(({ task }) => finish(task.id))
  }

  function finish(id: string): string[] {
    const outcome = running.get(id)
    running.delete(id)
    if (!outcome || outcome.results.length === 0) return []
    if (mode === 'run') return taskLines(outcome, { ...options, colours, mode })
    findings.add(outcome)
    return []
  }

  function ending(summary: RunSummary): string[] {
    const line = verdict(summary, mode, colours)
    const recap = recapLines(summary, { ...options, width: options.width(), colours, mode, playbook: title })
    if (mode === 'run') return ['', ...recap, line]
    const found = findings.lines(plays, { ...options, colours, mode })
    const parts = [found, warnings.splice(0)].filter((lines) => lines.length > 0)
    return [line, ...parts.flatMap((lines) => ['', ...lines]), '', ...recap]
  }

  function stoppedLine(why: string | undefined): string[] {
    if (why === undefined) return []
    return [`${colours.bad('stopped'.padEnd(12))} ${printableLine(`${why}; nothing more is done on any host`)}`]
  }

  function debtLine({ host, debt, handlerExists, at }: Extract<Event, { type: 'debt-found' }>): string {
    const rest = handlerExists ? '' : '; this playbook has no such handler, so it stays owed'
    const text = `${host}: '${debt.handler}' ${debtWords(debt, new Date(at))}${rest}`
    return `${colours.warned('owed'.padEnd(12))} ${printableLine(text)}`
  }
}

/** What a command says while it runs, behind the name of its host. */
function outputLine({ host, item, text }: Extract<Event, { type: 'task-output' }>): string {
  const who = item ? `${host} (${item.label})` : host
  return `${printableLine(who).padEnd(12)} │ ${printableLine(text)}`
}

/** Events that may come faster than an eye can follow. */
const FREQUENT: ReadonlySet<string> = new Set(['task-result', 'task-progress', 'host-connected'])

/** What a task has of which nothing is known yet. */
function fresh(): Pick<RunningTask, 'results' | 'sending'> {
  return { results: [], sending: new Map() }
}

interface RunningTask extends TaskOutcome {
  results: { host: string; result: TaskOutcome['results'][number]['result'] }[]
  sending: Map<string, { sent: number; size: number }>
  since: number
  isLoose: boolean
}
