import type { RecordEntry, RecordStart } from '../../engine/history/record.ts'
import { recordId } from '../../engine/history/record.ts'
import type { Event, Mode, Status, TaskRef } from '../../engine/report/event.ts'
import { statuses } from '../../engine/report/status.ts'

/** The start of the record of the hour `number`. */
export function startOf(number: number, mode: Mode = 'check'): RecordStart {
  const at = new Date(Date.UTC(2026, 0, 1, number))
  return {
    type: 'record-started',
    version: 1,
    id: recordId(at, String(number).padStart(6, '0')),
    at: at.toISOString(),
    lockstep: '0.1.0',
    mode,
    operator: 'ann@laptop',
    from: { host: 'laptop', user: 'ann', folder: '/home/ann' },
    playbooks: ['site.yml'],
    inventory: ['hosts.yml'],
    flags: {},
    hosts: ['web1', 'web2'],
    sources: 'the same',
  }
}

export function entryOf(number: number, mode: Mode = 'check'): RecordEntry {
  const start = startOf(number, mode)
  return { id: start.id, path: start.id, start, end: undefined }
}

/** The events of a check, or a run, by host, task and what became of it; `task [item]` is an item of a loop, and the task `handler` is one. */
export function checkOf(results: Record<string, Record<string, Status>>, mode: Mode = 'check'): Event[] {
  const at = '2026-01-01T00:00:00.000Z'
  const hosts = Object.keys(results)
  const place = { file: 'site.yml', line: 1, column: 1 }
  const names = [...new Set(Object.values(results).flatMap((tasks) => Object.keys(tasks)))]
  const counts = Object.fromEntries(statuses.map((status) => [status, 0])) as Record<Status, number>
  const summary = { counts, rounds: 1, bytesSent: 0, bytesReceived: 0, owed: [] }
  return [
    { type: 'run-started', at, mode, playbook: 'site.yml', operator: 'ann@laptop', hosts },
    { type: 'play-started', at, play: 'site', place, hosts },
    ...names.flatMap((name): Event[] => {
      const [, text = name, label] = /^(.*?) \[(.*)\]$/.exec(name) ?? []
      const task: TaskRef = { id: text, name: text, module: 'sysctl', play: 'site', place, handler: text === 'handler' }
      return [
        { type: 'task-started', at, task, hosts },
        ...hosts.flatMap((host): Event[] => {
          const status = results[host]?.[name]
          if (status === undefined) return []
          const differences =
            status === 'changed' ? [{ kind: 'set', what: text, form: 'value' as const, before: '0', after: '1' }] : []
          const item = label === undefined ? {} : { item: { index: 0, label } }
          return [{ type: 'task-result', at, task, host, result: { status, differences, warnings: [], ...item } }]
        }),
        { type: 'task-finished', at, task },
      ]
    }),
    { type: 'play-finished', at, play: 'site' },
    {
      type: 'run-finished',
      at,
      mode,
      summary: { hosts: Object.fromEntries(hosts.map((host) => [host, summary])), elapsedMs: 1000, interrupted: false },
    },
  ]
}
