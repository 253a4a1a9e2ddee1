import { type SchemaOptions, type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value as Shape } from '@sinclair/typebox/value'
import type { Outcome } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Command } from '../../engine/resource/command.ts'
import type { Secret } from '../../engine/resource/secret.ts'
import { curlEach, type EachWishes, type ShortAnswer } from '../curl.ts'
import type { HttpWishes } from '../http.ts'

/** How a member of Consul is reached: by the host's own curl, with the token in a header that no process list shows. */
export const apiArgs = {
  http_addr: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s/?#@]+$',
      description: 'Where the API of the agent on the host is; http://127.0.0.1:8500 by default.',
    }),
  ),
  token: Type.Optional(Arg.secret({ pattern: '^[!-~]*$', description: 'ACL token; an empty one is none.' })),
  ca_path: Type.Optional(
    Arg.path({ description: 'File on the host with the certificates that are trusted, for https.' }),
  ),
  client_cert: Type.Optional(Arg.path({ description: 'File on the host with the certificate to show, for https.' })),
  client_key: Type.Optional(Arg.path({ description: 'File on the host with its key.' })),
  timeout: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 600, description: 'Seconds that one request may take; 10 by default.' }),
  ),
}

/** Two arguments of which none makes sense alone. */
export function together(one: string, other: string): SchemaOptions {
  const none = { not: { anyOf: [{ required: [one] }, { required: [other] }] } }
  return Arg.rule(`takes \`${one}\` and \`${other}\` together`, { anyOf: [{ required: [one, other] }, none] })
}

/** What a task says by these arguments. */
export interface Api {
  http_addr?: string
  token?: Secret
  ca_path?: string
  client_cert?: string
  client_key?: string
  timeout?: number
}

/** One request: a path below /v1/, with its query. */
export interface ApiRequest {
  path: string
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  body?: string
  json?: NonNullable<HttpWishes['json']>
  /** A bad status is no answer: its body is left out. */
  fails?: boolean
}

/** The requests one after the other by one curl; see `curlEach`. */
export function askConsul(api: Api, requests: readonly ApiRequest[], stopsEarly = true): Command {
  return curlEach(
    requests.map((request) => requestOf(api, request)),
    { stopsEarly },
  )
}

/** One request as curl takes it. */
export function requestOf(api: Api, { path, ...request }: ApiRequest): EachWishes {
  const { token, ca_path, client_cert, client_key } = api
  return {
    url: `${addressOf(api)}/v1/${path}`,
    timeout: secondsOf(api),
    ...(token === undefined || token.reveal() === '' ? {} : { headers: { 'X-Consul-Token': token } }),
    ...(ca_path === undefined ? {} : { ca_path }),
    ...(client_cert === undefined ? {} : { client_cert }),
    ...(client_key === undefined ? {} : { client_key }),
    ...request,
  }
}

export function addressOf({ http_addr = 'http://127.0.0.1:8500' }: Api): string {
  return http_addr
}

/** Seconds that one request may take. */
export function secondsOf({ timeout = 10 }: Api): number {
  return timeout
}

/** The answer as JSON of just this shape; undefined when it is anything else. Hosts are not believed: schemas say sizes too. */
export function jsonOf<S extends TSchema>(schema: S, answer: ShortAnswer | undefined): Static<S> | undefined {
  if (answer === undefined || answer.body.length > MOST) return undefined
  try {
    const value: unknown = JSON.parse(answer.body)
    return Shape.Check(schema, value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What came instead of a good answer, in a few words, with the right that the request takes; undefined when it was a good one. */
export function complaintOf(
  answer: ShortAnswer | undefined,
  outcome: Outcome,
  right: string | undefined,
): string | undefined {
  if (answer === undefined || answer.status === 0) {
    if (outcome.code === 127) return 'the host has no curl'
    const said = outcome.stderr.toString('utf8').trim().split('\n').at(-1) ?? ''
    return said === '' ? `curl ended with exit code ${outcome.code}` : shortened(said)
  }
  if (answer.status === 200) return undefined
  if (right !== undefined && isForbidden(answer)) return forbidden(right, answer.status)
  const reason = shortened(reasonIn(answer.body.trim()))
  return reason === '' ? `it answered ${answer.status}` : `it answered ${answer.status}: ${reason}`
}

/** The first line; of a list of errors, each of which has a line below the first, the list. */
function reasonIn(body: string): string {
  const [first = '', ...rest] = body.split('\n')
  if (!/^\d+ errors? occurred:$/.test(first)) return first
  return rest
    .map((line) => line.replace(/^\s*\*?\s*/, ''))
    .filter((line) => line !== '')
    .join('; ')
}

/** What it means that Consul has refused a request, which takes a right of its ACLs. */
export function forbidden(right: string, status = 403): string {
  return `it answered ${status}: that takes a valid token with ${right}`
}

/** Of keyrings it says so with 500, and "Reading keyring denied by ACLs". */
function isForbidden({ status, body }: ShortAnswer): boolean {
  return status === 403 || (status === 500 && body.includes('denied by ACLs'))
}

/** Text of a host for a sentence: one line that is not too long. */
export function shortened(text: string): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

const MOST = 1 << 20
