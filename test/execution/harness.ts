import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import type { ControllerFiles } from '../../engine/execution/context.ts'
import { type RunOptions, runPlaybook } from '../../engine/execution/run.ts'
import type { Veto } from '../../engine/execution/veto.ts'
import type { Evaluator, LoopItem, Runtime } from '../../engine/language/evaluator.ts'
import type { Callable, Handler, Play, Playbook, Step } from '../../engine/language/playbook.ts'
import { runByPlan } from '../../engine/plan/run-by-plan.ts'
import type { SavedPlan } from '../../engine/plan/saved-plan.ts'
import { type RemoteHost, remoteHost } from '../../engine/remote/host.ts'
import { connect } from '../../engine/remote/session.ts'
import type { Event, Mode, RunSummary, TaskResult } from '../../engine/report/event.ts'
import { type AnyAction, defineAction } from '../../engine/resource/action.ts'
import type { Change } from '../../engine/resource/change.ts'
import { sh } from '../../engine/resource/command.ts'
import { type AnyModule, defineModule, TaskFailure } from '../../engine/resource/module.ts'
import { ABSENT, fileOf, predict, predictSome, read, textOf } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import type { Value } from '../../engine/resource/value.ts'

type Names = { host: string; item?: Value; reg: (name: string, host?: string) => Value | undefined }

/** A step as the tests write it: arguments and conditions are functions. */
export interface TestStep extends Partial<Omit<Step, 'call' | 'when' | 'loop' | 'until' | 'changedWhen'>> {
  call: AnyModule | AnyAction | 'flush_handlers' | 'end_host' | 'end_play'
  args?: (names: Names) => object | Unknown
  when?: (names: Names) => boolean | Unknown
  items?: (names: Names) => readonly Value[] | Unknown
  delegate?: (names: Names) => string
}

/** A file with a text; its folder must be there. */
export const note = defineModule({
  name: 'note',
  summary: 'A text in a file.',
  args: Type.Object({ path: Type.String(), text: Type.String(), secretly: Type.Optional(Type.Boolean()) }),
  examples: [],
  touches: 'reads',
  resource: ({ path }) => `file:${path}`,
  reads: ({ path }) => ({ file: read.file(path), folder: read.status(path.slice(0, path.lastIndexOf('/'))) }),
  plan(want, { file, folder }) {
    if (folder.type !== 'directory') throw new TaskFailure(`the folder of ${want.path} does not exist`)
    const have = textOf(file)
    const changes: Change<'write', string>[] =
      have === want.text ? [] : [{ kind: 'write', what: want.path, from: have, to: want.text }]
    return {
      changes,
      after: [predict(read.file(want.path), { ...fileOf(want.text, { mode: 0o644 }), ...owner })],
      result: { text: want.text },
    }
  },
  apply: { write: ({ what, to }) => sh.write(what, to ?? '', { mode: 0o644 }) },
})

/** A line at the end of a file, so that tasks and items build on one another. */
export const lineAtEnd = defineModule({
  name: 'line-at-end',
  summary: 'A line at the end of a file.',
  args: Type.Object({ path: Type.String(), line: Type.String() }),
  examples: [],
  touches: 'reads',
  resource: ({ path }) => `file:${path}`,
  reads: ({ path }) => ({ file: read.file(path) }),
  plan(want, { file }) {
    const have = textOf(file)
    if (have === undefined) throw new TaskFailure(`${want.path} does not exist`)
    const to = have.split('\n').includes(want.line) ? have : `${have}${want.line}\n`
    const changes: Change<'write', string>[] = to === have ? [] : [{ kind: 'write', what: want.path, from: have, to }]
    return { changes, after: [predict(read.file(want.path), { ...file, content: Buffer.from(to), size: to.length })] }
  },
  apply: { write: ({ what, to }) => sh.write(what, to ?? '') },
})

export const folder = defineModule({
  name: 'folder',
  summary: 'A folder.',
  args: Type.Object({ path: Type.String(), absent: Type.Optional(Type.Boolean()) }),
  examples: [],
  touches: 'reads',
  resource: ({ path }) => `file:${path}`,
  reads: ({ path }) => ({ folder: read.status(path) }),
  plan(want, have) {
    const wanted = want.absent ? 'absent' : 'directory'
    const changes: Change<'make' | 'remove', string>[] =
      have.folder.type === wanted
        ? []
        : [{ kind: want.absent ? 'remove' : 'make', what: want.path, from: have.folder.type, to: wanted }]
    const state = want.absent ? ABSENT : { type: 'directory' as const, mode: 0o755, size: 0, ...owner }
    return { changes, after: [predict(read.status(want.path), state)] }
  },
  apply: { make: ({ what }) => sh`mkdir ${what}`, remove: ({ what }) => sh`rm -rf -- ${what}` },
})

