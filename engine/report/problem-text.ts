import { formatProblem, type Problem } from '../problem.ts'
import { type Colours, coloursFor } from './colours.ts'
import { printable } from './printable.ts'

const MOST = 50

/** Problems as a person reads them, the first fifty and the number of the rest. */
export function problemText(problems: readonly Problem[], { colour }: { colour: boolean }): string {
  const colours = coloursFor(colour)
  const texts = problems.slice(0, MOST).map((problem) => paint(problem, colours))
  if (problems.length > MOST) texts.push(colours.dim(`and ${problems.length - MOST} more, not shown`))
  return texts.join('\n\n')
}

function paint(problem: Problem, colours: Colours): string {
  const [first = '', ...rest] = printable(formatProblem(problem)).split('\n')
  const label = `${problem.severity}[${problem.code}]`
  const loud = problem.severity === 'error' ? colours.bad : colours.warned
  const head = first.startsWith(label) ? loud(label) + colours.strong(first.slice(label.length)) : first
  return [head, ...rest.map((line) => paintLine(line, colours))].join('\n')
}

function paintLine(line: string, colours: Colours): string {
  if (line.startsWith('hint: ')) return colours.place('hint:') + line.slice(5)
  if (line.startsWith('  --> ')) return colours.dim(line)
  if (/^ *\| *\^+$/.test(line)) return colours.bad(line)
  return line
}
