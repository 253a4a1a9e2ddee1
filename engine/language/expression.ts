import type { Place } from '../problem.ts'

/** A CEL expression of a playbook, compiled. */
export interface Expression {
  readonly text: string
  readonly place: Place
}
