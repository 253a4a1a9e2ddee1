import { isDeepStrictEqual } from 'node:util'
import type { Outcome, Result } from '../play.ts'
import { placeOf } from './case.ts'

/** What check and run say differently. What was not certain may have come or not; all else is the same, in content too. */
export function differ(check: Outcome, run: Outcome): string[] {
  const open = check.results.filter(({ status }) => OPEN.has(status))
  const isOpen = (result: Result) => open.some((other) => other.host === result.host && reaches(other, result, run))
  const known = ({ results }: Outcome) => results.filter((result) => !isOpen(result)).map(shown)
  return missing('check and run differ', known(check), known(run))
}

/** Lines that one has and the other has not. */
export function missing(what: string, left: readonly string[], right: readonly string[]): string[] {
  if (isDeepStrictEqual([...left].sort(), [...right].sort())) return []
  const only = (a: readonly string[], b: readonly string[]) => a.filter((line) => !b.includes(line))
  return [
    ...only(left, right).map((line) => `${what}: - ${line}`),
    ...only(right, left).map((line) => `${what}: + ${line}`),
  ]
}

const OPEN = new Set(['known-after-apply', 'may-run', 'would-run', 'deferred'])

/** Whether how an open task ends decides how another one does, or if it runs. */
function reaches(open: Result, other: Result, run: Outcome): boolean {
  const [from, to] = [placeOf(open.task), placeOf(other.task)]
  if (keyOf(open) === keyOf(other) || to.isHandler) return true
  const isFailed = run.results.some((done) => keyOf(done) === keyOf(open) && done.status === 'failed')
  if (from.isHandler) return isFailed
  if (to.number < from.number) return false
  if (to.number === from.number) return from.section !== '' && other.task >= open.task
  return open.status === 'may-run' || isFailed
}

function keyOf({ host, task, item }: Result): string {
  return `${host}: ${task}${item ? ` [${item.label}]` : ''}`
}

function shown(result: Result): string {
  const { differences, tolerated, message } = result
  const lines = differences
    .filter(({ before, after }) => !`${before}${after}`.includes('‹known after apply›'))
    .map(({ kind, what, before, after }) => `  ${kind} ${what}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`)
  // What check was not allowed to see is what a run fails at.
  const isHidden = result.status === 'not-visible' || result.failure?.code === 'NOT_ALLOWED'
  const status = isHidden ? 'not visible' : result.status
  const failure = isHidden ? (result.reason ?? result.failure?.message) : sentenceOf(result)
  const why = failure ? `: ${failure}${tolerated ? ` (${tolerated})` : ''}` : ''
  const said = message === undefined ? [] : [`  says ${message}`]
  return [`${keyOf(result)} ${status}${why}`, ...(status === 'failed' ? [] : [...lines, ...said])].join('\n')
}

/** A failure in its words, without how long it took to come. */
function sentenceOf({ failure }: Result): string | undefined {
  return failure && `${failure.code} ${failure.message}`.replace(/after \d+ ms/, 'after a while')
}
