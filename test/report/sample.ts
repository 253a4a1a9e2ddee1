import { auditOf } from '../../engine/report/audit.ts'
import type { Audit } from '../../engine/report/audit-schema.ts'
import type { Event, HostSummary, Mode, Status, TaskRef, TaskResult } from '../../engine/report/event.ts'
import { statuses } from '../../engine/report/status.ts'

const at = (seconds: number) => new Date(Date.UTC(2024, 0, 1, 6, 0, seconds)).toISOString()

/** Results of one task by host; a list is a loop. */
export interface SampleTask {
  name: string
  module: string
  line: number
  source?: string
  results: Readonly<Record<string, Partial<TaskResult> | readonly Partial<TaskResult>[]>>
}

export interface SampleRun {
  mode?: Mode
  playbook?: string
  hosts: readonly string[]
  tasks: readonly SampleTask[]
  lost?: Readonly<Record<string, HostSummary['lost']>>
  owed?: Readonly<Record<string, readonly string[]>>
  interrupted?: boolean
  /** No end is recorded. */
  cutShort?: boolean
  before?: readonly Event[]
}

/** The events that the engine would give for these results. */
export function eventsOf(run: SampleRun): Event[] {
  const { mode = 'check', playbook = 'site.yml', hosts, tasks, lost = {}, owed = {} } = run
  const place = { file: playbook, line: 1, column: 1 }
  const events: Event[] = [
    { type: 'run-started', at: at(0), mode, playbook, operator: 'ann@laptop', hosts },
    { type: 'play-started', at: at(0), play: 'web servers', place, hosts },
    ...(run.before ?? []),
    ...tasks.flatMap((task, index) => taskEvents(task, index, playbook)),
  ]
  if (run.cutShort) return events
  const counted = countsOf(events)
  const summaries = hosts.map((host) => {
    const summary = { counts: counted.get(host) ?? noCounts(), rounds: 3, bytesSent: 1, bytesReceived: 1 }
    const gone = lost[host] === undefined ? {} : { lost: lost[host] }
    return [host, { ...summary, owed: owed[host] ?? [], ...gone }] as const
  })
  const summary = { hosts: Object.fromEntries(summaries), elapsedMs: 12_300, interrupted: run.interrupted ?? false }
  return [
    ...events,
    { type: 'play-finished', at: at(12), play: 'web servers' },
    { type: 'run-finished', at: at(12), mode, summary },
  ]
}

export function sampleAudit(run: SampleRun): Audit {
  return auditOf(eventsOf(run), '1.2.3')
}

function taskEvents({ name, module, line, source, results }: SampleTask, index: number, file: string): Event[] {
  const place = { file, line, column: 7, ...(source === undefined ? {} : { source }) }
  const task: TaskRef = { id: `0.${index}`, name, module, play: 'web servers', place, handler: false }
  const all = Object.entries(results).flatMap(([host, given]) => [given].flat().map((result) => ({ host, result })))
  return [
    { type: 'task-started', at: at(index), task, hosts: Object.keys(results) },
    ...all.map(({ host, result }): Event => {
      const whole: TaskResult = { status: 'ok', differences: [], warnings: [], ...result }
      return { type: 'task-result', at: at(index + 1), task, host, result: whole }
    }),
    { type: 'task-finished', at: at(index + 1), task },
  ]
}

function countsOf(events: readonly Event[]): Map<string, Record<Status, number>> {
  const counts = new Map<string, Record<Status, number>>()
  for (const event of events) {
    if (event.type !== 'task-result') continue
    const own = counts.get(event.host) ?? noCounts()
    own[event.result.status]++
    counts.set(event.host, own)
  }
  return counts
}

function noCounts(): Record<Status, number> {
  return Object.fromEntries(statuses.map((status) => [status, 0])) as Record<Status, number>
}

const sshd = {
  before: 'Port 22\nPermitRootLogin yes\nPasswordAuthentication yes\nX11Forwarding no\n',
  after: 'Port 22\nPermitRootLogin no\nPasswordAuthentication no\nX11Forwarding no\n',
}

