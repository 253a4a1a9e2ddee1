import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { Problem } from '../engine/problem.ts'

export interface CommandResult {
  code: number
  stdout: Buffer
  stderr: Buffer
}

export interface CommandOptions {
  input?: string | Buffer | undefined
  env?: NodeJS.ProcessEnv | undefined
}

/** Runs a program of this machine to its end; a signal counts as 128 and its number, as in a shell. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...words] = argv
  if (program === undefined) throw new Error('runCommand needs a program')
  const child = spawn(program, words, { env: options.env ?? process.env })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A program may end without reading its input; its exit code tells more than our broken pipe.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code: code ?? 128 + signalNumber(signal), stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
}

/** The same for programs that have to succeed: gives their stdout, or throws LAB_COMMAND with their last words. */
export async function mustRun(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, options)
  if (code === 0) return stdout.toString()
  const words = `${stdout}\n${stderr}`.trim().split('\n').slice(-10).join('\n  ')
  throw new Problem({
    code: 'LAB_COMMAND',
    message: `the lab's command ${argv[0]} ended with exit code ${code}:\n  ${words}`,
    hint: `the whole command was: ${argv.map(oneWord).join(' ')}`,
  })
}

/** For people to read: scripts among the words are cut to their first line. */
function oneWord(word: string): string {
  const [first = '', ...rest] = word.trim().split('\n')
  const short = rest.length > 0 ? `${first} …` : first
  return /^[\w@%+=:,./-]+$/.test(short) ? short : `'${short.replaceAll("'", `'\\''`)}'`
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal]
}
