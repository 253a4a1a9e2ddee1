import type { PlayOptions } from './play.ts'

/** Does something once, when a run tells of a task; hosts have no more rounds until it is done. */
export function meanwhile(
  task: string,
  type: 'task-started' | 'task-finished' | 'task-result',
  work: () => Promise<unknown>,
): Required<Pick<PlayOptions, 'onEvent' | 'around'>> {
  let underWay: Promise<unknown> | undefined
  return {
    onEvent: (event) => {
      if (event.type === type && event.task.name === task) underWay ??= work()
    },
    around: (_, remote) => ({
      ...remote,
      get way() {
        return remote.way
      },
      round: async (asked) => {
        await underWay
        return await remote.round(asked)
      },
    }),
  }
}
