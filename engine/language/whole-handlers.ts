import type { Handler } from './playbook.ts'

/** Each handler once, by the first of its tasks. */
export function wholeHandlers(handlers: readonly Handler[]): Handler[] {
  return handlers.filter(({ handler }, index) => handlers[index - 1]?.handler !== handler)
}
