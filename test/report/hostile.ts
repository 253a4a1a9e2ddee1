import type { TaskResult } from '../../engine/report/event.ts'
import { statuses } from '../../engine/report/status.ts'
import fc from '../property.ts'
import type { SampleRun } from './sample.ts'

/** What a host, or a name in a playbook, may hold in order to break out of a report. */
export const nasty = [
  '</script><script>alert(1)</script>',
  '<!--<script>',
  '<img src=x onerror=alert(1)>',
  '"\'><svg/onload=alert(1)>',
  ']]>',
  '<![CDATA[x',
  '&lt;&#60;&amp;',
  '\u2028\u2029\ufeff\ufffe\uffff',
  '\u001b[2J\u001b]0;owned\u0007\u009b31m',
  '\0\u0001\u0008\u000b\u000c\u000e\u007f\u0085',
  '\ud800 lone \udfff',
  '\u202egnp.exe\u2066',
  'a | b \\| c ``` ~~~ `',
  '# head\n- item\n> quote\n\n---\n***bold*** _it_ ~~gone~~ $x$',
  '@everyone @ann/team #1 owner/repo#2 https://evil.example/ www.evil.example mailto:a@b.example',
  '![x](https://evil.example/p.png) [link](javascript:alert(1)) <https://evil.example>',
  '{{ secret }} %s $(id) `id`',
  '```\n</details>\n<b>x</b>',
  '__proto__',
  '',
]

const text = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 40 }))
const side = fc.option(text, { nil: undefined })
const difference = fc.record({
  kind: text,
  what: text,
  form: fc.constantFrom('text', 'value', 'bytes', 'hidden'),
  before: side,
  after: side,
} as const)
const command = fc.record({ text, code: fc.nat(255), stdout: text, stderr: text })
const failure = fc.record({ code: text, message: text, hint: text, command }, { requiredKeys: ['code', 'message'] })
const result: fc.Arbitrary<Partial<TaskResult>> = fc.record(
  {
    status: fc.constantFrom(...statuses),
    item: fc.record({ index: fc.nat(3), label: text }),
    differences: fc.array(difference, { maxLength: 2 }),
    reason: text,
    failure,
    tolerated: fc.constantFrom('ignored', 'rescued'),
    warnings: fc.array(text, { maxLength: 1 }),
    message: text,
  } as const,
  { requiredKeys: ['status'] },
)

/** Runs in which every text is somebody's attempt. */
export const hostileRun: fc.Arbitrary<SampleRun> = fc.record({
  mode: fc.constantFrom('run', 'check'),
  playbook: text,
  hosts: fc.constant(['h1', 'h2']),
  tasks: fc.array(
    fc.record({
      name: text,
      module: text,
      line: fc.integer({ min: 1, max: 999 }),
      source: text,
      results: fc.record({ h1: result, h2: fc.array(result, { maxLength: 2 }) }),
    }),
    { maxLength: 3 },
  ),
  owed: fc.record({ h1: fc.array(text, { maxLength: 1 }) }),
  cutShort: fc.boolean(),
} as const)
