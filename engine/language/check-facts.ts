import { Problem } from '../problem.ts'
import type { Play } from './playbook.ts'

/** Facts that are named where nobody can have gathered them: with `gather_facts: false`, or in the order of the first play. */
export function checkFacts(plays: readonly Play[]): Problem[] {
  return plays.flatMap((play, index) => {
    const { gatherFacts, steps, handlers, roll } = play
    if (plays.slice(0, index).some(({ usesFacts }) => usesFacts)) return []
    const order = roll.order.kind === 'by' && roll.order.by.names.has('facts') ? roll.order.by : undefined
    const problems = order ? [earlyOrder(order.place)] : []
    if (gatherFacts !== false) return problems
    const named = [...steps, ...handlers].filter(({ refs }) => refs.facts)
    return [...problems, ...named.map(({ name, place }) => ungathered(name, place))]
  })
}

function ungathered(name: string, place: Problem['place']): Problem {
  return new Problem({
    code: 'WRONG_KEYWORD',
    message: `'${name}' names facts, and gather_facts is false`,
    place,
    hint: 'leave gather_facts out: facts are gathered only when something names them',
  })
}

function earlyOrder(place: Problem['place']): Problem {
  return new Problem({
    code: 'WRONG_KEYWORD',
    message: 'the order of a play is worked out before its hosts are asked for facts',
    place,
    hint: 'put serial and order on a block',
  })
}
