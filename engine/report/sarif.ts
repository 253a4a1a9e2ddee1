import { createHash } from 'node:crypto'
import type { Location, Log, ReportingDescriptor, Result, Run } from 'sarif'
import type { Audit, AuditResult, AuditRun, AuditTask } from './audit-schema.ts'
import { differenceText, failureText } from './difference-text.ts'
import { isDrift, isMay, wordFor } from './status.ts'

/** Lines of a difference in a message: it is shown beside the code, and a log has many. */
const MOST_LINES = 30

/**
 * SARIF 2.1.0 (OASIS): a rule for each module, a result for each (host, task, item) that needs a person, at its place in the
 * playbook. Fingerprints are made of names and not of lines, so that a finding stays the same when lines above it move.
 */
export function sarifReport(audit: Audit): string {
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: audit.runs.map((run) => sarifRun(run, audit)),
  }
  return `${JSON.stringify(log, null, 1)}\n`
}

function sarifRun(run: AuditRun, { lockstep, warnings }: Audit): Run {
  const seen = new Map<string, number>()
  const owed = run.hosts.flatMap((host) => host.owed.map((handler) => owedResult(run, host.name, handler)))
  const results = run.results.flatMap((result) => resultOf(run, result, seen))
  const rules = [...new Set([...results, ...owed].flatMap(({ ruleId }) => ruleId ?? []))].sort()
  return {
    tool: {
      driver: {
        name: 'Lockstep',
        version: lockstep,
        rules: rules.map(ruleOf),
      },
    },
    automationDetails: { id: `lockstep ${run.mode} ${run.playbook}/${run.started}` },
    invocations: [
      {
        executionSuccessful: run.outcome === 'finished' && run.hosts.every(({ lost }) => lost === undefined),
        startTimeUtc: run.started,
        ...(run.finished === undefined ? {} : { endTimeUtc: run.finished }),
        toolExecutionNotifications: [
          ...(run.outcome === 'finished' ? [] : [{ level: 'error' as const, message: { text: endings[run.outcome] } }]),
          ...warnings.map(({ code, message }) => ({
            level: 'warning' as const,
            message: { text: `${code}: ${message}` },
          })),
        ],
      },
    ],
    columnKind: 'utf16CodeUnits',
    results: [...results, ...owed],
  }
}

const endings = {
  interrupted: 'the run was interrupted, so results are missing',
  'cut-short': 'the run was cut short, so results are missing',
}

function ruleOf(id: string): ReportingDescriptor {
  const text = id === OWED ? 'A handler that is owed to a host has not run yet.' : `A task that calls ${id}.`
  return { id, shortDescription: { text }, defaultConfiguration: { level: 'warning' } }
}

function resultOf(run: AuditRun, result: AuditResult, seen: Map<string, number>): Result[] {
  const task = run.tasks[result.task]
  const level = levelOf(result, run)
  if (!task || !level) return []
  const names = [task.place.file, task.play, task.name, task.module, result.host, result.item ?? '']
  const head = [
    `${result.host}: ${wordFor(result, run.mode)}: ${task.name}${result.item === undefined ? '' : ` (${result.item})`}`,
    ...(result.reason === undefined ? [] : [result.reason]),
    ...result.differences.flatMap((difference) => differenceText(difference, MOST_LINES)),
    ...(result.failure ? failureText(result.failure) : []),
  ]
  return [
    {
      ruleId: task.module,
      level,
      message: { text: head.join('\n') },
      locations: [locationOf(task, result.host)],
      partialFingerprints: fingerprint(names, seen),
      properties: { status: result.status },
    },
  ]
}

const OWED = 'owed-handler'

function owedResult(run: AuditRun, host: string, handler: string): Result {
  return {
    ruleId: OWED,
    level: 'warning',
    message: { text: `${host}: the handler '${handler}' is owed and has not run` },
    locations: [
      { physicalLocation: { artifactLocation: { uri: uriOf(run.playbook) } }, logicalLocations: [hostOf(host)] },
    ],
    partialFingerprints: fingerprint([run.playbook, OWED, handler, host], new Map()),
  }
}

/** Nothing for what is as asked for. */
function levelOf({ status, tolerated }: AuditResult, { mode }: AuditRun): Result['level'] | undefined {
  if (tolerated !== undefined) return 'note'
  if (status === 'failed' || status === 'unreachable') return 'error'
  if (isDrift(status)) return mode === 'check' ? 'warning' : 'note'
  return isMay(status) || status === 'not-visible' ? 'note' : undefined
}

function locationOf({ place }: AuditTask, host: string): Location {
  const { file, line, column, source } = place
  const snippet = source === undefined ? {} : { snippet: { text: source } }
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: { startLine: line, startColumn: column, ...snippet },
    },
    logicalLocations: [hostOf(host)],
  }
}

function hostOf(name: string) {
  return { name, fullyQualifiedName: name, kind: 'resource' }
}

/** A relative reference stays one, so that a viewer finds it in the repository. */
function uriOf(path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return path.startsWith('/') ? `file://${encoded}` : encoded.replace(/^(\.\/)+/, '')
}

/** Things with the same names are told apart by their order. */
function fingerprint(names: readonly string[], seen: Map<string, number>): NonNullable<Result['partialFingerprints']> {
  const key = JSON.stringify(names)
  const before = seen.get(key) ?? 0
  seen.set(key, before + 1)
  const hash = createHash('sha256')
    .update(JSON.stringify([key, before]))
    .digest('hex')
  return { 'lockstep/v1': hash.slice(0, 32) }
}
