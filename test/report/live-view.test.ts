import { describe, expect, test } from 'vitest'
import type { Event, TaskRef, TaskResult } from '../../engine/report/event.ts'
import { type Aside, createTerminalReporter } from '../../engine/report/terminal.ts'
import { Screen } from './screen.ts'

const at = (seconds: number) => new Date(Date.UTC(2024, 0, 1, 0, 0, seconds)).toISOString()
const place = { file: 'site.yml', line: 4, column: 3 }
const ok: TaskResult = { status: 'ok', differences: [], warnings: [] }
const hosts = ['web1', 'web2', 'web3']

function taskRef(name: string): TaskRef {
  return { id: name, name, module: 'command', play: 'p', place, handler: false }
}

const packages = taskRef('every package that this release of the shop needs is installed')
const started: Event = { type: 'task-started', at: at(0), task: packages, hosts }
const one: Event = { type: 'task-result', at: at(5), task: packages, host: 'web1', result: ok }
const lost: Event = {
  type: 'task-result',
  at: at(6),
  task: packages,
  host: 'web2',
  result: { ...ok, status: 'unreachable' },
}
const said = (host: string, text: string): Event => ({
  type: 'task-output',
  at: at(7),
  task: packages,
  host,
  stream: 'stdout',
  text,
})
const tick = (seconds: number): Aside => ({ type: 'tick', at: at(seconds) })

/** What a terminal of so many columns and rows shows of events, and a way to go on. */
function terminal(columns: number, rows: number, verbosity = 0) {
  const screen = new Screen(columns, rows, { lineEnds: true })
  const report = createTerminalReporter({
    output: screen,
    width: () => screen.width,
    height: () => screen.height,
    colour: true,
    live: true,
    verbosity,
    wholeDifferences: false,
  })
  const after = async (...events: (Event | Aside)[]) => {
    for (const event of events) report(event)
    await screen.shown()
    return screen.lines
  }
  return { screen, after }
}

describe('the live view on a terminal', () => {
  test('has one line a task, with the hosts that are done, failed and waiting, and the time', async () => {
    const { after } = terminal(120, 24)
    expect(await after(started, tick(2))).toEqual([` 0:02  ${packages.name}: 0 of 3 done`])
    expect(await after(one, lost, tick(65))).toEqual([
      ` 1:05  ${packages.name}: 2 of 3 done, 1 failed, waiting for web3`,
    ])
  })

  test('says how much of what is sent has gone out, of all hosts that are not done', async () => {
    const { after } = terminal(150, 24)
    const sent = (host: string, percent: number): Event => ({
      ...{ type: 'task-progress', at: at(3), task: packages, host },
      ...{ sent: percent * 20_000_000, size: 2_000_000_000 },
    })
    expect(await after(started, sent('web1', 50), sent('web2', 25), sent('web2', 30), tick(4))).toEqual([
      ` 0:04  ${packages.name}: 0 of 3 done, 40 % of 4.0 GB sent`,
    ])
    expect(await after(one, tick(5))).toEqual([
      ` 0:05  ${packages.name}: 1 of 3 done, 30 % of 2.0 GB sent, waiting for web2, web3`,
    ])
  })

  test.each([80, 40])('keeps to one line on %i columns, the counts in sight', async (columns) => {
    const { after, screen } = terminal(columns, 24)
    const lines = await after(started, one, lost, tick(65))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^ 1:05 {2}every p.*…: 2 of 3 done, 1 failed$/)
    expect(lines[0]?.length).toBeLessThan(columns)
    expect(screen.cursor).toEqual([0, 1])
  })

  test('draws over itself, and scrolls out nothing but what stays', async () => {
    const { after } = terminal(60, 6, 1)
    await after(started)
    const text = Array.from({ length: 20 }, (_, index) => `line ${index}`)
    const lines = await after(...text.flatMap((line, index) => [said('web1', line), tick(index)]))
    expect(lines).toEqual([
      ...text.map((line) => `web1         │ ${line}`),
      expect.stringMatching(/^ 0:19 .*0 of 3 done$/),
    ])
    const done = await after(...hosts.map((host): Event => ({ ...one, host })), {
      type: 'task-finished',
      at: at(30),
      task: packages,
    })
    expect(done.slice(0, 20)).toEqual(text.map((line) => `web1         │ ${line}`))
    expect(done.slice(20).join('')).toBe(`ok           ${packages.name} [web1, web2, web3]`)
  })

  test.each([
    ['narrower', 40, 24],
    ['wider', 120, 24],
    ['narrow and low', 34, 8],
  ])('leaves nothing behind when the terminal becomes %s', async (_title, columns, rows) => {
    const { screen, after } = terminal(80, 24, 1)
    await after(started, { ...started, task: taskRef('another') }, said('web1', 'hello'), tick(3))
    screen.resize(columns, rows)
    const lines = await after(tick(4))
    expect(lines).toHaveLength(3)
    expect(lines[0]).toBe('web1         │ hello')
    expect(lines[1]).toMatch(/^ 0:04 {2}every.*: 0 of 3 done$/)
    expect(await after({ type: 'end', at: at(5) })).toEqual(['web1         │ hello'])
    expect(screen.cursor).toEqual([0, 1])
  })

  test('is never taller than the terminal', async () => {
    const { after } = terminal(60, 5)
    const lines = await after(...Array.from({ length: 12 }, (_, n) => ({ ...started, task: taskRef(`task ${n}`) })))
    expect(lines).toEqual([
      ' 0:00  task 0: 0 of 3 done',
      ' 0:00  task 1: 0 of 3 done',
      ' 0:00  task 2: 0 of 3 done',
      '… and 9 more tasks',
    ])
    expect(await after({ type: 'end', at: at(1) })).toEqual([])
  })

  test('shows what commands say behind the name of their host', async () => {
    const { after } = terminal(60, 24, 1)
    const item: Event = { ...said('web2', 'a\u0007b\u001b[31mc'), item: { index: 0, label: 'two' } } as Event
    expect(await after(started, said('web1', 'one'), item)).toEqual([
      'web1         │ one',
      'web2 (two)   │ a␇bc',
      expect.stringContaining('0 of 3 done'),
    ])
  })

  test('takes a Ctrl-C that the terminal shows away with its own lines', async () => {
    const { screen, after } = terminal(60, 24)
    await after(started)
    screen.write('^C')
    const notice: Aside = { type: 'notice', at: at(1), text: 'finishing what is in flight' }
    const lines = await after(notice)
    expect(lines).toEqual(['finishing what is in flight', expect.stringContaining('0 of 3 done')])
  })
})
