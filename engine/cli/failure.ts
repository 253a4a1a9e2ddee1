import { Problem, Problems } from '../problem.ts'
import { problemText } from '../report/problem-text.ts'
import { sievedProblem } from '../report/sieve.ts'
import { knownSecrets } from './process-secrets.ts'

/** What `process.exitCode` becomes; the worst of a run wins, which is the highest. */
export const exitCodes = {
  done: 0,
  mistake: 1,
  drift: 2,
  failed: 3,
  unreachable: 4,
  locked: 5,
  stale: 5,
  bug: 70,
  interrupted: 130,
}

/** Tells the person at the terminal what went wrong, and gives the exit code: a mistake of theirs, or a bug of ours. */
export function reportFailure(error: unknown, stream: NodeJS.WriteStream): number {
  const problems = problemsOf(error)
  if (problems) {
    const told = problems.map((problem) => sievedProblem(problem, knownSecrets))
    stream.write(`${problemText(told, { colour: coloured(stream) })}\n`)
    return problems.every(({ code }) => code === 'PLAN_STALE') ? exitCodes.stale : exitCodes.mistake
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  stream.write(
    `this is a bug in Lockstep, not in your playbook; please report it with these lines:\n${knownSecrets.hide(stack)}\n`,
  )
  return exitCodes.bug
}

/** The problems that a user can act on, or nothing when the error is none of theirs. */
export function problemsOf(error: unknown): readonly Problem[] | undefined {
  if (error instanceof Problems) return error.problems
  return error instanceof Problem ? [error] : undefined
}

/** NO_COLOR switches colours off, see no-color.org; FORCE_COLOR on; otherwise a terminal has them. */
export function coloured(stream: NodeJS.WriteStream, environment = process.env): boolean {
  if (environment.NO_COLOR) return false
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== '0'
  return stream.isTTY === true && environment.TERM !== 'dumb'
}
