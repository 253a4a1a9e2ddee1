import { reportFailure } from './failure.ts'
import { program } from './program.ts'

/** Does what the words ask for; the exit code is set when it is done. */
export async function main(words: readonly string[]): Promise<void> {
  // A reader or a terminal that went away must not stop a run halfway; what it would have read is dropped.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    })
  }
  try {
    await program(words).parseAsync(words.length > 0 ? words : ['--help'], { from: 'user' })
  } catch (error) {
    process.exitCode = reportFailure(error, process.stderr)
  }
}
