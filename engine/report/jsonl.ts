import { Problem } from '../problem.ts'
import type { Event } from './event.ts'
import type { Output } from './live-view.ts'

/** The report for programs: one event a line, as docs/events.md describes them, and nothing else. */
export function createJsonlReporter({ output }: { output: Output }): (event: Event) => void {
  return (event) => output.write(`${JSON.stringify(event, plain)}\n`)
}

/** An Error's own sentence is not enumerable, and JSON would lose it. */
export function plain(_key: string, value: unknown): unknown {
  if (!(value instanceof Problem)) return value
  const { code, message, place, hint, severity } = value
  return { code, severity, message, place, hint }
}
