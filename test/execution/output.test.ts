import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Type } from '@sinclair/typebox'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../engine/report/event.ts'
import { defineAction } from '../../engine/resource/action.ts'
import { sh } from '../../engine/resource/command.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { command, go, note, temporaryFolder } from './harness.ts'

const key = 'BEGIN\nfirst half\nsecond half\nEND'

/** Prints what it was given to keep. */
const leak = defineAction({
  name: 'leak',
  summary: 'Prints a secret.',
  args: Type.Object({}),
  examples: [],
  decide: () => ({ due: true, what: 'leaks' }),
  run: () => sh.input(sh`cat; echo; base64 -w 0 <<-x\nno\nx`, new Secret(key)),
})

function spoken(events: readonly Event[]): string[] {
  return events.flatMap((event) =>
    event.type === 'task-output'
      ? [`${event.host}${event.item ? ` ${event.item.label}` : ''} ${event.stream}: ${event.text}`]
      : [],
  )
}

describe('the output of a command', () => {
  test('is told while it runs', async () => {
    await using at = await temporaryFolder()
    const pipe = `${at.path}/pipe`
    execFileSync('mkfifo', [pipe])
    // The command ends only when its first line was heard.
    const onEvent = (event: Event) => {
      if (event.type === 'task-output' && event.text === 'begin') writeFileSync(pipe, 'on\n')
    }
    const steps = [{ call: command, args: () => ({ cmd: `echo begin; read word <${pipe}; echo "go $word" >&2` }) }]
    const { events, lines } = await go('run', { steps }, { tellsOutput: true, onEvent })
    expect(lines).toEqual(['a t0: changed'])
    expect(spoken(events)).toEqual(['a stdout: begin', 'a stderr: go on'])
    expect(events.find(({ type }) => type === 'task-output')).toMatchObject({ task: { id: 't0', module: 'command' } })
  })

  test('names the item of a loop', async () => {
    const steps = [
      { call: command, items: () => ['x', 'y'], args: ({ item }: { item?: unknown }) => ({ cmd: `echo ${item}` }) },
    ]
    const { events } = await go('run', { steps, hosts: ['a'] }, { tellsOutput: true })
    expect(spoken(events)).toEqual(['a x stdout: x', 'a y stdout: y'])
  })

  test('has nothing in it that a terminal would obey', async () => {
    const steps = [{ call: command, args: () => ({ cmd: "printf 'a\\007b\\033[31mc\\n'" }) }]
    const { events } = await go('run', { steps }, { tellsOutput: true })
    expect(spoken(events)).toEqual(['a stdout: a␇bc'])
  })

  test('hides secrets, those of several lines as well', async () => {
    const { events } = await go('run', { steps: [{ call: leak }] }, { tellsOutput: true })
    expect(spoken(events)).toEqual([
      'a stdout: ‹secret›',
      'a stdout: ‹secret›',
      'a stdout: ‹secret›',
      'a stdout: END',
      'a stdout: bm8K',
    ])
  })

  test('is not told unless asked for, nor with no_log, nor of the looking around it', async () => {
    const loud = { call: command, args: () => ({ cmd: 'echo loud' }) }
    expect(spoken((await go('run', { steps: [loud] })).events)).toEqual([])
    const hidden = { ...loud, noLog: true }
    expect(spoken((await go('run', { steps: [hidden] }, { tellsOutput: true })).events)).toEqual([])
    await using at = await temporaryFolder()
    const quiet = { call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }) }
    expect(spoken((await go('run', { steps: [quiet] }, { tellsOutput: true })).events)).toEqual([])
  })

  test('costs no round', async () => {
    const steps = [{ call: command, args: () => ({ cmd: 'echo one; echo two' }) }]
    const [quiet, loud] = [await go('run', { steps }), await go('run', { steps }, { tellsOutput: true })]
    expect(loud.rounds).toEqual(quiet.rounds)
  })
})
