import type { Event } from '../report/event.ts'
import { statuses } from '../report/status.ts'
import type { RecordEnd, RecordStart } from './record.ts'

type Loose = { readonly [name: string]: unknown }

/** Whether it is the first line of a record, in a version that this one can read. */
export function isRecordStart(value: unknown): value is RecordStart {
  if (!isMap(value) || value.type !== 'record-started' || value.version !== 1) return false
  const isNamed = texts(value, ['id', 'at', 'mode', 'operator', 'sources'])
  return isNamed && isMap(value.from) && isList(value.playbooks) && isList(value.inventory) && isList(value.hosts)
}

export function isRecordEnd(value: unknown): value is RecordEnd {
  return (
    isMap(value) &&
    value.type === 'record-finished' &&
    typeof value.exitCode === 'number' &&
    texts(value, ['at', 'outcome'])
  )
}

/** Whether it is an event that reports can take: a file may hold anything. */
export function isEvent(value: unknown): value is Event {
  if (!isMap(value) || !texts(value, ['type', 'at'])) return false
  const shape = Object.hasOwn(shapes, String(value.type)) ? shapes[value.type as Event['type']] : undefined
  return shape?.(value) === true
}

const shapes: Record<Event['type'], (event: Loose) => boolean> = {
  'run-started': (event) => texts(event, ['mode', 'playbook', 'operator']) && isList(event.hosts),
  'play-started': (event) => texts(event, ['play']) && isPlace(event.place) && isList(event.hosts),
  'host-connected': (event) => texts(event, ['host']),
  'debt-found': (event) =>
    texts(event, ['host']) && isMap(event.debt) && texts(event.debt, ['handler', 'reason', 'since', 'by']),
  'task-started': (event) => isTask(event.task) && isList(event.hosts),
  'task-result': (event) => isTask(event.task) && texts(event, ['host']) && isResult(event.result),
  'task-output': (event) => isTask(event.task) && texts(event, ['host', 'stream', 'text']),
  'task-progress': (event) =>
    isTask(event.task) && texts(event, ['host']) && typeof event.sent === 'number' && typeof event.size === 'number',
  'task-finished': (event) => isTask(event.task),
  'lock-awaited': (event) => texts(event, ['message']),
  warning: ({ problem }) =>
    isMap(problem) &&
    texts(problem, ['code', 'severity', 'message']) &&
    (problem.place === undefined || isPlace(problem.place)),
  'play-finished': (event) => texts(event, ['play']),
  'run-finished': ({ mode, summary }) =>
    typeof mode === 'string' &&
    isMap(summary) &&
    typeof summary.elapsedMs === 'number' &&
    isMap(summary.hosts) &&
    Object.values(summary.hosts).every(isSummary),
}

function isTask(value: unknown): boolean {
  return isMap(value) && texts(value, ['id', 'name', 'module', 'play']) && isPlace(value.place)
}

function isPlace(value: unknown): boolean {
  return isMap(value) && typeof value.file === 'string' && typeof value.line === 'number'
}

function isResult(value: unknown): boolean {
  if (!isMap(value) || !(statuses as readonly unknown[]).includes(value.status) || !isList(value.warnings)) return false
  const { differences, item, failure } = value
  return (
    Array.isArray(differences) &&
    differences.every((one) => isMap(one) && texts(one, ['kind', 'what', 'form'])) &&
    (item === undefined || (isMap(item) && typeof item.label === 'string')) &&
    (failure === undefined || (isMap(failure) && texts(failure, ['code', 'message'])))
  )
}

function isSummary(value: unknown): boolean {
  if (!isMap(value) || !isMap(value.counts) || !isList(value.owed)) return false
  const { counts } = value
  return statuses.every((status) => typeof counts[status] === 'number')
}

function texts(value: Loose, names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string')
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function isMap(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
