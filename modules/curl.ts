import { type Command, sh } from '../engine/resource/command.ts'
import { Secret } from '../engine/resource/secret.ts'
import type { Value } from '../engine/resource/value.ts'
import type { HttpWishes } from './http.ts'

/** By which our own lines are told from what a server says. */
const MARK = 'lockstep-http'

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
  config.flag('include')
  config.add('write-out', `\n${MARK} %{http_code} %{size_header}`)
  config.request(want)
  const sent = bodyOf(want)
  if (sent === undefined) return sh.input(sh`exec curl -q -K -`, config.text())
  config.add('data-binary', '@/dev/fd/4')
  return sh.input(sh`exec 4<&0; ${sh.input(sh`exec curl -q -K -`, config.text())}`, sent)
}

/**
 * Several requests one after the other by one curl, bodies and all on its standard input; with `stopsEarly` none follows
 * one that gets no answer. `parseAnswers` reads what it prints.
 */
export function curlEach(wants: readonly EachWishes[], { stopsEarly }: { stopsEarly: boolean }): Command {
  const config = new Configuration()
  if (stopsEarly) config.flag('fail-early')
  wants.forEach((want, index) => {
    if (index > 0) config.flag('next')
    config.add('write-out', `\n${MARK} %{http_code} %{size_download}\n`)
    config.request(want)
    if (want.fails) config.flag('fail')
    const sent = bodyOf(want)
    if (sent !== undefined) config.add('data-raw', sent)
  })
  return sh.input(sh`exec curl -q -K -`, config.text())
}

/** A request whose body becomes a file of the host; prints the status alone. */
export function curlInto(want: HttpWishes, path: string): Command {
  const config = new Configuration()
  config.add('output', path)
  config.add('write-out', '%{http_code}')
  config.request(want)
  return sh.input(sh`exec curl -q -K -`, config.text())
}

/** One of several requests; with `fails` a status of 400 and more is as no answer, and its body is left out. */
export type EachWishes = HttpWishes & { fails?: boolean }

/** What `curlEach` prints of one answer. */
export function printedAnswer(status: number, body: string): Buffer {
  return Buffer.from(`${body}\n${MARK} ${status} ${Buffer.byteLength(body)}\n`)
}

/** In a shell: whether the last answer that `curlEach` has printed into `$a` has the status. */
export function isAnsweredWith(status: 200 | 403): Command {
  return sh`[ "$(printf '%s\\n' "$a" | sed -n ${`$s/^${MARK} \\([0-9]*\\) [0-9]*$/\\1/p`})" = ${status} ]`
}

/** One of several answers: its body, and the status; 0 when there was none. */
export interface ShortAnswer {
  status: number
  body: string
}

/**
 * The answers that `curlEach` has printed up to `end`, and where the first of them begins. It reads backwards, by the sizes
 * that curl has counted, so that no body can look like another answer.
 */
export function parseAnswers(output: Buffer, end = output.length): { answers: ShortAnswer[]; begin: number } {
  const answers: ShortAnswer[] = []
  let at = end
  for (;;) {
    const tail = output.toString('latin1', Math.max(0, at - MARK.length - 40), at)
    const [line = '', status, size] = TRAILER.exec(tail) ?? []
    const begin = at - line.length - Number(size)
    if (line === '' || begin < 0) return { answers, begin: at }
    answers.unshift({ status: Number(status), body: output.toString('utf8', begin, at - line.length) })
    at = begin
  }
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

const TRAILER = new RegExp(`\\n${MARK} (\\d+) (\\d+)\\n$`)

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

  /** What to ask for and how, all but the body. */
  request(want: HttpWishes): void {
    const { method = 'GET', body, json, headers = {}, timeout = 30 } = want
    this.add('url', want.url)
    for (const flag of ['silent', 'show-error', 'globoff']) this.flag(flag)
    this.add('max-time', String(timeout))
    this.add('proto', '=http,https')
    if (method === 'HEAD') this.flag('head')
    else this.add('request', method)
    if (want.follow_redirects) this.flag('location')
    if (want.validate_certs === false) this.flag('insecure')
    for (const [option, value] of [
      ['cacert', want.ca_path],
      ['cert', want.client_cert],
      ['key', want.client_key],
      ['unix-socket', want.unix_socket],
    ] as const) {
      if (value !== undefined) this.add(option, value)
    }
    // Neither what curl says of itself for every body, nor its wait for a "100 Continue" that few servers send.
    if (!hasHeader(headers, 'expect')) this.add('header', 'Expect:')
    if (!hasHeader(headers, 'content-type')) {
      if (json !== undefined) this.add('header', 'Content-Type: application/json')
      else if (body !== undefined) this.add('header', 'Content-Type: text/plain')
    }
    for (const [name, value] of Object.entries(headers)) this.add('header', value, `${name}: `)
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

function bodyOf({ body, json }: HttpWishes): string | Secret | undefined {
  return json === undefined ? body : jsonText(json)
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
