import { TextFailure } from '../engine/language/names.ts'
import { Problem, Problems } from '../engine/problem.ts'
import fc from './property.ts'

/** Cases of a property; LOCKSTEP_FUZZ asks for more. */
export const RUNS = Number(process.env.LOCKSTEP_FUZZ ?? 100)

/** A text and what became of it: pieces cut out, doubled, replaced by rubbish or by what has a meaning. */
export function damaged(samples: readonly string[], tokens: readonly string[]): fc.Arbitrary<string> {
  const rubbish = fc.oneof(
    fc.constantFrom(...tokens),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(...CONTROLS),
  )
  const wound = fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 12 }),
    kind: fc.constantFrom('cut', 'twice', 'put'),
    rubbish,
  })
  return fc.tuple(fc.constantFrom(...samples), fc.array(wound, { maxLength: 6 })).map(([sample, wounds]) =>
    wounds.reduce((text, { at, length, kind, rubbish: piece }) => {
      const start = text.length === 0 ? 0 : at % text.length
      const part = text.slice(start, start + length)
      const instead = { cut: '', twice: part + part, put: piece }[kind]
      return text.slice(0, start) + instead + text.slice(start + length)
    }, sample),
  )
}

/** Whatever the input, the work ends well or with problems that a user can act on: each a code and a sentence without a stack. */
export function neverBreaks<T>(input: fc.Arbitrary<T>, work: (input: T) => unknown, runs = RUNS): void {
  fc.assert(
    fc.property(input, (one) => {
      try {
        work(one)
      } catch (error) {
        if (!isForUsers(error)) throw error
      }
    }),
    { numRuns: runs },
  )
}

/** Whether an error is one or several problems, each with a code and a sentence and none with a stack. */
export function isForUsers(error: unknown): boolean {
  if (error instanceof Problems) return error.problems.length > 0 && error.problems.every(isForUsers)
  if (!(error instanceof Problem || error instanceof TextFailure)) return false
  return /^[A-Z_]+$/.test(error.code) && error.message !== '' && !/\n {4}at /.test(error.message)
}

const CONTROLS = ['\0', '\n', '\r\n', '\t', '\u001b[2J', '\ufeff', '\u202e', '\ud800', '💥', ' ']
