import { printableLine } from './printable.ts'
import type { TaskOutcome } from './task-lines.ts'
import { bytes, columns, fitted, listed } from './words.ts'

export interface Output {
  write(text: string): unknown
}

/** How large a terminal is, asked anew for each drawing. */
export interface Size {
  width: () => number
  height: () => number
}

/** A few lines at the bottom of a terminal that are drawn over again; what is printed goes above them. */
export class LiveView {
  readonly #output: Output
  readonly #size: Size
  #drawn: readonly string[] = []

  constructor(output: Output, size: Size) {
    this.#output = output
    this.#size = size
  }

  /** In one write, so that nothing flickers. */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    // What scrolls out at the top could not be taken away again.
    const shown = lines.slice(0, Math.max(0, this.#size.height() - 1))
    const cut = shown.map((line) => fitted(line, this.#size.width() - 1))
    const text = [...above, ...cut].map((line) => `${line}\n`).join('')
    if (this.#drawn.length > 0 || text !== '') this.#output.write(this.#erase() + text)
    this.#drawn = cut
  }

  /** Up to the first of the drawn lines, which a terminal that has become narrower has wrapped, and clear from there on. */
  #erase(): string {
    const width = Math.max(1, this.#size.width())
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(columns(line) / width)), 0)
    return rows > 0 ? `\u001b[${rows}A\r\u001b[J` : ''
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

type Running = TaskOutcome & { since: number; sending?: Sending }

/** Files on their way to hosts that are not done yet, by host. */
export type Sending = ReadonlyMap<string, { sent: number; size: number }>

/** One line for each task that is running: what, how many hosts are done and failed, who is waited for, and how long. */
export function runningLines(tasks: readonly Running[], now: number, { width, height }: Size): string[] {
  const most = Math.min(MOST_TASKS, Math.max(1, height() - 2))
  const lines = tasks.slice(0, most).map((task) => runningLine(task, now, width() - 1))
  if (tasks.length > most) lines.push(`… and ${tasks.length - most} more tasks`)
  return lines
}

/** Where there is little room, the name gives way, and the counts stay. */
function runningLine({ task, hosts, results, since, sending }: Running, now: number, width: number): string {
  const done = new Set(results.map(({ host }) => host))
  const failed = new Set(results.filter(({ result }) => isBad(result.status)).map(({ host }) => host))
  const waiting = hosts.filter((host) => !done.has(host))
  const counts = `${done.size} of ${hosts.length} done${failed.size > 0 ? `, ${failed.size} failed` : ''}${sentWords(sending)}`
  const time = clock(now - since)
  const room = Math.max(8, width - columns(`${time}  : ${counts}`))
  const isPartly = waiting.length > 0 && waiting.length < hosts.length
  const names = isPartly ? `, waiting for ${printableLine(listed(waiting, 2))}` : ''
  const line = `${time}  ${fitted(printableLine(task.name), room)}: ${counts}`
  return columns(line) + FEW_COLUMNS < width ? line + names : line
}

/** How much has gone out of all that is on its way. */
function sentWords(sending: Sending | undefined): string {
  let [sent, size] = [0, 0]
  for (const one of sending?.values() ?? []) {
    sent += one.sent
    size += one.size
  }
  return size === 0 ? '' : `, ${Math.floor((sent / size) * 100)} % of ${bytes(size)} sent`
}

/** Less room than this is not worth beginning a list of names. */
const FEW_COLUMNS = 16

/** Minutes and seconds, ` 1:05`. */
function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`.padStart(5)
}

function isBad(status: string): boolean {
  return status === 'failed' || status === 'unreachable'
}