/** One of each: drift as text and as value, what cannot be known, what was not visible, a failure, an unreachable host. */
export const everything: SampleRun = {
  hosts: ['web1', 'web2', 'web3', 'db1'],
  lost: { web3: 'unreachable', db1: 'failed' },
  owed: { web1: ['reload sshd'] },
  before: [
    {
      type: 'debt-found',
      at: at(0),
      host: 'web1',
      handlerExists: true,
      debt: { handler: 'reload sshd', playbook: 'site.yml', reason: 'sshd is hardened', since: at(0), by: 'bob@desk' },
    },
  ],
  tasks: [
    {
      name: 'connect',
      module: 'connect',
      line: 1,
      results: {
        web3: {
          status: 'unreachable',
          failure: {
            code: 'UNREACHABLE',
            message: 'web3 (ops@192.0.2.3:22) gave no answer',
            hint: 'is it switched on?',
          },
        },
      },
    },
    {
      name: 'sshd is hardened',
      module: 'sshd-config',
      line: 12,
      source: '    - name: sshd is hardened',
      results: {
        web1: {
          status: 'changed',
          differences: [{ kind: 'write', what: '/etc/ssh/sshd_config', form: 'text', ...sshd }],
        },
        web2: {
          status: 'changed',
          differences: [{ kind: 'write', what: '/etc/ssh/sshd_config', form: 'text', ...sshd }],
        },
        db1: {},
      },
    },
    {
      name: 'packets are forwarded',
      module: 'sysctl',
      line: 18,
      source: '    - name: packets are forwarded',
      results: {
        web1: {
          status: 'changed',
          differences: [{ kind: 'set', what: 'net.ipv4.ip_forward', form: 'value', before: '0', after: '1' }],
        },
        web2: {},
        db1: {
          status: 'failed',
          failure: {
            code: 'TASK_FAILED',
            message: 'the kernel has no such parameter',
            command: { text: 'sysctl -n net.ipv4.ip_forward', code: 255, stdout: '', stderr: 'sysctl: cannot stat' },
          },
        },
      },
    },
    {
      name: 'accounts are there',
      module: 'user',
      line: 24,
      results: {
        web1: [
          { item: { index: 0, label: 'ann' } },
          { item: { index: 1, label: 'bob' }, status: 'not-visible', reason: '/etc/shadow: permission denied' },
        ],
        web2: { status: 'known-after-apply', reason: 'depends on the key pair /etc/keys/host' },
      },
    },
    {
      name: 'the cache is warm',
      module: 'command',
      line: 30,
      results: {
        web1: { status: 'would-run', reason: 'warm-cache --all' },
        web2: { status: 'may-run', reason: 'depends on what the task before gives' },
      },
    },
    {
      name: 'only on Debian 11',
      module: 'package',
      line: 36,
      results: { web1: { status: 'skipped', reason: "facts.os.version == '11'" }, web2: { status: 'skipped' } },
    },
    {
      name: 'the site answers',
      module: 'http',
      line: 41,
      results: {
        web1: { status: 'deferred', reason: 'GET https://web1/health' },
        web2: { warnings: ['the answer took 4 s'] },
      },
    },
  ],
}

/** As large as an audit gets: most cells as declared, every seventh not. */
export function large(hosts: number, tasks: number): SampleRun {
  const names = Array.from({ length: hosts }, (_, index) => `host-${String(index).padStart(3, '0')}.example.org`)
  const drift = (host: number, task: number): Partial<TaskResult> => ({
    status: 'changed',
    differences: [{ kind: 'set', what: `key ${task}`, form: 'value', before: `${host}`, after: 'wanted' }],
  })
  const text = (task: number): Partial<TaskResult> => {
    const lines = Array.from({ length: 40 }, (_, index) => `option_${index} = ${index * task}`)
    const before = lines.map((line, index) => (index % 9 === 4 ? `${line}0` : line))
    return {
      status: 'changed',
      differences: [
        {
          kind: 'write',
          what: `/etc/demo/${task}.conf`,
          form: 'text',
          before: before.join('\n'),
          after: lines.join('\n'),
        },
      ],
    }
  }
  return {
    hosts: names,
    tasks: Array.from({ length: tasks }, (_, task) => ({
      name: `task ${task} keeps its part of the system`,
      module: task % 3 === 0 ? 'copy' : 'sysctl',
      line: 10 + task * 4,
      source: `    - name: task ${task} keeps its part of the system`,
      results: Object.fromEntries(
        names.map((name, host) => [
          name,
          (host * 31 + task * 17) % 7 !== 0 ? {} : task % 3 === 0 ? text(task) : drift(host, task),
        ]),
      ),
    })),
  }
}
