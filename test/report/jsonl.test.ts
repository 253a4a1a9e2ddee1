import { describe, expect, test } from 'vitest'
import { Problem } from '../../engine/problem.ts'
import type { Event } from '../../engine/report/event.ts'
import { createJsonlReporter } from '../../engine/report/jsonl.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { Unknown } from '../../engine/resource/unknown.ts'

function linesOf(event: Event): string[] {
  const lines: string[] = []
  createJsonlReporter({ output: { write: (text: string) => lines.push(text) } })(event)
  return lines
}

describe('the JSON lines report', () => {
  const at = '2024-01-01T00:00:00.000Z'

  test('is one line an event, whatever a host has sent', () => {
    const [line = '', ...rest] = linesOf({ type: 'host-connected', at, host: 'a\n\u2028b' })
    expect(rest).toEqual([])
    expect(line.slice(0, -1)).not.toContain('\n')
    expect(JSON.parse(line)).toEqual({ type: 'host-connected', at, host: 'a\n\u2028b' })
  })

  test('keeps the sentence of a warning', () => {
    const problem = new Problem({ code: 'X', message: 'a sentence', hint: 'a hint', severity: 'warning' })
    const [line = ''] = linesOf({ type: 'warning', at, problem })
    expect(JSON.parse(line).problem).toEqual({ code: 'X', severity: 'warning', message: 'a sentence', hint: 'a hint' })
  })

  test('shows neither a secret nor what is not known yet', () => {
    const place = { file: 'x.yml', line: 1, column: 1 }
    const task = { id: 't', name: 't', module: 'm', play: 'p', place, handler: false }
    const value = { password: new Secret('hunter2'), key: new Unknown('the key') }
    const [line = ''] = linesOf({
      type: 'task-result',
      at,
      task,
      host: 'a',
      result: { status: 'ok', differences: [], warnings: [], value },
    })
    expect(JSON.parse(line).result.value).toEqual({ password: '‹secret›', key: '‹known after apply›' })
  })
})
