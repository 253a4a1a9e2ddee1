import { coloursFor } from './colours.ts'
import type { Event, Mode, RunSummary } from './event.ts'
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
  let mode: Mode = 'run'
  let findings: string[] = []
  /** The play's own lines, which a check tells only when it has found something there. */
  let heading: string[] = []
  let plays = 0
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
    const isFrequent = event.type === 'task-result' || event.type === 'host-connected'
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
        return []
      case 'tick':
        return []
      case 'notice':
        return [event.text]
      case 'host-connected':
        if (connecting) connecting.answered += 1
        return []
      case 'run-started': {
        mode = event.mode
        findings = []
        plays = 0
        connecting = { answered: 0, hosts: event.hosts.length, since: Date.parse(event.at) }
        const verb = mode === 'check' ? 'checking' : 'running'
        return [colours.strong(`${verb} ${event.playbook} on ${count(event.hosts.length, 'host')}`)]
      }
      case 'play-started': {
        plays += 1
        const title = colours.strong(`play ${printableLine(event.play)}`) + colours.dim(` [${listed(event.hosts, 5)}]`)
        heading = plays > 1 ? ['', title] : [title]
        return mode === 'run' ? heading : []
      }
      case 'debt-found':
        return keep([debtLine(event)])
      case 'task-started': {
        const lines = keep(finishLoose())
        connecting = undefined
        running.set(event.task.id, { ...event, results: [], since: Date.parse(event.at), isLoose: false })
        return lines
      }
      case 'task-output':
        // A check says first what it came to.
        return mode === 'run' ? [colours.dim(outputLine(event))] : []
      case 'task-result':
        takeResult(event)
        return []
      case 'task-finished':
        return keep(finish(event.task.id))
      case 'warning':
        return [problemText([event.problem], { colour })]
      case 'play-finished':
        return keep([...finishLoose(), ...stoppedLine(event.stopped)])
      case 'run-finished':
        connecting = undefined
        return [...[...running.keys()].flatMap(finish), ...ending(event.summary)]
    }
  }

  function keep(lines: string[]): string[] {
    if (mode === 'run') return lines
    if (lines.length > 0) findings.push(...(findings.length > 0 ? heading : heading.slice(-1)), ...lines)
    if (lines.length > 0) heading = []
    return []
  }

  /** Results of a task that never started: a host that could not be reached, or is locked. */
  function takeResult(event: Extract<Event, { type: 'task-result' }>): void {
    const task = running.get(event.task.id) ?? { ...event, hosts: [], results: [], since: 0, isLoose: true }
    task.results.push(event)
    running.set(event.task.id, task)
  }

  function finishLoose(): string[] {
    return [...running.values()].filter(({ isLoose }) => isLoose).flatMap(({ task }) => finish(task.id))
  }

  function finish(id: string): string[] {
    const outcome = running.get(id)
    running.delete(id)
    if (!outcome || outcome.results.length === 0) return []
    const lines = taskLines(outcome, { ...options, colours, mode })
    const isQuiet = outcome.results.every(({ result }) => result.status === 'ok' || result.status === 'skipped')
    return mode === 'check' && isQuiet && options.verbosity === 0 ? [] : lines
  }

  function ending(summary: RunSummary): string[] {
    const line = verdict(summary, mode, colours)
    const recap = recapLines(summary, { ...options, width: options.width(), colours, mode })
    if (mode === 'run') return ['', ...recap, line]
    return [line, ...(findings.length > 0 ? ['', ...findings] : []), '', ...recap]
  }

  function stoppedLine(why: string | undefined): string[] {
    if (why === undefined) return []
    return [`${colours.bad('stopped'.padEnd(12))} ${printableLine(`${why}; nothing more is done on any host`)}`]
  }

  function debtLine({ host, debt, handlerExists }: Extract<Event, { type: 'debt-found' }>): string {
    const rest = handlerExists ? '' : '; this playbook has no such handler, so it stays owed'
    const text = `${host} owes the handler '${debt.handler}' since ${debt.since} (${debt.reason}, by ${debt.by})${rest}`
    return `${colours.warned('owed'.padEnd(12))} ${printableLine(text)}`
  }
}

/** What a command says while it runs, behind the name of its host. */
function outputLine({ host, item, text }: Extract<Event, { type: 'task-output' }>): string {
  const who = item ? `${host} (${item.label})` : host
  return `${printableLine(who).padEnd(12)} │ ${printableLine(text)}`
}

interface RunningTask extends TaskOutcome {
  results: { host: string; result: TaskOutcome['results'][number]['result'] }[]
  since: number
  isLoose: boolean
}
