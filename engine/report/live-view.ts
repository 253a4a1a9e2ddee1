import { printableLine } from './printable.ts'
import type { TaskOutcome } from './task-lines.ts'
import { fitted, listed } from './words.ts'

export interface Output {
  write(text: string): unknown
}

/** A few lines at the bottom of a terminal that are drawn over again; what is printed goes above them. */
export class LiveView {
  readonly #output: Output
  readonly #width: () => number
  #drawn = 0

  constructor(output: Output, width: () => number) {
    this.#output = output
    this.#width = width
  }

  /** In one write, so that nothing flickers. */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    const cut = lines.map((line) => fitted(line, this.#width() - 1))
    const text = [...above, ...cut].map((line) => `${line}\n`).join('')
    if (this.#drawn > 0 || text !== '') this.#output.write(this.#erase() + text)
    this.#drawn = cut.length
  }

  /** Up to the first of the drawn lines, and clear from there to the end of the screen. */
  #erase(): string {
    return this.#drawn > 0 ? `\u001b[${this.#drawn}A\r\u001b[J` : ''
  }
}

const MOST_TASKS = 8

/** What is to be seen before the first task: how many hosts have answered, and how long that has taken. */
export function connectingLine({ answered, hosts, since }: Connecting, now: number): string {
  return `${clock(now - since)}  connecting: ${answered} of ${hosts} hosts have answered`
}

export interface Connecting {
  answered: number
  hosts: number
  since: number
}

/** One line for each task that is running: what, how many hosts are done and failed, who is waited for, and how long. */
export function runningLines(tasks: readonly (TaskOutcome & { since: number })[], now: number): string[] {
  const lines = tasks.slice(0, MOST_TASKS).map((task) => runningLine(task, now))
  if (tasks.length > MOST_TASKS) lines.push(`… and ${tasks.length - MOST_TASKS} more tasks`)
  return lines
}

function runningLine({ task, hosts, results, since }: TaskOutcome & { since: number }, now: number): string {
  const done = new Set(results.map(({ host }) => host))
  const failed = new Set(results.filter(({ result }) => isBad(result.status)).map(({ host }) => host))
  const waiting = hosts.filter((host) => !done.has(host))
  const parts = [`${done.size} of ${hosts.length} done`]
  if (failed.size > 0) parts.push(`${failed.size} failed`)
  if (waiting.length > 0 && waiting.length < hosts.length) parts.push(`waiting for ${listed(waiting, 2)}`)
  return `${clock(now - since)}  ${printableLine(task.name)}: ${parts.join(', ')}`
}

/** Minutes and seconds, ` 1:05`. */
function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`.padStart(5)
}

function isBad(status: string): boolean {
  return status === 'failed' || status === 'unreachable'
}
