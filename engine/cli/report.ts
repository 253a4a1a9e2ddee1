import type { Event } from '../report/event.ts'
import { createJsonlReporter } from '../report/jsonl.ts'
import { createTerminalReporter } from '../report/terminal.ts'
import { coloured } from './failure.ts'
import type { ReportFlags } from './options.ts'

export interface Report {
  emit: (event: Event) => void
  /** Nothing more will come; stops the clock. */
  end: () => void
}

/** The report that the flags ask for, on stdout; on a terminal with a clock, so that long tasks show that they live. */
export function startReport({ output, verbose, diff }: ReportFlags): Report {
  const { stdout } = process
  if (output === 'jsonl') return { emit: createJsonlReporter({ output: stdout }), end: () => {} }
  const live = stdout.isTTY === true && process.env.TERM !== 'dumb'
  const report = createTerminalReporter({
    output: stdout,
    // A terminal that does not know its size says 0.
    width: () => stdout.columns || 80,
    colour: coloured(stdout),
    live,
    verbosity: verbose,
    wholeDifferences: diff === true,
  })
  if (!live) return { emit: report, end: () => {} }
  const clock = setInterval(() => report({ type: 'tick', at: new Date().toISOString() }), 1000)
  return { emit: report, end: () => clearInterval(clock) }
}
