import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import type { Log, Result } from 'sarif'
import { describe, expect, test } from 'vitest'
import { sarifReport } from '../../engine/report/sarif.ts'
import fc from '../property.ts'
import { hostileRun } from './hostile.ts'
import { everything, type SampleRun, sampleAudit } from './sample.ts'

const validate = new Ajv({
  strict: false,
  allErrors: true,
  // A pattern of the schema has a bracket too many.
  unicodeRegExp: false,
  formats: { uri: true, 'uri-reference': isReference, 'date-time': true },
}).compile(schema())

/** The schema that Microsoft's SARIF SDK ships; it is of draft 4, whose other word for `$id` is all that stands in the way. */
function schema(): object {
  const file = createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')
  const { $schema, id, ...rest } = JSON.parse(readFileSync(file, 'utf8'))
  return rest
}

function isReference(text: string): boolean {
  return URL.canParse(text, 'https://example.org/') && /^[!-~]*$/.test(text)
}

function logOf(run: SampleRun): Log {
  const log = JSON.parse(sarifReport(sampleAudit(run)))
  const isValid = validate(log)
  expect(isValid ? [] : validate.errors).toEqual([])
  return log
}

function resultsOf(run: SampleRun): Result[] {
  return logOf(run).runs.flatMap(({ results }) => results ?? [])
}

describe('the SARIF report', () => {
  test('has a result at the place of each task that needs a person, and none for what is as declared', () => {
    const rows = resultsOf(everything).map(({ ruleId, level, locations }) => {
      const { physicalLocation, logicalLocations } = locations?.[0] ?? {}
      const { startLine, startColumn } = physicalLocation?.region ?? {}
      return [
        ruleId,
        level,
        physicalLocation?.artifactLocation?.uri,
        startLine,
        startColumn,
        logicalLocations?.[0]?.name,
      ].join(' ')
    })
    expect(rows).toEqual([
      'connect error site.yml 1 7 web3',
      'sshd-config warning site.yml 12 7 web1',
      'sshd-config warning site.yml 12 7 web2',
      'sysctl warning site.yml 18 7 web1',
      'sysctl error site.yml 18 7 db1',
      'user note site.yml 24 7 web1',
      'user warning site.yml 24 7 web2',
      'command note site.yml 30 7 web1',
      'command note site.yml 30 7 web2',
      'http note site.yml 41 7 web1',
      'owed-handler warning site.yml   web1',
    ])
  })

  test('has a rule for each module that a result names', () => {
    const rules = logOf(everything).runs[0]?.tool.driver.rules?.map(({ id }) => id)
    expect(rules).toEqual(['command', 'connect', 'http', 'owed-handler', 'sshd-config', 'sysctl', 'user'])
  })

  test('has the same fingerprints when lines above move and other tasks come', () => {
    const moved = everything.tasks.map((task) => ({ ...task, line: task.line + 20, source: 'another' }))
    const more = { name: 'new', module: 'file', line: 2, results: { web1: { status: 'changed' } } } as const
    const before = resultsOf(everything).map(({ partialFingerprints }) => partialFingerprints)
    const after = resultsOf({ ...everything, tasks: [more, ...moved] }).map(
      ({ partialFingerprints }) => partialFingerprints,
    )
    expect(after.slice(1)).toEqual(before)
    expect(new Set(before.map((one) => JSON.stringify(one))).size).toBe(before.length)
  })

  test('tells tasks of the same name apart', () => {
    const task = { name: 'twice', module: 'file', line: 4, results: { h: { status: 'changed' } } } as const
    const [first, second] = resultsOf({ hosts: ['h'], tasks: [task, { ...task, line: 9 }] })
    expect(first?.partialFingerprints).not.toEqual(second?.partialFingerprints)
  })

  test('has the changes of a run as notes', () => {
    const task = { name: 't', module: 'file', line: 4, results: { h: { status: 'changed' } } } as const
    expect(resultsOf({ mode: 'run', hosts: ['h'], tasks: [task] }).map(({ level }) => level)).toEqual(['note'])
  })

  test('says that a run was cut short', () => {
    const [invocation] = logOf({ ...everything, cutShort: true }).runs[0]?.invocations ?? []
    expect(invocation?.executionSuccessful).toBe(false)
    expect(invocation?.toolExecutionNotifications?.map(({ message }) => message.text)).toEqual([
      'the run was cut short, so results are missing',
    ])
  })

  test('encodes what a file name may hold', () => {
    const task = { name: 't', module: 'file', line: 4, results: { h: { status: 'changed' } } } as const
    const uris = ['/srv/my site.yml', './a%b.yml', 'ä.yml', 'C:x.yml'].map(
      (playbook) =>
        resultsOf({ playbook, hosts: ['h'], tasks: [task] })[0]?.locations?.[0]?.physicalLocation?.artifactLocation
          ?.uri,
    )
    expect(uris).toEqual(['file:///srv/my%20site.yml', 'a%25b.yml', '%C3%A4.yml', 'C%3Ax.yml'])
  })

  test('is valid whatever hosts say', () => {
    fc.assert(fc.property(hostileRun, (run) => void logOf(run)))
  })
})
