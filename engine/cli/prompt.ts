import { openSync } from 'node:fs'
import { ReadStream, WriteStream } from 'node:tty'
import { Problem } from '../problem.ts'
import { Secret } from '../resource/secret.ts'
import { keepSecret } from './process-secrets.ts'

/** Asks on the terminal without showing what is typed, wherever stdin and stdout go; Ctrl-C gives up. */
export async function askSecret(question: string): Promise<Secret> {
  const { input, output } = openTerminal(question)
  output.write(`${question}: `)
  input.setRawMode(true)
  try {
    return keepSecret(new Secret(await readLine(input)))
  } finally {
    input.setRawMode(false)
    output.write('\n')
    input.destroy()
    output.destroy()
  }
}

/** Asks once, when first needed; all who ask later get the same answer. */
export function askedOnce(question: string): () => Promise<Secret> {
  let answer: Promise<Secret> | undefined
  return () => {
    answer ??= askSecret(question)
    return answer
  }
}

function openTerminal(question: string): { input: ReadStream; output: WriteStream } {
  try {
    return { input: new ReadStream(openSync('/dev/tty', 'r')), output: new WriteStream(openSync('/dev/tty', 'w')) }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    throw new Problem({
      code: 'NO_TERMINAL',
      message: `there is no terminal to ask for: ${question}`,
      hint: 'run it from a terminal, or use keys in place of passwords',
    })
  }
}

async function readLine(input: ReadStream): Promise<string> {
  let typed: string[] = []
  input.setEncoding('utf8')
  for await (const chunk of input) {
    for (const character of chunk as string) {
      if (character === '\r' || character === '\n' || character === '\u0004') return typed.join('')
      if (character === '\u0003') throw new Problem({ code: 'GIVEN_UP', message: 'no password was given' })
      if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1)
      else if (character === '\u0015') typed = []
      else typed.push(character)
    }
  }
  return typed.join('')
}
