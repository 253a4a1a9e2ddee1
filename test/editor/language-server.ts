import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)

/** Settings that docs/editors.md tells people to make. */
export const settings = {
  yaml: {
    validate: true,
    hover: true,
    completion: true,
    schemaStore: { enable: false },
    customTags: ['!cel scalar:null', '!vault scalar:null'],
  },
}

export interface Mark {
  /** From 1. */
  line: number
  message: string
  /** What is underlined. */
  text: string
}

interface Position {
  line: number
  character: number
}

interface Message {
  id?: number
  method?: string
  params?: unknown
  result?: unknown
  error?: { message: string }
}

/** The YAML language server that editors run, spoken to as an editor does: the Language Server Protocol on stdin and stdout. */
export class LanguageServer {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers = new Map<number, (message: Message) => void>()
  readonly #marked = new Map<string, (marks: readonly unknown[]) => void>()
  #received: Buffer = Buffer.alloc(0)
  #lastId = 0

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk))
  }

  static async start(): Promise<LanguageServer> {
    const main = require.resolve('yaml-language-server/bin/yaml-language-server')
    const server = new LanguageServer(spawn(process.execPath, [main, '--stdio']))
    await server.#ask('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {
        textDocument: { publishDiagnostics: {}, completion: {}, hover: {} },
        workspace: { configuration: true },
      },
    })
    server.#send({ method: 'initialized', params: {} })
    return server
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    await this.#ask('shutdown', undefined)
    this.#send({ method: 'exit' })
    await ended
  }

  /** Opens a file, with another text than it has if so wished, and gives what is marked in it. */
  async open(path: string, text = readFileSync(path, 'utf8')): Promise<Mark[]> {
    const uri = pathToFileURL(path).href
    const marks = new Promise<readonly unknown[]>((resolve) => this.#marked.set(uri, resolve))
    this.#send({
      method: 'textDocument/didOpen',
      params: { textDocument: { uri, languageId: 'yaml', version: 1, text } },
    })
    const found = (await marks) as { range: { start: Position; end: Position }; message: string }[]
    const lines = text.split('\n')
    return found.map(({ range, message }) => ({
      line: range.start.line + 1,
      message,
      text: (lines[range.start.line] ?? '').slice(
        range.start.character,
        range.end.line === range.start.line ? range.end.character : undefined,
      ),
    }))
  }

  /** What is offered at a place of an open file. */
  async complete(path: string, position: Position): Promise<{ label: string; about: string }[]> {
    const answer = (await this.#ask('textDocument/completion', at(path, position))) as {
      items: { label: string; documentation?: string | { value: string } }[]
    }
    return answer.items.map(({ label, documentation }) => ({
      label,
      about: typeof documentation === 'string' ? documentation : (documentation?.value ?? ''),
    }))
  }

  /** The words that appear when a mouse rests on a place of an open file. */
  async hover(path: string, position: Position): Promise<string> {
    const answer = (await this.#ask('textDocument/hover', at(path, position))) as { contents: { value: string } } | null
    return answer?.contents.value ?? ''
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)))
      this.#send({ id, method, params })
    })
  }

  #send(message: Message): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
    this.#child.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]))
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n')
      const length = Number(/Content-Length: (\d+)/i.exec(this.#received.toString('latin1', 0, Math.max(0, end)))?.[1])
      if (end < 0 || this.#received.length < end + 4 + length) return
      const body = this.#received.toString('utf8', end + 4, end + 4 + length)
      this.#received = this.#received.subarray(end + 4 + length)
      this.#take(JSON.parse(body) as Message)
    }
  }

  #take({ id, method, params, ...rest }: Message): void {
    if (id !== undefined && method === undefined) {
      this.#answers.get(id)?.(rest)
      this.#answers.delete(id)
    } else if (method === 'workspace/configuration' && id !== undefined) {
      const { items } = params as { items: { section: keyof typeof settings }[] }
      this.#send({ id, result: items.map(({ section }) => settings[section] ?? {}) })
    } else if (id !== undefined) this.#send({ id, result: null })
    else if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: readonly unknown[] }
      this.#marked.get(uri)?.(diagnostics)
    }
  }
}

function at(path: string, position: Position): object {
  return { textDocument: { uri: pathToFileURL(path).href }, position }
}
