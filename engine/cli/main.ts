#!/usr/bin/env node
import { reportFailure } from './failure.ts'
import { program } from './program.ts'

// A reader or a terminal that went away must not stop a run halfway; what it would have read is dropped.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
}

try {
  const words = process.argv.slice(2)
  await program().parseAsync(words.length > 0 ? words : ['--help'], { from: 'user' })
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr)
}
