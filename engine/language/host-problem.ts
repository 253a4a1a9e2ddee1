import { Problem, type ProblemParts } from '../problem.ts'
import type { Step } from './playbook.ts'

/** A Problem that shows for one host, and perhaps not for others. */
export class HostProblem extends Problem {
  readonly host: string
  readonly parts: ProblemParts

  /** `step`: what was evaluated, when it was one. */
  constructor(problem: Problem, host: string, step?: Step) {
    const parts = partsOf(problem, step)
    super({ ...parts, message: forHosts(parts.message, [host]) })
    this.host = host
    this.parts = parts
  }
}

/** The sentence with the hosts that it holds for. */
export function forHosts(message: string, hosts: readonly string[]): string {
  const [first, second, third] = hosts
  if (first === undefined) return message
  if (second === undefined) return `${message}, on ${first}`
  if (hosts.length === 2) return `${message}, on ${first} and ${second}`
  return hosts.length === 3
    ? `${message}, on ${first}, ${second} and ${third}`
    : `${message}, on ${first}, ${second} and ${hosts.length - 2} more`
}

/** What lies in another file than its task tells which task it is. */
function partsOf({ code, message, place, hint, severity }: Problem, step: Step | undefined): ProblemParts {
  if (!step) return { code, message, place, hint, severity }
  if (place === undefined || place.file === step.place.file)
    return { code, message, hint, severity, place: place ?? step.place }
  const { file, line } = step.place
  return { code, message: `${message} (for the task '${step.name}', ${file}:${line})`, hint, severity, place }
}
