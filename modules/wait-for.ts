import { createHash } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import { type Decision, defineAction, type Outcome } from '../engine/resource/action.ts'
import { Arg } from '../engine/resource/arguments.ts'
import { type FileRead, type FileState, type RawRead, type RawState, read, textOf } from '../engine/resource/read.ts'
import { Secret } from '../engine/resource/secret.ts'
import type { Value } from '../engine/resource/value.ts'
import { isListening, listeningRead, loopbackOf, parseListeners, parseUnixListeners } from './listening.ts'
import { type Awaited, waitCommand } from './wait-for-command.ts'

const args = Arg.object(
  {
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: 'TCP port that takes connections.' })),
    host: Type.Optional(
      Type.String({
        pattern: '^[^\\s-]\\S*$',
        description: 'Where the port is, as the host sees it; 127.0.0.1 when left out.',
      }),
    ),
    path: Type.Optional(Arg.path({ description: 'Path that exists.' })),
    socket: Type.Optional(Arg.path({ description: 'Unix socket that takes connections.' })),
    state: Type.Optional(
      Arg.choice(['present', 'started', 'absent', 'stopped'], {
        description: 'Whether it is to be there (present, started) or not (absent, stopped); present by default.',
      }),
    ),
    send: Type.Optional(Arg.text({ description: 'What to say once connected.' })),
    expect: Type.Optional(
      Arg.regexp({
        description:
          'Expression that what is said, or what the file holds, must match; ^ and $ stand for ends of lines.',
      }),
    ),
    timeout: Type.Optional(Type.Integer({ minimum: 1, description: 'Seconds to wait at most; 60 when left out.' })),
  },
  {
    allOf: [
      Arg.rule('takes one of `port`, `path` and `socket`', {
        oneOf: [{ required: ['port'] }, { required: ['path'] }, { required: ['socket'] }],
      }),
      Arg.rule('takes `host` with a `port` only', {
        anyOf: [{ required: ['port'] }, { not: { required: ['host'] } }],
      }),
      Arg.rule('takes `send` with a `port` or a `socket`', { not: { required: ['path', 'send'] } }),
    ],
  },
)

type Want = Static<typeof args>

// A type, not an interface: only then is it a record of reads.
type WaitReads = { path?: FileRead; sockets?: FileRead; ports?: RawRead; once?: RawRead }

/** Waits on the host until something is there, or is gone. */
export const waitFor = defineAction({
  name: 'wait-for',
  summary:
    'Waits until a port or socket takes connections and says what is expected, or a path exists; or until it is gone.',
  args,
  examples: [
    `- wait-for: { port: 22, expect: "^SSH-2\\\\.0-" }
- wait-for: { port: 22, host: "::1" }
- wait-for: { port: 9, state: stopped }
- wait-for: { path: /etc/hostname, expect: '\\S' }
- wait-for: { path: /etc/no-such-file, state: absent }
- wait-for: { socket: /run/systemd/private, timeout: 5 }
`,
  ],
  looks: true,

  reads(want): WaitReads {
    const { port, host = '127.0.0.1', path, send, expect } = want
    // What is said, and what another host has, only a connection tells; one try, without waiting.
    if (expect !== undefined || send !== undefined || (port !== undefined && loopbackOf(host) === undefined)) {
      const awaited = { ...awaitedBy(want), seconds: 0 }
      const said = JSON.stringify({ ...awaited, send: send instanceof Secret ? send.reveal() : send })
      return {
        once: read.raw(`there:${createHash('sha256').update(said).digest('hex')}`, waitCommand(awaited), {
          anything: true,
        }),
      }
    }
    if (port !== undefined) return { ports: listeningRead }
    return path === undefined ? { sockets: read.file('/proc/net/unix') } : { path: read.status(path) }
  },

  decide(want, have: { path?: FileState; sockets?: FileState; ports?: RawState; once?: RawState }): Decision {
    const isWanted = have.once ? have.once.code === 0 : isThere(want, have) === (awaitedBy(want).wanted === 'present')
    if (!isWanted) return { due: true, what: `waits until ${inWords(want)}` }
    return { due: false, result: have.once ? resultOf(have.once) : { elapsed: 0, match: '', groups: [] } }
  },

  run: (want) => waitCommand(awaitedBy(want)),

  seconds: ({ timeout = 60 }) => timeout + 10,

  conclude(want, outcome) {
    const result = resultOf(outcome)
    if (outcome.code === 0) return { changed: false, result }
    const said = outcome.stderr.toString('utf8').trim().split('\n').at(-1) ?? ''
    if (outcome.code !== 1) return { changed: false, failure: said.replace(/^lockstep: /, ''), result }
    return {
      changed: false,
      failure: `after ${want.timeout ?? 60} s it is not so that ${inWords(want)}`,
      hint: said,
      result,
    }
  },
})

function awaitedBy({
  port = 0,
  host = '127.0.0.1',
  path,
  socket,
  state,
  send = '',
  expect = '',
  timeout = 60,
}: Want): Awaited {
  const wanted = state === 'absent' || state === 'stopped' ? 'absent' : 'present'
  const kind = path === undefined ? (socket === undefined ? 'tcp' : 'socket') : 'path'
  return { kind, at: path ?? socket ?? host, port, wanted, send, expect, seconds: timeout }
}

function isThere(
  { port, host = '127.0.0.1', socket }: Want,
  { path, sockets, ports }: { path?: FileState; sockets?: FileState; ports?: RawState },
): boolean | undefined {
  if (ports && port !== undefined) return isListening(parseListeners(ports), loopbackOf(host) ?? host, port)
  if (sockets && socket !== undefined) return parseUnixListeners(textOf(sockets) ?? '').includes(socket)
  // Where a link leads is not looked at: that is for the command to find out.
  return path?.type === 'link' ? undefined : path?.type !== 'absent'
}

function inWords(want: Want): string {
  const { kind, at, port, wanted } = awaitedBy(want)
  const what = kind === 'tcp' ? `port ${port} of ${at}` : at
  if (want.expect !== undefined) {
    const verb = kind === 'path' ? 'holds' : 'says'
    return `${what} ${wanted === 'present' ? verb : `no longer ${verb}`} ${want.expect}`
  }
  if (kind === 'path') return `${what} ${wanted === 'present' ? 'exists' : 'is gone'}`
  return `${what} ${wanted === 'present' ? 'takes connections' : 'takes no connections'}`
}

function resultOf({ stdout }: Pick<Outcome, 'stdout'>): Readonly<Record<string, Value>> {
  const [elapsed = '0', match = '', ...groups] = stdout.toString('latin1').trimEnd().split('\n')
  const text = (hex: string) => Buffer.from(hex, 'hex').toString('utf8')
  return { elapsed: Number(elapsed) || 0, match: text(match), groups: groups.map(text) }
}
