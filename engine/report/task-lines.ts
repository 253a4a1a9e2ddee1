import type { Colours } from './colours.ts'
import { differenceLines } from './difference-lines.ts'
import type { Mode, TaskRef, TaskResult } from './event.ts'
import { failureLines } from './failure-lines.ts'
import { printableLine } from './printable.ts'
import { paintFor, severity, statuses, wordFor } from './status.ts'
import { count, listed } from './words.ts'

/** What one task came to on its hosts. */
export interface TaskOutcome {
  task: TaskRef
  hosts: readonly string[]
  results: readonly { host: string; result: TaskResult }[]
}

export interface TaskStyle {
  colours: Colours
  mode: Mode
  verbosity: number
  /** Differences at their full length. */
  wholeDifferences: boolean
  /** Tasks of several plays stand side by side, so each says whose it is. */
  namesPlay?: boolean
}

const INDENT = ' '.repeat(13)
const LABEL_WIDTH = 12
const DIFFERENCE_LINES = 40
const FEW_HOSTS = 5

/** A task as lines: hosts and items with the same news share them, so that 500 hosts read as one. */
export function taskLines(outcome: TaskOutcome, style: TaskStyle): string[] {
  const groups = grouped(outcome, style).sort((a, b) => order(a, style) - order(b, style))
  const news = groups.filter(({ result }) => hasNews(result))
  const shown =
    style.verbosity > 0 ? groups : news.length > 0 ? news : groups.filter(({ result }) => result.status === 'ok')
  return shown.flatMap((group) => groupLines(group, outcome, style))
}

interface Group {
  result: TaskResult
  details: string[]
  hosts: Set<string>
  items: Set<string>
}

function grouped({ results }: TaskOutcome, style: TaskStyle): Group[] {
  const groups = new Map<string, Group>()
  for (const { host, result } of results) {
    const details = detailLines(result, style)
    // Items that differ have details of their own and so lines of their own; those without news only add up.
    const item = hasNews(result) ? result.item?.label : undefined
    const key = JSON.stringify([wordFor(result, style.mode), details, item])
    const group = groups.get(key) ?? { result, details, hosts: new Set(), items: new Set() }
    group.hosts.add(host)
    if (result.item) group.items.add(result.item.label)
    groups.set(key, group)
  }
  return [...groups.values()]
}

function groupLines(group: Group, { task, hosts }: TaskOutcome, style: TaskStyle): string[] {
  const { colours, verbosity } = style
  const { result, details } = group
  const word = paintFor(result, colours)(wordFor(result, style.mode).padEnd(LABEL_WIDTH))
  const name = printableLine(task.handler ? `${task.name} (handler)` : task.name)
  const who = hostWords([...group.hosts], hosts.length, verbosity)
  const play = style.namesPlay ? colours.dim(` in ${printableLine(task.play)}`) : ''
  const head = `${word} ${name}${itemWords(group)} ${colours.dim(`[${who}]`)}${play}`
  return [head, ...details.map((line) => (line === '' ? '' : INDENT + line))]
}

function hostWords(names: readonly string[], all: number, verbosity: number): string {
  if (names.length === all && all > FEW_HOSTS && verbosity < 2) return `all ${count(all, 'host')}`
  return printableLine(listed(names, verbosity > 1 ? Number.POSITIVE_INFINITY : FEW_HOSTS))
}

function itemWords({ result, items }: Group): string {
  if (items.size === 0) return ''
  if (items.size === 1 && hasNews(result)) return ` (${printableLine([...items].join())})`
  return ` (${count(items.size, 'item')})`
}

function detailLines(result: TaskResult, { colours, verbosity, wholeDifferences }: TaskStyle): string[] {
  const most = wholeDifferences || verbosity > 0 ? Number.POSITIVE_INFINITY : DIFFERENCE_LINES
  const lines = result.differences.flatMap((difference) => differenceLines(difference, { colours, most }))
  if (result.reason !== undefined && (result.status !== 'skipped' || verbosity > 0)) {
    const reason = printableLine(result.reason)
    lines.push(result.status === 'known-after-apply' ? `${colours.changed('known after apply')}: ${reason}` : reason)
  } else if (result.status === 'known-after-apply') lines.push(colours.changed('known after apply'))
  if (result.message !== undefined) lines.push(...result.message.split('\n').map(printableLine))
  if (result.failure) lines.push(...failureLines(result.failure, colours))
  for (const warning of result.warnings) lines.push(`${colours.warned('warning:')} ${printableLine(warning)}`)
  if ((result.attempts ?? 1) > 1) lines.push(colours.dim(`after ${result.attempts} attempts`))
  return lines
}

/** Whether a reader who did not ask for everything wants to see it. */
function hasNews({ status, warnings, message }: TaskResult): boolean {
  return (status !== 'ok' && status !== 'skipped') || warnings.length > 0 || message !== undefined
}

/** A check tells the worst first; a run ends with it, next to the prompt. */
function order({ result }: Group, { mode }: TaskStyle): number {
  return mode === 'check' ? -severity(result) : statuses.indexOf(result.status)
}
