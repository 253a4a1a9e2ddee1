import { describe, expect, test } from 'vitest'
import { Problem } from '../../engine/problem.ts'
import { problemText } from '../../engine/report/problem-text.ts'

const problems = (count: number) =>
  Array.from({ length: count }, (_, index) => new Problem({ code: 'WRONG_VALUE', message: `wrong ${index}` }))

describe('problems', () => {
  test.each([
    [1, undefined],
    [50, undefined],
    [51, 'and 1 more, not shown'],
    [350, 'and 300 more, not shown'],
  ])('%i of them end with %s', (count, ending) => {
    const parts = problemText(problems(count), { colour: false }).split('\n\n')
    expect(parts).toHaveLength(Math.min(count, 50) + (ending ? 1 : 0))
    expect(parts[0]).toBe('error[WRONG_VALUE]: wrong 0')
    if (ending) expect(parts.at(-1)).toBe(ending)
  })

  test('cannot move the cursor by what they name', () => {
    const problem = new Problem({ code: 'WRONG_VALUE', message: 'wrong \u001b[2J' })
    expect(problemText([problem], { colour: false })).not.toContain('\u001b')
  })
})
