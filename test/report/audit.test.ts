import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { Problem } from '../../engine/problem.ts'
import { auditOf } from '../../engine/report/audit.ts'
import { auditSchema } from '../../engine/report/audit-schema.ts'
import { reportForms } from '../../engine/report/forms.ts'
import fc from '../property.ts'
import { hostileRun } from './hostile.ts'
import { eventsOf, everything, large, sampleAudit } from './sample.ts'

const validate = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(JSON.stringify(auditSchema)))

describe('an audit', () => {
  test('counts drift, what may run and what is not visible apart', () => {
    expect(sampleAudit(everything).verdict).toBe(
      '4 hosts · 8 states checked · 4 drifted on 2 hosts · 1 handler owed · 1 would run · 2 may run · 1 not visible · ' +
        '1 host unreachable · 1 host failed',
    )
  })

  test('of events that end too early says so and counts what is there', () => {
    const audit = sampleAudit({ ...everything, cutShort: true })
    expect(audit.runs.map(({ outcome, finished }) => ({ outcome, finished }))).toEqual([{ outcome: 'cut-short' }])
    expect(audit.verdict).toMatch(/^cut short · 4 hosts · 8 states checked · 4 drifted on 2 hosts · /)
  })

  test('of an interrupted run says so', () => {
    expect(sampleAudit({ hosts: ['a'], tasks: [], interrupted: true }).verdict).toBe(
      'interrupted · 1 host · 0 states checked · no drift',
    )
  })

  test('of nothing at all says that nothing was run', () => {
    expect(auditOf([], '1').verdict).toBe('nothing was run: it ended before the first host was contacted')
  })

  test('of several playbooks tells each', () => {
    const events = ['a.yml', 'b.yml'].flatMap((playbook) => eventsOf({ playbook, hosts: ['h'], tasks: [] }))
    expect(auditOf(events, '1').verdict).toBe(
      'a.yml: 1 host · 0 states checked · no drift; b.yml: 1 host · 0 states checked · no drift',
    )
  })

  test('keeps warnings that come before the run', () => {
    const problem = new Problem({ code: 'IDLE_HANDLER', message: 'nobody notifies x', severity: 'warning' })
    const audit = auditOf([{ type: 'warning', at: '', problem }, ...eventsOf({ hosts: [], tasks: [] })], '1')
    expect(audit.warnings).toEqual([{ code: 'IDLE_HANDLER', message: 'nobody notifies x' }])
  })

  test('bounds what a host answers with megabytes', () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => `line ${index}\n`).join('')
    const results = {
      h: [
        { status: 'changed', differences: [{ kind: 'write', what: '/big', form: 'text', before: '', after: lines }] },
        {
          status: 'changed',
          differences: [{ kind: 'set', what: 'k', form: 'value', before: 'x'.repeat(3e6), after: '1' }],
        },
        { status: 'failed', failure: { code: 'C', message: 'm'.repeat(3e6) } },
      ],
    } as const
    const audit = sampleAudit({ hosts: ['h'], tasks: [{ name: 't', module: 'copy', line: 3, results }] })
    expect(audit.runs[0]?.results[0]?.differences[0]?.note).toBe('199700 more lines of the difference left out')
    expect(audit.runs[0]?.results[1]?.differences[0]?.before).toMatch(/^x{1000}… \(2999000 more characters left out\)$/)
    for (const render of Object.values(reportForms)) expect(render(audit).length).toBeLessThan(100_000)
  })

  test('shows a difference that lies behind megabytes of what is alike', () => {
    const alike = 'the same line\n'.repeat(100_000)
    const difference = { kind: 'w', what: '/f', form: 'text', before: `${alike}old\n`, after: `${alike}new\n` } as const
    const results = { h: { status: 'changed', differences: [difference] } } as const
    const audit = sampleAudit({ hosts: ['h'], tasks: [{ name: 't', module: 'copy', line: 3, results }] })
    expect(audit.runs[0]?.results[0]?.differences[0]?.lines?.slice(-2)).toEqual(['-old', '+new'])
  })

  test('is valid against its own schema, whatever hosts say', () => {
    for (const run of [everything, large(3, 4), { hosts: [], tasks: [] }])
      expect(errorsOf(sampleAudit(run))).toEqual([])
    fc.assert(
      fc.property(hostileRun, (run) => {
        expect(errorsOf(sampleAudit(run))).toEqual([])
      }),
    )
  })

  test('holds no control character, whatever hosts say', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const strings: string[] = []
        JSON.stringify(sampleAudit(run), (_key, value) => {
          if (typeof value === 'string') strings.push(value)
          return value
        })
        expect(strings.join('')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/)
        expect(strings.join('\n')).not.toMatch(/\p{Surrogate}/u)
      }),
    )
  })
})

function errorsOf(audit: unknown): unknown {
  const isValid = validate(JSON.parse(JSON.stringify(audit)))
  return isValid ? [] : validate.errors
}
