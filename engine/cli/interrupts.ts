import { exitCodes } from './failure.ts'

/**
 * Runs work that can be told to end. The first Ctrl-C or SIGTERM lets it finish what is in flight and record the rest; the
 * second stops at once.
 */
export async function interruptible<T>(
  say: (text: string) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    controller.abort()
    say('finishing what is in flight and recording the rest; once more stops at once')
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}
