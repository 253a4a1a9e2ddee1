import { type Static, Type } from '@sinclair/typebox'
import { RE2JS } from 're2js'
import { defineAction } from '../engine/resource/action.ts'
import { Arg } from '../engine/resource/arguments.ts'
import type { Secret } from '../engine/resource/secret.ts'
import { type Answer, curl, parseAnswer } from './curl.ts'

const args = Arg.object(
  {
    url: Arg.text({ pattern: '^https?://\\S+$', description: 'What to ask for, with http:// or https://.' }),
    method: Type.Optional(
      Arg.choice(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'], {
        description: 'GET when left out. With GET and HEAD it only looks, so check mode asks too.',
      }),
    ),
    headers: Type.Optional(
      Type.Record(Type.String({ pattern: "^[\\w!#$%&'*+.^`|~-]+$" }), Arg.text({}), {
        description: 'Header lines by name, as in X-Consul-Token; no process list shows them.',
      }),
    ),
    body: Type.Optional(Arg.text({ description: 'What to send.' })),
    json: Type.Optional(Arg.value({ description: 'What to send as JSON, with the content type application/json.' })),
    status: Type.Optional(
      Type.Union([Type.Integer(), Type.Array(Type.Integer(), { minItems: 1 })], {
        description: 'Status codes that are fine; 200 when left out.',
      }),
    ),
    expect: Type.Optional(Arg.regexp({ description: 'Expression that the body must match.' })),
    timeout: Type.Optional(Type.Integer({ minimum: 1, description: 'Seconds that it may take; 30 when left out.' })),
    follow_redirects: Type.Optional(Type.Boolean({ description: 'Whether to go where it sends us.' })),
    validate_certs: Type.Optional(
      Type.Boolean({ description: 'Whether the certificate must be trusted; true when left out.' }),
    ),
    ca_path: Type.Optional(Arg.path({ description: 'File on the host with the certificates that are trusted.' })),
    client_cert: Type.Optional(Arg.path({ description: 'File on the host with the certificate to show.' })),
    client_key: Type.Optional(Arg.path({ description: 'File on the host with its key.' })),
    unix_socket: Type.Optional(Arg.path({ description: 'Unix socket to ask through.' })),
  },
  { allOf: [Arg.rule('takes `body` or `json`, not both', { not: { required: ['body', 'json'] } })] },
)

export type HttpWishes = Static<typeof args>

/** A request by the host's own curl. */
export const http = defineAction({
  name: 'http',
  summary: 'A request over HTTP, made on the host by curl; with GET and HEAD it only looks.',
  args,
  examples: [
    `- systemd:
    name: lockstep-web
    content: |
      [Service]
      ExecStart=/usr/bin/busybox httpd -f -p 127.0.0.1:8980 -h /usr/share/common-licenses
    state: started
- wait-for: { port: 8980, timeout: 10 }
- http: { url: "http://127.0.0.1:8980/GPL-3", expect: "GNU GENERAL PUBLIC LICENSE", timeout: 5 }
  register: licence
- http:
    url: http://127.0.0.1:8980/none
    headers: { X-Token: example }
    status: [200, 404]
`,
  ],

  decide({ url, method = 'GET', headers = {} }) {
    if (Object.values(headers).some((value) => /[\r\n\0]/.test(plain(value)))) {
      return { due: false, failure: 'a header has a line break in its value' }
    }
    const what = `${method} ${url}`
    return method === 'GET' || method === 'HEAD' ? { due: true, what, looks: true } : { due: true, what }
  },

  run: curl,

  terse: true,

  seconds: ({ timeout = 30 }) => timeout + 5,

  conclude(want, { code, stdout, stderr }) {
    const { url, method = 'GET' } = want
    const changed = method !== 'GET' && method !== 'HEAD'
    const answer = parseAnswer(stdout)
    if (code !== 0 || !answer) {
      const said = stderr.toString('utf8').trim().split('\n').at(-1) ?? ''
      const hint = code === 127 ? { hint: 'install the package curl' } : {}
      const result = { status: 0, headers: {}, body: '', json: null }
      return { changed, failure: `${method} ${url}: ${said || `curl ended with exit code ${code}`}`, result, ...hint }
    }
    const failure = complaint(want, answer)
    const { status, headers, body, json } = answer
    return { changed, result: { status, headers, body, json }, ...(failure ? { failure, hint: beginning(body) } : {}) }
  },
})

function complaint({ url, method = 'GET', status = 200, expect }: HttpWishes, answer: Answer): string | undefined {
  const fine = [status].flat()
  if (!fine.includes(answer.status)) return `${method} ${url} answered ${answer.status}, not ${fine.join(' or ')}`
  if (expect === undefined || RE2JS.compile(expect, RE2JS.MULTILINE).matcher(answer.body).find()) return undefined
  return `${method} ${url} answered ${answer.status} with a body that does not match ${expect}`
}

function beginning(body: string): string {
  if (body === '') return 'the answer has no body'
  return `the answer begins with: ${body.length > 200 ? `${body.slice(0, 200)}…` : body.trimEnd()}`
}

function plain(text: string | Secret): string {
  return typeof text === 'string' ? text : text.reveal()
}
