import { kindOf, type PageData, type PageFinding } from '../html/page-data.ts'

export interface Filter {
  text: string
  host: string
  task: string
  /** Letters of kinds; none means all. */
  kinds: ReadonlySet<string>
}

export interface Selection {
  findings: readonly PageFinding[]
  /** Places of the hosts and tasks that the matrix shows. */
  rows: readonly number[]
  columns: readonly number[]
  /** Whether a cell is among what was asked for. */
  matches: (row: number, column: number) => boolean
}

/** Selects from the data what a filter asks for; what is searched is written out once. */
export function createFilter(data: PageData): (filter: Filter) => Selection {
  const texts = data.findings.map((finding) => textOf(finding, data))
  const hostNames = data.hosts.map(({ name }) => name.toLowerCase())
  const taskNames = data.tasks.map(({ name, module }) => `${name} ${module}`.toLowerCase())
  return ({ text, host, task, kinds }) => {
    const [words, hostWords, taskWords] = [text, host, task].map((word) => word.trim().toLowerCase())
    const hasHost = (index: number) => hostNames[index]?.includes(hostWords ?? '') === true
    const hasTask = (index: number) => taskNames[index]?.includes(taskWords ?? '') === true
    const isWanted = (finding: PageFinding, index: number) =>
      (kinds.size === 0 || kinds.has(finding.kind)) &&
      hasTask(finding.task) &&
      finding.hosts.some(hasHost) &&
      texts[index]?.includes(words ?? '') === true
    const findings = data.findings.filter(isWanted)
    const found = new Set(
      words === '' ? [] : findings.flatMap((one) => one.hosts.map((at) => at * data.tasks.length + one.task)),
    )
    const matches = (row: number, column: number) => {
      const letter = data.cells[row]?.[column] ?? ' '
      if (letter === ' ' || (kinds.size > 0 && !kinds.has(letter)) || !hasHost(row) || !hasTask(column)) return false
      return words === '' || found.has(row * data.tasks.length + column)
    }
    const isAll = words === '' && kinds.size === 0
    const hosts = [...data.hosts.keys()].filter(hasHost)
    const tasks = [...data.tasks.keys()].filter(hasTask)
    const rows = isAll ? hosts : hosts.filter((row) => tasks.some((column) => matches(row, column)))
    const columns = isAll ? tasks : tasks.filter((column) => rows.some((row) => matches(row, column)))
    return { findings, rows, columns, matches }
  }
}

function textOf(finding: PageFinding, { tasks, hosts }: PageData): string {
  const task = tasks[finding.task]
  const { failure } = finding
  const differences = finding.differences.flatMap(({ what, before, after, lines = [] }) => [
    what,
    before,
    after,
    ...lines,
  ])
  const failed = failure ? [failure.code, failure.message, failure.hint, ...Object.values(failure.command ?? {})] : []
  const names = finding.hosts.map((index) => hosts[index]?.name)
  const head = [task?.name, task?.module, task?.play, task?.file, task?.source, kindOf(finding.kind)?.word]
  const parts = [
    ...head,
    ...names,
    finding.item,
    finding.reason,
    finding.message,
    ...finding.warnings,
    ...differences,
    ...failed,
  ]
  return parts
    .filter((part) => part !== undefined)
    .join('\n')
    .toLowerCase()
}
