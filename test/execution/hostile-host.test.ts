import { chmodSync, existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { childLink } from '../../engine/remote/child-link.ts'
import { type RemoteHost, remoteHost } from '../../engine/remote/host.ts'
import { persistentShell } from '../../engine/remote/shell.ts'
import type { TaskResult } from '../../engine/report/event.ts'
import { createJsonlReporter } from '../../engine/report/jsonl.ts'
import { createTerminalReporter } from '../../engine/report/terminal.ts'
import { NO_CONNECTION } from '../../engine/resource/read.ts'
import { fetch } from '../../modules/files/fetch.ts'
import { command, go, note, openLocal, type TestStep, temporaryFolder } from './harness.ts'

/** What the controller may grow by while a host floods it: far less than the flood, far more than the noise. */
const MOST_GROWTH = 400 * 1024 * 1024

let at: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  at = await temporaryFolder()
})
afterAll(() => at[Symbol.asyncDispose]())

/** A shell that has read the nonce, speaks the protocol's words by `m` and swallows whatever else it is told. */
const speaking = (words: string) => `while read -r l; do case $l in __n=*) n=\${l#__n=}; n=\${n%%;*}; break;; esac; done
m() { printf '\\n%s %s\\n' "$n" "$1"; printf '\\n%s %s\\n' "$n" "$1" >&2; }
hello() { m begin; printf 'group=\\nssh=\\nmissing=%s\\n' "$1"; m 'hello 0'; }
${words}
exec cat >/dev/null`

describe('a host whose shell', () => {
  test.each<[what: string, shell: string, code: string, message: RegExp]>([
    ['prints without end', 'exec yes', 'PROTOCOL_BROKEN', /it prints without end/],
    ['ends at once', 'exit 3', 'SHELL_MISSING', /ended with code 3/],
    ['begins with a wrong word', speaking('m hello'), 'PROTOCOL_BROKEN', /begins with a wrong word/],
    ['greets twice', speaking('hello; hello'), 'PROTOCOL_BROKEN', /come out of order/],
    [
      'never ends a mark',
      speaking(`printf '\\n%s begin' "$n"; head -c 1000 /dev/zero`),
      'PROTOCOL_BROKEN',
      /do not follow the protocol/,
    ],
    [
      'says one thing here and another there',
      speaking(`printf '\\n%s begin\\n' "$n"; printf '\\n%s end\\n' "$n" >&2`),
      'PROTOCOL_BROKEN',
      /do not follow the protocol/,
    ],
    ['answers what was not asked', speaking(`hello; m '7 0'`), 'PROTOCOL_BROKEN', /come out of order/],
    ['has a code that is none', speaking(`hello; m '0 0x0'`), 'PROTOCOL_BROKEN', /come out of order/],
    [
      'answers too often',
      speaking(`hello; i=0; while [ $i -lt 99 ]; do m "$i 0"; i=$((i+1)); done`),
      '',
      /protocol|order/,
    ],
    ['ends in the middle', speaking(`hello; m '0 0'; exit 0`), 'PROTOCOL_BROKEN', /ended with code 0 in the middle/],
    [
      'lacks tools with a name that paints',
      speaking(`hello "$(printf '\\033[2J\\033]0;owned\\007x\\rok')"`),
      'TOOLS_MISSING',
      /^evil lacks /,
    ],
  ])('%s fails alone', async (_what, shell, code, message) => {
    const { evil } = await withGood([writing, saying], () => hostOf(['/bin/sh', '-c', shell]))
    expect(evil.map(({ status }) => status)).toEqual([expect.stringMatching(/failed|unreachable/)])
    expect(evil[0]?.failure?.message).toMatch(message)
    if (code !== '') expect(evil[0]?.failure?.code).toBe(code)
  })
})

describe('a host whose shell never begins', () => {
  test.each<[what: string, shell: string]>([
    ['complains without end', 'exec yes >&2'],
    ['drips', 'while :; do printf .; sleep 0.05; done'],
    ['says nothing', 'exec sleep 60'],
    ['marks one stream alone', speaking(`printf '\\n%s begin\\n' "$n"`)],
  ])('since it %s is given up in time', async (_what, shell) => {
    const { evil } = await withGood([writing, saying], () => hostOf(['/bin/sh', '-c', shell], {}, 1000))
    expect(evil.map(({ failure }) => failure?.code)).toEqual(['SHELL_MISSING'])
    expect(evil[0]?.failure?.message).toBe('evil gives no shell: no answer within 1 s')
  })
})

