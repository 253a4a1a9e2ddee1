import { setMaxListeners } from 'node:events'
import { exitCodes } from './failure.ts'

/**
 * Runs work that can be told to end. The first Ctrl-C, SIGTERM or SIGHUP lets it finish what is in flight and record the rest;
 * the second stops at once.
 */
export async function interruptible<T>(
  say: (text: string) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  // As many hosts as are worked on at a time listen to it, and Node calls more than ten a leak.
  setMaxListeners(0, controller.signal)
  const onSignal = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      controller.abort()
      say('finishing what is in flight and recording the rest; once more stops at once')
    } else if (signal !== 'SIGHUP') {
      // A terminal that goes away may tell so several times: by itself, and through the processes above.
      process.exit(exitCodes.interrupted)
    }
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
