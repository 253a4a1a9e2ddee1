import type { Handler, Step } from '../language/playbook.ts'

/** Steps of a play, or the parts of a handler, from one position up to another, inside so many blocks. */
export interface Stretch {
  steps: readonly Step[]
  from: number
  to: number
  depth: number
  handlers: HandlerParts | undefined
}

/** The tasks of one handler, and the position in the play at which it is due. */
export interface HandlerParts {
  steps: readonly Handler[]
  position: number
}

/** All steps from a position on; made anew each time that somebody looks ahead, which few steps do. */
export function stepsFrom(steps: readonly Step[], position: number): Iterable<{ step: Step; position: number }> {
  return {
    *[Symbol.iterator]() {
      for (let at = position; at < steps.length; at++) {
        const step = steps[at]
        if (step) yield { step, position: at }
      }
    },
  }
}

/** The position after the last step of a block. */
export function endOfBlock(steps: readonly Step[], from: number, depth: number, id: string): number {
  const length = steps.slice(from).findIndex((step) => step.blocks[depth]?.id !== id)
  return length < 0 ? steps.length : from + length
}

/** Handlers run when a section ends: roles and tasks are one. */
export function endsSection(before: Step, step: Step): boolean {
  const part = ({ section }: Step) => (section === 'roles' ? 'tasks' : section)
  return part(before) !== part(step)
}