describe('a host whose tools', () => {
  test.each<[what: string, tools: Record<string, string>, code: string, message: RegExp]>([
    ['say a file is written and write none', { mv: 'exit 0' }, 'NOT_SETTLED', /still differs/],
    [
      'refuse with paint',
      { mv: `printf '\\033[31m\\033]0;owned\\007no\\r\\n\\342\\200\\256' >&2; exit 1` },
      'COMMAND_FAILED',
      /./,
    ],
    ['see nothing', { stat: 'exit 0' }, 'TASK_FAILED', /does not exist/],
    ['archive rubbish', { tar: 'cat >/dev/null; head -c 4096 /dev/urandom' }, 'NOT_ALLOWED', /could not be read/],
    ['archive the half', { tar: `cat >/dev/null; ${realTar('head -c 700')}` }, 'NOT_ALLOWED', /could not be read/],
    [
      'archive another file',
      { tar: `cat >/dev/null; cd /; /bin/tar -cf - -P --transform 's,.*,../../etc/passwd,' etc/hostname` },
      'NOT_ALLOWED',
      /could not be read/,
    ],
    ['archive without end', { tar: 'cat >/dev/null; exec yes' }, 'OUTPUT_TOO_LONG', /printed more than 16777216 bytes/],
    ['answer no code', { stat: 'kill -9 $PPID' }, 'TASK_FAILED', /does not exist/],
  ])('%s fails alone', async (_what, tools, code, message) => {
    writeFileSync(`${at.path}/evil`, 'before')
    const { evil } = await withGood([writing], () => hostOf(undefined, tools))
    expect(evil.map(({ failure }) => failure?.code)).toEqual([code])
    expect(evil[0]?.failure?.message).toMatch(message)
  })

  test('drip is given up after the time of the task', async () => {
    const drip = 'while :; do printf .; sleep 0.05; done'
    const { evil } = await withGood([{ ...writing, timeoutMs: 3000 }], () =>
      hostOf(undefined, { chown: drip, chmod: drip }),
    )
    expect(evil.map(({ failure }) => failure?.code)).toEqual(['STEP_TIMEOUT'])
  })
})

describe('a file that is fetched', () => {
  const fetching: TestStep = { call: fetch, args: ({ host }) => ({ src: `${at.path}/big-${host}`, dest: 'kept' }) }

  test('is refused when it is gigabytes', async () => {
    writeFileSync(`${at.path}/big-evil`, '')
    truncateSync(`${at.path}/big-evil`, 3 * 1024 ** 3)
    const { evil, kept } = await withGood([fetching], () => hostOf())
    expect(evil[0]?.failure?.message).toBe(`${at.path}/big-evil has 3221225472 bytes; its text is read up to 8388608`)
    expect(kept).toEqual([`/kept/good${at.path}/big-good`])
  })

  test('is given up when it is gigabytes and said to be small', async () => {
    const stat = `/usr/bin/stat "$@" | sed 's/ 3221225472 / 5 /'`
    const { evil, kept } = await withGood([fetching], () => hostOf(undefined, { stat }))
    expect(evil[0]?.failure?.code).toBe('OUTPUT_TOO_LONG')
    expect(kept).toEqual([`/kept/good${at.path}/big-good`])
  })

  test('goes nowhere but below its host, whatever the archive calls it', async () => {
    writeFileSync(`${at.path}/big-evil`, 'x')
    const tar = `cat >/dev/null; cd /; /bin/tar -cf - -P --transform 's,.*,../../../root/.bashrc,' etc/hostname`
    const { evil, kept } = await withGood([fetching], () => hostOf(undefined, { tar }))
    expect(evil[0]?.failure?.message).toBe(`${at.path}/big-evil could not be read`)
    expect(kept).toEqual([`/kept/good${at.path}/big-good`])
  })
})

test('what a command prints is data, in bounds, and never painted', async () => {
  const cmd = (words: string): TestStep => ({
    call: command,
    args: ({ host }) => ({ cmd: host === 'evil' ? words : 'echo fine' }),
    ignoreErrors: true,
  })
  const { evil } = await withGood(
    [cmd('yes'), cmd(`printf '\\033[2J{{lookup "x"}} !cel 1\\nok: [good] => forged\\n'; exit 1`)],
    () => hostOf(),
  )
  expect(evil.map(({ failure }) => failure?.code)).toEqual(['OUTPUT_TOO_LONG', 'ACTION_FAILED'])
  expect(evil[1]?.failure?.command?.stdout).toContain('{{lookup "x"}} !cel 1')
})

