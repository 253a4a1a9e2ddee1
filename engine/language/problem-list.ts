import { formatProblem, Problem, Problems } from '../problem.ts'

/** Throws all problems at once, each one time, by file and line. */
export function throwProblems(problems: readonly Problem[]): never {
  throw new Problems(sortProblems(problems))
}

/** By file, line and column; those without a place first; the same one only once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const distinct = [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()]
  return distinct.sort((a, b) => {
    const [left, right] = [a.place, b.place]
    if (!left || !right) return Number(Boolean(left)) - Number(Boolean(right))
    if (left.file !== right.file) return left.file < right.file ? -1 : 1
    return left.line - right.line || left.column - right.column
  })
}

/** Collects a Problem and goes on without a value. */
export function collecting<T>(problems: Problem[], work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    problems.push(error)
    return undefined
  }
}
