import type { Event, Mode } from '../report/event.ts'
import { createJsonlReporter } from '../report/jsonl.ts'
import { createTerminalReporter } from '../report/terminal.ts'
import { coloured } from './failure.ts'
import type { ReportFlags } from './options.ts'

export interface Report {
  emit: (event: Event) => void
  /** Says something to the person at the terminal that is no event. */
  notice: (text: string) => void
  /** Nothing more will come; stops the clock. */
  end: () => void
}

/** The report that the flags ask for, on stdout; on a terminal with a clock, so that long tasks show that they live. */
export function startReport({ output, verbose, diff }: ReportFlags, mode: Mode, { live = isLive() } = {}): Report {
  const { stdout } = process
  const aside = (text: string) => process.stderr.write(`${text}\n`)
  if (output === 'jsonl') return { emit: createJsonlReporter({ output: stdout }), notice: aside, end: () => {} }
  const report = createTerminalReporter({
    output: stdout,
    // A terminal that does not know its size says 0.
    width: () => stdout.columns || 80,
    height: () => stdout.rows || 24,
    colour: coloured(stdout),
    live,
    verbosity: verbose,
    wholeDifferences: diff === true,
    mode,
  })
  const now = () => new Date().toISOString()
  if (!live) return { emit: report, notice: aside, end: () => report({ type: 'end', at: now() }) }
  const tick = () => report({ type: 'tick', at: now() })
  const clock = setInterval(tick, 1000)
  stdout.on('resize', tick)
  const notice = (text: string) => report({ type: 'notice', at: now(), text })
  const end = () => {
    clearInterval(clock)
    stdout.off('resize', tick)
    process.off('exit', end)
    report({ type: 'end', at: now() })
  }
  // Whatever ends the process, what is drawn does not stay.
  process.on('exit', end)
  return { emit: report, notice, end }
}

function isLive(): boolean {
  return process.stdout.isTTY === true && process.env.TERM !== 'dumb'
}
