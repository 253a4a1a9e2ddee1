import { describe, expect, test } from 'vitest'
import { Problem } from '../../engine/problem.ts'
import type { Event } from '../../engine/report/event.ts'
import { sievedEvent, sievedProblem } from '../../engine/report/sieve.ts'
import { KnownSecrets } from '../../engine/resource/known-secrets.ts'
import { HIDDEN, Secret } from '../../engine/resource/secret.ts'
import { Unknown } from '../../engine/resource/unknown.ts'

function knowing(...texts: string[]): KnownSecrets {
  const secrets = new KnownSecrets()
  for (const text of texts) secrets.add(new Secret(text))
  return secrets
}

const place = { file: 'site.yml', line: 1, column: 1, source: 'x: marker' }
const task = { id: 'a', name: 'log in as marker', module: 'command', play: 'p', place, handler: false }
const event: Event = {
  type: 'task-result',
  at: '2026-01-01T00:00:00.000Z',
  task,
  host: 'h',
  result: {
    status: 'failed',
    item: { index: 0, label: 'item marker' },
    differences: [{ kind: 'write', what: '/etc/x', form: 'text', before: 'old marker\n', after: 'new marker\n' }],
    failure: {
      code: 'COMMAND_FAILED',
      message: 'login failed: marker',
      hint: 'marker',
      command: { text: 'x', code: 1, stdout: 'bWFya2Vy', stderr: 'no marker' },
    },
    warnings: ['marker is weak'],
    message: 'says marker',
    value: { status: 'failed', list: ['marker'], marker: 1, later: new Unknown('x') },
  },
}

describe('the sieve', () => {
  test('frees every text of an event, and leaves its own words', () => {
    const sieved = sievedEvent(event, knowing('marker', 'failed', 'task-result'))
    expect(JSON.stringify(sieved)).not.toMatch(/marker|bWFya2Vy/)
    expect(sieved).toMatchObject({ type: 'task-result', host: 'h', result: { status: 'failed' } })
    expect(JSON.parse(JSON.stringify(sieved)).result.value).toEqual({
      status: HIDDEN,
      list: [HIDDEN],
      [HIDDEN]: 1,
      later: '‹known after apply›',
    })
  })

  test('costs nothing where nothing is secret', () => {
    expect(sievedEvent(event, knowing())).toBe(event)
  })

  test('frees a problem, its hint and the line that it shows', () => {
    const problem = new Problem({
      code: 'WRONG_VALUE',
      message: 'not marker',
      place,
      hint: 'no marker',
      severity: 'warning',
    })
    const sieved = sievedProblem(problem, knowing('marker'))
    expect(String(sieved)).toBe(`warning[WRONG_VALUE]: not ${HIDDEN}
  --> site.yml:1:1
1 | x: ${HIDDEN}
  | ^
hint: no ${HIDDEN}`)
    const warning: Event = { type: 'warning', at: '', problem }
    expect(JSON.stringify(sievedEvent(warning, knowing('marker')))).not.toContain('marker')
  })

  test('passes a megabyte in a moment, whatever it looks like', () => {
    const secrets = knowing(...Array.from({ length: 100 }, (_, index) => `${'ab'.repeat(20)}${index}secret`))
    const text = 'ab'.repeat(500_000)
    const started = performance.now()
    expect(secrets.hide(`${text}.`)).toBe(`${text}.`)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