/** A token that only the run can make. */
export const token = defineModule({
  name: 'token',
  summary: 'A random token in a file.',
  args: Type.Object({ path: Type.String() }),
  examples: [],
  touches: 'reads',
  resource: ({ path }) => `file:${path}`,
  reads: ({ path }) => ({ file: read.file(path) }),
  plan(want, { file }) {
    const have = textOf(file)
    if (have !== undefined) return { changes: [], result: { token: have.trim() } }
    const unknown = new Unknown(`the token ${want.path}, which does not exist yet`)
    return {
      changes: [{ kind: 'make', what: want.path, from: undefined, to: unknown }],
      after: [predict(read.file(want.path), unknown)],
      result: { token: unknown },
    }
  },
  apply: { make: ({ what }) => sh`tr -dc a-f0-9 </dev/urandom | head -c 16 >${what}` },
})

/** An account, which is never really made. */
export const account = defineModule({
  name: 'account',
  summary: 'An account.',
  args: Type.Object({ name: Type.String() }),
  examples: [],
  resource: ({ name }) => `account:${name}`,
  reads: ({ name }) => ({ account: read.account(name) }),
  plan: ({ name }, have) => ({
    changes: have.account.present ? [] : [{ kind: 'create' as const, what: name, from: undefined, to: 'present' }],
    after: [predictSome(read.account(name), { present: true })],
  }),
  apply: { create: () => sh`false` },
})

/** Says that it changes and never does. */
export const stubborn = defineModule({
  name: 'stubborn',
  summary: 'Never settles.',
  args: Type.Object({ path: Type.String() }),
  examples: [],
  resource: ({ path }) => `file:${path}`,
  reads: ({ path }) => ({ file: read.file(path) }),
  plan: ({ path }) => ({ changes: [{ kind: 'change' as const, what: path, from: 'this', to: 'that' }] }),
  apply: { change: () => sh`:` },
})

export const command = defineAction({
  name: 'command',
  summary: 'A command.',
  args: Type.Object({ cmd: Type.String(), creates: Type.Optional(Type.String()) }),
  examples: [],
  reads: ({ creates }) =>
    (creates === undefined ? {} : { creates: read.status(creates) }) as { creates: ReturnType<typeof read.status> },
  decide: ({ cmd, creates }, have) =>
    creates !== undefined && have.creates.type !== 'absent' ? { due: false } : { due: true, what: `runs ${cmd}` },
  run: ({ cmd }) => sh`sh -c ${cmd}`,
})

export const waitForFile = defineAction({
  name: 'wait-for-file',
  summary: 'Waits for a file.',
  args: Type.Object({ path: Type.String() }),
  examples: [],
  looks: true,
  reads: ({ path }) => ({ file: read.status(path) }),
  decide: ({ path }, { file }) => (file.type === 'absent' ? { due: true, what: `waits for ${path}` } : { due: false }),
  run: ({ path }) => sh`i=0; while [ $i -lt 3 ]; do [ -e ${path} ] && exit 0; i=$((i + 1)); sleep 0.1; done; exit 1`,
})

const owner = process.getuid?.() === 0 ? { owner: 'root', group: 'root' } : { owner: '', group: '' }

export interface Outcome {
  events: Event[]
  summary: RunSummary
  playbook: Playbook
  /** `host task [item]: status`, one for each result. */
  lines: string[]
  results: (TaskResult & { host: string; task: string })[]
  rounds: Record<string, number>
}

export interface TestPlay {
  hosts?: string[]
  steps: TestStep[]
  handlers?: (TestStep & { name: string })[]
  play?: Partial<Play>
}

