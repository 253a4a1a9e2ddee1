import type { Place, Problem } from '../problem.ts'
import type { Value } from '../resource/value.ts'
import type { Names } from './names.ts'
import { compileExpression, evaluateWritten, namesIn } from './written.ts'
import { placeOf, type ScalarNode } from './yaml-node.ts'

/** A CEL expression of a playbook, compiled. */
export interface Expression {
  readonly text: string
  readonly place: Place
  /** Root names that it reads. */
  readonly names: ReadonlySet<string>
  /** Throws Problem; gives an Unknown when it meets one that decides. */
  evaluate(names: Names): Value
}

/** Compiles a scalar that stands where an expression is expected; a YAML true or false is one, too. */
export function expressionOf(node: ScalarNode, problems: Problem[]): Expression {
  const written = compileExpression(node, problems)
  return {
    text: node.text,
    place: placeOf(node),
    names: namesIn(written),
    evaluate: (names) => evaluateWritten(written, names),
  }
}