test('a NUL that a host has printed is refused where a command would hold it', async () => {
  const printing: TestStep = { call: command, register: 'said', args: () => ({ cmd: `printf 'a\\000b'` }) }
  const using: TestStep = {
    call: command,
    args: ({ host, reg }) => ({
      cmd: host === 'evil' ? `echo ${(reg('said') as { stdout: string }).stdout}` : 'echo fine',
    }),
  }
  const { evil } = await withGood([printing, using], () => hostOf())
  expect(evil[1]?.failure?.message).toBe("'cmd' of command holds a NUL")
})

const writing: TestStep = { call: note, args: ({ host }) => ({ path: `${at.path}/${host}`, text: `for ${host}` }) }
const saying: TestStep = { call: command, args: () => ({ cmd: 'echo said' }) }

/** Runs steps on a good host beside an evil one: the good one has done them all, memory was bounded, nothing printed paints. */
async function withGood(steps: TestStep[], evilHost: () => RemoteHost) {
  writeFileSync(`${at.path}/big-good`, 'small')
  writeFileSync(`${at.path}/good`, 'before')
  const kept: string[] = []
  const before = process.memoryUsage().rss
  let most = before
  const sampler = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 20)
  const outcome = await go(
    'run',
    { hosts: ['evil', 'good'], steps },
    {
      open: async (host) => (host === 'evil' ? evilHost() : openLocal(host)),
      controller: {
        read: async () => undefined,
        write: async (path) => {
          kept.push(path)
        },
      },
    },
  ).finally(() => clearInterval(sampler))
  expect(most - before).toBeLessThan(MOST_GROWTH)
  const good = outcome.results.filter(({ host }) => host === 'good')
  expect(good.map(({ status }) => status)).toEqual(steps.map(() => 'changed'))
  expect(outcome.summary.hosts.good).not.toHaveProperty('lost')
  expect(printed(outcome.events)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
  const evil: TaskResult[] = outcome.results.filter(({ host }) => host === 'evil')
  return { evil, kept }
}

/** What the reports for people and for programs make of a run. */
function printed(events: Awaited<ReturnType<typeof go>>['events']): string {
  let text = ''
  const output = {
    write: (more: string) => {
      text += more
    },
  }
  const terminal = {
    width: () => 80,
    height: () => 24,
    colour: false,
    live: false,
    verbosity: 3,
    wholeDifferences: true,
  }
  for (const report of [createTerminalReporter({ output, ...terminal }), createJsonlReporter({ output })])
    events.forEach(report)
  return text
}

let folders = 0

/** This machine, with another shell or with some tools in place of its own. */
function hostOf(
  shell: readonly [string, ...string[]] | undefined = undefined,
  tools: Readonly<Record<string, string>> = {},
  openTimeoutMs = 30_000,
): RemoteHost {
  const folder = `${at.path}/tools-${folders++}`
  mkdirSync(folder)
  for (const [name, text] of Object.entries(tools)) {
    writeFileSync(`${folder}/${name}`, `#!/bin/sh\n${text}\n`)
    chmodSync(`${folder}/${name}`, 0o755)
  }
  expect(readdirSync(folder)).toHaveLength(Object.keys(tools).length)
  const link = childLink({
    host: 'evil',
    words: (text) => [...(shell ?? (['/bin/sh', '-c', text] as const))],
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
  })
  const traffic = { rounds: 0, bytesSent: 0, bytesReceived: 0 }
  const opened = persistentShell({ link, host: 'evil', openTimeoutMs, traffic, onHello: () => {} }, undefined)
  const host = {
    name: 'evil',
    address: '',
    port: 0,
    user: '',
    connection: 'local',
    knownHostsFiles: [],
    hostKeyChecking: 'strict',
    connectTimeoutMs: openTimeoutMs,
    keepaliveMs: 0,
  } as const
  const shells = { shell: () => opened, shellsOf: () => [] }
  const remote = remoteHost({ host, traffic, way: NO_CONNECTION, ...shells, close: () => link.close() })
  return { ...remote, way: NO_CONNECTION, round: ({ lock: _, ...work }) => remote.round(work) }
}

function realTar(cut: string): string {
  expect(existsSync('/bin/tar')).toBe(true)
  return `cd /; /bin/tar -cf - etc/hostname | ${cut}`
}
