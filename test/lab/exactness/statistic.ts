import type { Status } from '../../../engine/report/event.ts'
import { actions, modules } from '../../../modules/index.ts'
import type { Result } from '../play.ts'
import { undrawn } from './tasks.ts'

/** All that `fail` can do is fail; and no task sets up the sshd that `key-refused` finds right, as rotate-offboard.test.ts does. */
const FAILING = ['fail', 'key-refused']

/** How often each module came to each end: a module that is never reached, or that always fails, proves nothing. */
export class Statistic {
  readonly #counts = new Map<string, Map<Status, number>>()

  add(results: readonly Result[]): void {
    for (const { module, status } of results) {
      const own = this.#counts.get(module) ?? new Map<Status, number>()
      this.#counts.set(module, own.set(status, (own.get(status) ?? 0) + 1))
    }
  }

  /** Modules and actions that never came to do what they are for. */
  unreached(): string[] {
    const good: Status[] = ['ok', 'changed']
    const wanted = [...modules, ...actions].map(({ name }) => name).filter((name) => undrawn[name] === undefined)
    return wanted.filter((name) => {
      const own = this.#counts.get(name)
      return FAILING.includes(name) ? !own?.has('failed') : !good.some((status) => own?.has(status))
    })
  }

  /** A line a module. */
  toString(): string {
    const lines = [...this.#counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([module, counts]) => {
        const ends = [...counts].sort(([, a], [, b]) => b - a).map(([status, count]) => `${count} ${status}`)
        return `${module.padEnd(16)} ${ends.join(', ')}`
      })
    return lines.join('\n')
  }
}