/** Runs steps on this machine under the name of several hosts, through a real shell. */
export async function go(
  mode: Mode,
  { hosts = ['a'], steps, handlers = [], play = {} }: TestPlay,
  more: Partial<Pick<RunOptions, 'open' | 'signal' | 'lockTimeoutMs' | 'tellsOutput' | 'controller'>> & {
    onEvent?: (event: Event) => void
    veto?: Veto
    /** A run is held to it. */
    plan?: Pick<SavedPlan, 'at' | 'by' | 'hosts'>
  } = {},
): Promise<Outcome> {
  const events: Event[] = []
  const written = new Map<Step, TestStep>()
  const place = { file: 'test.yml', line: 1, column: 1 }
  const compile = (step: TestStep, index: number, kind: string): Handler => {
    const { call, args: _args, when: _when, items: _items, delegate, ...rest } = step
    const callable: Step['call'] = typeof call === 'string' ? { kind: 'meta', what: call } : callOf(call)
    const compiled = {
      id: `${kind}${index}`,
      name: `${kind}${index}`,
      place,
      tags: [],
      section: 'tasks',
      blocks: [],
      call: callable,
      when: [],
      notify: [],
      ignoreErrors: false,
      ignoreUnreachable: false,
      anyErrorsFatal: false,
      runOnce: false,
      noLog: false,
      timeoutMs: 60_000,
      refs: { variables: [], hostvars: false, facts: false },
      inner: undefined as never,
      handler: rest.name ?? `${kind}${index}`,
      listen: [],
      ...(delegate ? { delegateTo: { kind: 'literal', value: 'as `delegate` says', node: undefined } } : {}),
      ...rest,
    } as Handler
    written.set(compiled, step)
    return compiled
  }
  const playbook: Playbook = {
    path: 'test.yml',
    folder: '/',
    plays: [
      {
        id: 'play',
        name: 'play',
        place,
        hosts,
        gatherFacts: 'auto',
        usesFacts: false,
        strategy: 'linear',
        roll: { order: { kind: 'inventory' } },
        anyErrorsFatal: false,
        ignoreUnreachable: false,
        connection: {},
        steps: steps.map((step, index) => compile(step, index, 't')),
        handlers: handlers.map((step, index) => compile(step, index, 'h')),
        ...play,
      },
    ],
  }
  const options: RunOptions = {
    mode,
    playbook,
    evaluatorFor: (runtime) => fakeEvaluator(written, runtime),
    open: more.open ?? openLocal,
    emit: (event) => {
      events.push(event)
      more.onEvent?.(event)
    },
    tellsOutput: more.tellsOutput,
    signal: more.signal,
    lockTimeoutMs: more.lockTimeoutMs,
    now: () => new Date(0),
    sleep: async () => {},
    controller: more.controller ?? controller,
    forks: 10,
    operator: 'ann@laptop',
    veto: more.veto,
  }
  const { plan } = more
  const summary = plan ? await runByPlan({ ...options, plan, check: options }) : await runPlaybook(options)
  const results = events.flatMap((event) =>
    event.type === 'task-result' ? [{ ...event.result, host: event.host, task: event.task.name }] : [],
  )
  const lines = results.map(
    ({ host, task, item, status }) => `${host} ${task}${item ? ` [${item.label}]` : ''}: ${status}`,
  )
  const rounds = Object.fromEntries(Object.entries(summary.hosts).map(([name, host]) => [name, host.rounds]))
  return { events, summary, playbook, lines, results, rounds }
}

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'lockstep-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** This machine as a host; its one lock would keep several of them from one another. */
export async function openLocal(host: string): Promise<RemoteHost> {
  const remote = await openLocked(host)
  return { ...remote, round: ({ lock: _, ...work }) => remote.round(work) }
}

export async function openLocked(host: string): Promise<RemoteHost> {
  return remoteHost(
    await connect({
      name: host,
      address: '',
      port: 0,
      user: '',
      connection: 'local',
      knownHostsFiles: [],
      hostKeyChecking: 'strict',
      connectTimeoutMs: 60_000,
      keepaliveMs: 0,
    }),
  )
}

const controller: ControllerFiles = { read: async () => undefined, write: async () => {} }

function callOf(call: AnyModule | AnyAction): Callable {
  return 'plan' in call ? { kind: 'module', module: call } : { kind: 'action', action: call }
}

function fakeEvaluator(written: ReadonlyMap<Step, TestStep>, runtime: Runtime): Evaluator {
  const names = (host: string, item?: LoopItem): Names => ({
    host,
    ...(item ? { item: item.value } : {}),
    reg: (name, of = host) => runtime.registered(of, name),
  })
  return {
    when: (step, host, item) => ({ holds: written.get(step)?.when?.(names(host, item)) ?? true }),
    items: (step, host) => written.get(step)?.items?.(names(host)),
    label: (_step, _host, item) => String(item.value),
    args(step, host, item) {
      const args = written.get(step)?.args?.(names(host, item)) ?? {}
      if (args instanceof Unknown) return { kind: 'unknown', unknown: args, partial: {} }
      const unknown = Object.values(args).find((value) => value instanceof Unknown)
      return unknown ? { kind: 'unknown', unknown, partial: args } : { kind: 'known', args }
    },
    delegate: (step, host, item) => written.get(step)?.delegate?.(names(host, item)),
    evaluate: () => true,
    rank: () => null,
    environment: () => ({}),
  }
}
