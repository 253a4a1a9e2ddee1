import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'

/**
 * Runs a program in our place, on our own terminal, and gives its exit code. Node cannot exec, so this process stays and
 * passes on the signals that only it gets; what is typed at a terminal reaches the program without us.
 */
export async function runInPlace(argv: readonly string[], environment = process.env): Promise<number> {
  // Whatever kills this process, also what it cannot pass on, ends the program too.
  const [program = '', ...words] = ['setpriv', '--pdeathsig', 'KILL', ...argv]
  const child = spawn(program, words, { stdio: 'inherit', env: environment })
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  const typed = (signal: NodeJS.Signals) => {
    if (!process.stdin.isTTY) pass(signal)
  }
  process.on('SIGINT', typed).on('SIGQUIT', typed).on('SIGTERM', pass).on('SIGHUP', pass)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  } finally {
    process.off('SIGINT', typed).off('SIGQUIT', typed).off('SIGTERM', pass).off('SIGHUP', pass)
  }
}
