import type { Command } from '../resource/command.ts'
import type { RawRead, RawState } from '../resource/read.ts'
import type { Look } from './probe.ts'
import type { Step } from './shell.ts'

/** A look of its own, for what no merged look can see. */
export function rawLook(read: RawRead): Look {
  return {
    steps: [stepOf(read.command)],
    async parse([result]) {
      const state: RawState = {
        code: result?.code ?? 127,
        stdout: result?.stdout ?? Buffer.alloc(0),
        stderr: result?.stderr ?? Buffer.alloc(0),
      }
      return new Map([[read.key, { state }]])
    },
  }
}

/** A command as a step; a look that has not ended after a minute will not. */
export function stepOf(command: Command, timeoutMs = 60_000): Step {
  return { script: command.text, timeoutMs }
}
