import { describe, expect, test } from 'vitest'
import { Problem } from '../../engine/problem.ts'
import { auditOf } from '../../engine/report/audit.ts'
import type { Event, Mode, TaskRef, TaskResult } from '../../engine/report/event.ts'
import { htmlReport } from '../../engine/report/html/html-report.ts'
import { createJsonlReporter } from '../../engine/report/jsonl.ts'
import { junitReport } from '../../engine/report/junit.ts'
import { markdownReport } from '../../engine/report/markdown.ts'
import { printableLine } from '../../engine/report/printable.ts'
import { sarifReport } from '../../engine/report/sarif.ts'
import { statuses } from '../../engine/report/status.ts'
import { createTerminalReporter } from '../../engine/report/terminal.ts'
import { RUNS } from '../fuzz.ts'
import fc from '../property.ts'

/** Text that would paint, turn or hide what stands around it, or begin a line of its own. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom('\u001b[2J', '\u001b]0;x\u0007', '\r', '\b', '\0', '\u009b31m', '\u202e', '\u2066', '\ud800'),
      fc.constantFrom('\nFORGED', '\r\nFORGED', '\u2028FORGED', '\u0085FORGED', '\vFORGED', '{{x}}', '"', '</script>'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 4 },
  )
  .map((parts) => `x${parts.join('')}`)

const difference = fc.record({
  kind: hostile,
  what: hostile,
  form: fc.constantFrom('text' as const, 'value' as const, 'bytes' as const, 'hidden' as const),
  before: fc.option(hostile, { nil: undefined }),
  after: fc.option(hostile, { nil: undefined }),
})
const result: fc.Arbitrary<TaskResult> = fc.record(
  {
    status: fc.constantFrom(...statuses),
    differences: fc.array(difference, { maxLength: 2 }),
    warnings: fc.array(hostile, { maxLength: 2 }),
    item: fc.record({ index: fc.nat(9), label: hostile }),
    reason: hostile,
    message: hostile,
    value: hostile,
    failure: fc.record({
      code: fc.constant('COMMAND_FAILED'),
      message: hostile,
      hint: hostile,
      command: fc.record({ text: hostile, code: fc.nat(255), stdout: hostile, stderr: hostile }),
    }),
  },
  { requiredKeys: ['status', 'differences', 'warnings'] },
)

const events = fc
  .record({
    mode: fc.constantFrom<Mode>('run', 'check'),
    text: fc.array(hostile, { minLength: 12, maxLength: 12 }),
    result,
  })
  .map(({ mode, text, result: one }): Event[] => {
    const [host = '', play = '', name = '', file = '', handler = '', by = '', reason = '', since = ''] = text
    const [, , , , , , , , playbook = '', operator = '', message = '', hint = ''] = text
    const at = '2024-01-01T00:00:00.000Z'
    const place = { file, line: 4, column: 3, source: message }
    const task: TaskRef = { id: 't', name, module: 'file', play, place, handler: false }
    const counts = Object.fromEntries(statuses.map((status) => [status, status === one.status ? 1 : 0])) as never
    const summary = { counts, rounds: 1, bytesSent: 1, bytesReceived: 1, owed: [handler] }
    return [
      { type: 'run-started', at, mode, playbook, operator, hosts: [host, 'good'] },
      { type: 'play-started', at, play, place, hosts: [host, 'good'] },
      { type: 'host-connected', at, host },
      { type: 'debt-found', at, host, debt: { handler, playbook, reason, since, by }, handlerExists: false },
      { type: 'lock-awaited', at, host, message },
      { type: 'warning', at, problem: new Problem({ code: 'UNKNOWN_TAG', message, place, hint, severity: 'warning' }) },
      { type: 'task-started', at, task, hosts: [host, 'good'] },
      { type: 'task-output', at, task, host, stream: 'stdout', text: printableLine(message) },
      { type: 'task-result', at, task, host, result: one },
      { type: 'task-finished', at, task },
      { type: 'play-finished', at, play },
      { type: 'run-finished', at, mode, summary: { hosts: { [host]: summary }, elapsedMs: 1, interrupted: false } },
    ]
  })

const PAINTS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udfff]/u

/** All that a report writes of some events. */
function written(of: Event[], make: (output: { write(text: string): void }) => (event: Event) => void): string {
  let text = ''
  const report = make({
    write: (more) => {
      text += more
    },
  })
  of.forEach(report)
  return text
}

describe('events that are full of hostile text', () => {
  test.each([
    ['in plain lines', { colour: false, live: false, verbosity: 0 }],
    ['with every detail', { colour: false, live: false, verbosity: 3 }],
    ['in colour', { colour: true, live: false, verbosity: 1 }],
    ['with what is running at the bottom', { colour: true, live: true, verbosity: 0 }],
  ])('are shown on a terminal %s, unpainted and with no line of their own', (_how, options) => {
    fc.assert(
      fc.property(events, (all) => {
        const text = written(all, (output) =>
          createTerminalReporter({ output, width: () => 60, height: () => 24, wholeDifferences: true, ...options }),
        )
        // Our own colours, and the erasing of the lines at the bottom.
        const bare = text.replaceAll(/\u001b\[\d{1,2}m|\u001b\[\dA\r\u001b\[J/g, '')
        expect(bare).not.toMatch(PAINTS)
        expect(bare).not.toMatch(/^FORGED/m)
      }),
      { numRuns: RUNS },
    )
  })

  test.each([
    ['Markdown', markdownReport],
    ['JUnit', junitReport],
    ['SARIF', sarifReport],
    ['HTML', htmlReport],
  ])('are unpainted in a report as %s', (_form, report) => {
    fc.assert(
      fc.property(events, (all) => {
        const text = report(auditOf(all, '1.0.0')).replaceAll(/[\t\r]/g, ' ')
        expect(PAINTS.exec(text)?.[0]).toBe(undefined)
      }),
      { numRuns: RUNS / 4 },
    )
  })

  test('are one line of JSON each, and come out of it as they went in', () => {
    fc.assert(
      fc.property(events, (all) => {
        const lines = written(all, (output) => createJsonlReporter({ output })).split('\n')
        expect(lines.pop()).toBe('')
        expect(lines.map((line) => JSON.parse(line).type)).toEqual(all.map(({ type }) => type))
        for (const line of lines) expect(line).not.toMatch(PAINTS)
        const at = all.findIndex((event) => event.type === 'task-result')
        expect(JSON.parse(lines[at] ?? '')).toEqual(JSON.parse(JSON.stringify(all[at])))
      }),
      { numRuns: RUNS },
    )
  })
})
