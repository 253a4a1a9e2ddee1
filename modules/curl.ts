import { type Command, sh } from '../engine/resource/command.ts'
import { Secret } from '../engine/resource/secret.ts'
import type { Value } from '../engine/resource/value.ts'
import type { HttpWishes } from './http.ts'

/** An answer over HTTP; header names in small letters. */
export interface Answer {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
  /** The body when it says that it is JSON and is; null otherwise. */
  json: Value
}

/** A request: curl gets what it is to do on its standard input, and the body from a descriptor, so that no argument tells. */
export function curl(want: HttpWishes): Command {
  const config = new Configuration()
  const { method = 'GET', body, json, headers = {}, timeout = 30 } = want
  config.add('url', want.url)
  for (const flag of ['silent', 'show-error', 'include', 'globoff']) config.flag(flag)
  config.add('write-out', `\n${MARK} %{http_code} %{size_header}`)
  config.add('max-time', String(timeout))
  config.add('proto', '=http,https')
  if (method === 'HEAD') config.flag('head')
  else config.add('request', method)
  if (want.follow_redirects) config.flag('location')
  if (want.validate_certs === false) config.flag('insecure')
  for (const [option, value] of [
    ['cacert', want.ca_path],
    ['cert', want.client_cert],
    ['key', want.client_key],
    ['unix-socket', want.unix_socket],
  ] as const) {
    if (value !== undefined) config.add(option, value)
  }
  // Neither what curl says of itself for every body, nor its wait for a "100 Continue" that few servers send.
  if (!hasHeader(headers, 'expect')) config.add('header', 'Expect:')
  if (!hasHeader(headers, 'content-type')) {
    if (json !== undefined) config.add('header', 'Content-Type: application/json')
    else if (body !== undefined) config.add('header', 'Content-Type: text/plain')
  }
  for (const [name, value] of Object.entries(headers)) config.add('header', value, `${name}: `)
  const sent = json === undefined ? body : jsonText(json)
  if (sent === undefined) return sh.input(sh`exec curl -q -K -`, config.text())
  config.add('data-binary', '@/dev/fd/4')
  return sh.input(sh`exec 4<&0; ${sh.input(sh`exec curl -q -K -`, config.text())}`, sent)
}

/** Reads what curl has printed: headers, body and our own last line. */
export function parseAnswer(output: Buffer): Answer | undefined {
  const at = output.lastIndexOf(`\n${MARK} `)
  const [, status, size] = /^\n\S+ (\d+) (\d+)$/.exec(output.toString('latin1', Math.max(at, 0))) ?? []
  if (at < 0 || status === undefined || size === undefined) return undefined
  // Answers that only lead to the last one (100, 301) have blocks of their own before it.
  const block =
    output
      .toString('latin1', 0, Number(size))
      .trimEnd()
      .split(/\r?\n\r?\n/)
      .at(-1) ?? ''
  const headers: Record<string, string> = Object.create(null)
  for (const line of block.split(/\r?\n/).slice(1)) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*?)\s*$/.exec(line) ?? []
    const key = name.toLowerCase()
    if (key !== '') headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  const body = output.toString('utf8', Number(size), at)
  return { status: Number(status), headers: { ...headers }, body, json: parsed(headers['content-type'] ?? '', body) }
}

const MARK = 'lockstep-http'

/** Options for curl, one a line; see curl(1), --config. */
class Configuration {
  readonly #lines: string[] = []
  #isSecret = false

  flag(option: string): void {
    this.#lines.push(option)
  }

  add(option: string, value: string | Secret, before = ''): void {
    if (value instanceof Secret) this.#isSecret = true
    this.#lines.push(`${option} = "${escaped(before + (value instanceof Secret ? value.reveal() : value))}"`)
  }

  text(): string | Secret {
    const text = `${this.#lines.join('\n')}\n`
    return this.#isSecret ? new Secret(text) : text
  }
}

function escaped(value: string): string {
  return value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
}

function hasHeader(headers: object, name: string): boolean {
  return Object.keys(headers).some((key) => key.toLowerCase() === name)
}

/** JSON with the secrets in it as they are; then the whole is one. */
function jsonText(value: Value): string | Secret {
  let isSecret = false
  const reveal = (part: Value): unknown => {
    if (part instanceof Secret) {
      isSecret = true
      return part.value
    }
    if (Array.isArray(part)) return part.map(reveal)
    if (part === null || typeof part !== 'object') return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, reveal(inner as Value)]))
  }
  const text = JSON.stringify(reveal(value))
  return isSecret ? new Secret(text) : text
}

function parsed(type: string, body: string): Value {
  if (!/\bjson\b/.test(type)) return null
  try {
    return JSON.parse(body) as Value
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
