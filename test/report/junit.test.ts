import { readFileSync } from 'node:fs'
import { XMLParser } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { validateXML } from 'xmllint-wasm'
import { junitReport } from '../../engine/report/junit.ts'
import fc from '../property.ts'
import { hostileRun } from './hostile.ts'
import { everything, type SampleRun, sampleAudit } from './sample.ts'

const schema = readFileSync(new URL('fixtures/junit.xsd', import.meta.url), 'utf8')

async function errorsOf(runs: readonly SampleRun[]): Promise<string[]> {
  const xml = runs.map((run, index) => ({ fileName: `r${index}.xml`, contents: junitReport(sampleAudit(run)) }))
  const { errors } = await validateXML({ xml, schema })
  return errors.map(({ rawMessage }) => rawMessage)
}

describe('the JUnit report', () => {
  test('has a case for each host and task', () => {
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '',
      isArray: (name) => /^test(suite|case)$/.test(name),
    })
    const suites = parser.parse(junitReport(sampleAudit(everything))).testsuites.testsuite
    const rows = suites.map((suite: { name: string; testcase: Record<string, unknown>[] }) => ({
      name: suite.name,
      cases: suite.testcase.map(
        (one) => `${one.name}: ${['failure', 'error', 'skipped'].find((kind) => kind in one) ?? 'passed'}`,
      ),
    }))
    expect(rows).toEqual([
      {
        name: 'site.yml on web1',
        cases: [
          'sshd is hardened: failure',
          'packets are forwarded: failure',
          'accounts are there: skipped',
          'the cache is warm: skipped',
          'only on Debian 11: skipped',
          'the site answers: skipped',
          'owed: reload sshd: failure',
        ],
      },
      {
        name: 'site.yml on web2',
        cases: [
          'sshd is hardened: failure',
          'packets are forwarded: passed',
          'accounts are there: failure',
          'the cache is warm: skipped',
          'only on Debian 11: skipped',
          'the site answers: passed',
        ],
      },
      { name: 'site.yml on web3', cases: ['connect: error'] },
      { name: 'site.yml on db1', cases: ['sshd is hardened: passed', 'packets are forwarded: error'] },
    ])
  })

  test('says what differs in the text of the case', () => {
    const text = junitReport(sampleAudit(everything))
    expect(text).toContain(
      '<failure type="drift" message="drift: net.ipv4.ip_forward: 0 → 1">site.yml:18&#10;drift&#10;net.ipv4.ip_forward: 0 → 1</failure>',
    )
    expect(text).toContain('<skipped type="not visible" message="not visible: bob: /etc/shadow: permission denied">')
  })

  test('has a case that fails when the run was cut short', () => {
    expect(junitReport(sampleAudit({ ...everything, cutShort: true }))).toContain(
      '<error type="cut-short" message="the run was cut short"/>',
    )
  })

  test('is valid against the schema', async () => {
    expect(
      await errorsOf([everything, { hosts: [], tasks: [] }, { ...everything, mode: 'run', interrupted: true }]),
    ).toEqual([])
  })

  test('is valid whatever hosts say', async () => {
    expect(await errorsOf(fc.sample(hostileRun, { numRuns: 100, seed: 7 }))).toEqual([])
  })

  test('gives back what a task said', () => {
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '',
      htmlEntities: true,
      trimValues: false,
      parseAttributeValue: false,
      parseTagValue: false,
    })
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), (reason) => {
        const results = { h: { status: 'not-visible', reason } } as const
        const audit = sampleAudit({ hosts: ['h'], tasks: [{ name: 't', module: 'm', line: 1, results }] })
        const shown = audit.runs[0]?.results[0]?.reason?.replace(/[\ufffe\uffff]/g, '�')
        const { message } = parser.parse(junitReport(audit)).testsuites.testsuite.testcase.skipped
        expect(message).toBe(`not visible: ${shown}`)
      }),
    )
  })
})
