import { describe, expect, test } from 'vitest'
import { Problem } from '../../engine/problem.ts'
import type { Event, HostSummary, Mode, RunSummary, Status, TaskRef, TaskResult } from '../../engine/report/event.ts'
import { type Aside, createTerminalReporter, type TerminalOptions } from '../../engine/report/terminal.ts'
import { moment } from '../../engine/resource/moment.ts'

const at = (seconds: number) => new Date(Date.UTC(2024, 0, 1, 0, 0, seconds)).toISOString()
const place = { file: 'site.yml', line: 4, column: 3 }
const forwarding: TaskRef = { id: 't1', name: 'forward', module: 'sysctl', play: 'p', place, handler: false }
const rules: TaskRef = { id: 't2', name: 'rules', module: 'ufw', play: 'p', place, handler: false }

const ok: TaskResult = { status: 'ok', differences: [], warnings: [] }
const changed: TaskResult = {
  status: 'changed',
  differences: [{ kind: 'set', what: 'net.ipv4.ip_forward', form: 'value', before: '0', after: '1' }],
  warnings: [],
}
const failed: TaskResult = {
  status: 'failed',
  differences: [],
  warnings: [],
  failure: {
    code: 'COMMAND_FAILED',
    message: 'ufw refused the rule',
    hint: 'look at the port',
    command: { text: 'ufw allow 99999', code: 1, stdout: '', stderr: '\u001b[31mERROR: Bad port\u001b[0m\r\n' },
  },
}

function task(ref: TaskRef, results: readonly (readonly [string, TaskResult])[], second = 1): Event[] {
  const hosts = [...new Set(results.map(([host]) => host))]
  return [
    { type: 'task-started', at: at(second), task: ref, hosts },
    ...results.map(([host, result]): Event => ({ type: 'task-result', at: at(second), task: ref, host, result })),
    { type: 'task-finished', at: at(second), task: ref },
  ]
}

function summaryOf(counts: Partial<Record<Status, number>>, rest: Partial<HostSummary> = {}): HostSummary {
  const none = Object.fromEntries(allStatuses.map((status) => [status, 0])) as Record<Status, number>
  return { counts: { ...none, ...counts }, rounds: 3, bytesSent: 1200, bytesReceived: 950, owed: [], ...rest }
}

const allStatuses: Status[] = ['ok', 'changed', 'known-after-apply', 'would-run', 'may-run', 'deferred', 'skipped']
allStatuses.push('failed', 'unreachable', 'not-visible')

function whole(mode: Mode, hosts: Record<string, HostSummary>, events: Event[], interrupted = false): Event[] {
  const summary: RunSummary = { hosts, elapsedMs: 12_300, interrupted }
  const names = Object.keys(hosts)
  return [
    { type: 'run-started', at: at(0), mode, playbook: 'site.yml', operator: 'ann@laptop', hosts: names },
    { type: 'play-started', at: at(0), play: 'tunnels', place, hosts: names },
    ...events,
    { type: 'play-finished', at: at(12), play: 'tunnels' },
    { type: 'run-finished', at: at(12), mode, summary },
  ]
}

function report(events: readonly (Event | Aside)[], options: Partial<TerminalOptions> = {}): string {
  let text = ''
  const reporter = createTerminalReporter({
    output: { write: (part: string) => (text += part) },
    width: () => 80,
    height: () => 24,
    colour: false,
    live: false,
    verbosity: 0,
    wholeDifferences: false,
    ...options,
  })
  for (const event of events) reporter(event)
  return text
}

describe('the report of a run', () => {
  test('tells each task, with the differences of those that changed, and what came of it', () => {
    const hosts = { mm1: summaryOf({ ok: 1, changed: 1 }), mm2: summaryOf({ ok: 2 }) }
    const events = [
      ...task(forwarding, [
        ['mm1', changed],
        ['mm2', ok],
      ]),
      ...task(rules, [
        ['mm1', ok],
        ['mm2', ok],
      ]),
    ]
    expect(report(whole('run', hosts, events))).toBe(`\
running site.yml on 2 hosts
play tunnels [mm1, mm2]
changed      forward [mm1]
             net.ipv4.ip_forward: 0 → 1
ok           rules [mm1, mm2]

2 hosts in 12 s
  mm1                       ok 1, changed 1
  mm2                       nothing to change
changed 1 task on 1 of 2 hosts
`)
  })

  test('shows a failed command, its exit code, the end of its streams and the hint', () => {
    const hosts = { mm1: summaryOf({ failed: 1 }, { lost: 'failed', owed: ['reload ufw'] }) }
    expect(report(whole('run', hosts, task(rules, [['mm1', failed]])))).toBe(`\
running site.yml on 1 host
play tunnels [mm1]
failed       rules [mm1]
             COMMAND_FAILED: ufw refused the rule
             command: ufw allow 99999
             exit code: 1
             stderr:
               ERROR: Bad port
             hint: look at the port

1 host in 12 s
  mm1                       failed 1, left the play, owes reload ufw
1 host failed; nothing changed on 1 host
`)
  })

  test('tells rounds and bytes of each host with -v', () => {
    const hosts = { mm1: summaryOf({ ok: 1 }), mm2: summaryOf({ ok: 1 }) }
    const text = report(whole('run', hosts, []), { verbosity: 1 })
    expect(text).toContain('  mm1                       ok 1, 3 rounds, 1.2 kB sent, 950 B received\n')
  })

  test('names items that have news and counts the others', () => {
    const item = (index: number, result: TaskResult): readonly [string, TaskResult] => [
      'mm1',
      { ...result, item: { index, label: `item ${index}` } },
    ]
    const text = report(whole('run', {}, task(forwarding, [item(0, ok), item(1, changed), item(2, ok)])), {
      verbosity: 1,
    })
    expect(text).toContain(`\
ok           forward (2 items) [mm1]
changed      forward (item 1) [mm1]
             net.ipv4.ip_forward: 0 → 1
`)
  })

  test('says what became of a failure that is borne', () => {
    const text = report(whole('run', {}, task(rules, [['mm1', { ...failed, tolerated: 'ignored' }]])))
    expect(text).toContain('ignored      rules [mm1]\n')
  })

  test('shows warnings of tasks that changed nothing', () => {
    const text = report(whole('run', {}, task(rules, [['mm1', { ...ok, warnings: ['ufw is\u0007 off'] }]])))
    expect(text).toContain('ok           rules [mm1]\n             warning: ufw is␇ off\n')
  })

  test('tells tasks that were cut short by an interruption', () => {
    const [started, result] = task(rules, [['mm1', changed]])
    const events = whole(
      'run',
      { mm1: summaryOf({ changed: 1 }) },
      [started, result].flatMap((event) => event ?? []),
      true,
    )
    const text = report(events)
    expect(text).toContain('changed      rules [mm1]\n')
    expect(text).toContain('interrupted; changed 1 task on 1 of 1 host\n')
  })

  test('tells of hosts that could not take part, though no task has started', () => {
    const connect: TaskRef = { id: 'connect', name: 'connect', module: 'connect', play: 'p', place, handler: false }
    const failure = { code: 'LOCKED', message: 'bob has been working on mm1 since noon', hint: 'wait' }
    const result: TaskResult = { ...ok, status: 'failed', failure }
    const events = whole('run', { mm1: summaryOf({ failed: 1 }, { lost: 'locked' }) }, [
      { type: 'task-result', at: at(1), task: connect, host: 'mm1', result },
    ])
    expect(report(events)).toContain(`\
failed       connect [mm1]
             LOCKED: bob has been working on mm1 since noon
             hint: wait
`)
  })

  test('shows warnings about the playbook as problems', () => {
    const problem = new Problem({ code: 'UNUSED_HANDLER', message: 'nobody notifies x', severity: 'warning' })
    expect(report([{ type: 'warning', at: at(0), problem }])).toBe('warning[UNUSED_HANDLER]: nobody notifies x\n')
  })
})

describe('the report of a check', () => {
  test('says first what it came to, and then only what differs', () => {
    const hosts = { mm1: summaryOf({ ok: 1, changed: 1, 'known-after-apply': 1 }), mm2: summaryOf({ ok: 3 }) }
    const unknown: TaskResult = {
      ...ok,
      status: 'known-after-apply',
      reason: 'the key pair /k, which does not exist yet',
    }
    const events = [
      ...task(forwarding, [
        ['mm1', changed],
        ['mm2', ok],
      ]),
      ...task({ ...rules, id: 't3', name: 'quiet' }, [['mm1', ok]]),
      ...task(rules, [['mm1', unknown]]),
    ]
    expect(report(whole('check', hosts, events))).toBe(`\
2 hosts · 6 states checked · 2 drifted on 1 host

play tunnels [mm1, mm2]
drift        forward [mm1]
             net.ipv4.ip_forward: 0 → 1
drift        rules [mm1]
             known after apply: the key pair /k, which does not exist yet

checked site.yml on 2 hosts in 12 s
  mm1                       ok 1, drift 2
  mm2                       nothing to change
`)
  })

  test('tells the worst first, whatever the order of the tasks, and what it depends on', () => {
    const counts = { changed: 2, failed: 1, 'may-run': 1, 'would-run': 1, 'not-visible': 1 }
    const hosts = { mm1: summaryOf(counts, { lost: 'failed' }), mm2: summaryOf({ changed: 1, ok: 1 }) }
    const ref = (name: string): TaskRef => ({ ...rules, id: name, name })
    const events = [
      ...task(ref('perhaps'), [['mm1', { ...ok, status: 'may-run', reason: 'depends on what look gives' }]]),
      ...task(ref('on one host'), [['mm1', changed]]),
      ...task(ref('certainly'), [['mm1', { ...ok, status: 'would-run', reason: 'warm-cache' }]]),
      ...task(ref('hidden'), [['mm1', { ...ok, status: 'not-visible', reason: '/etc/shadow: permission denied' }]]),
      ...task(ref('on both'), [
        ['mm2', changed],
        ['mm1', changed],
      ]),
      ...task(ref('broken'), [['mm1', { ...failed, failure: { code: 'TASK_FAILED', message: 'no such group' } }]]),
    ]
    expect(report(whole('check', hosts, events))).toBe(`\
2 hosts · 4 states checked · 3 drifted on 2 hosts · 1 would run · 1 may run · 1 not visible · 1 host failed

play tunnels [mm1, mm2]
failed       broken [mm1]
             TASK_FAILED: no such group
drift        on both [mm2, mm1]
             net.ipv4.ip_forward: 0 → 1
drift        on one host [mm1]
             net.ipv4.ip_forward: 0 → 1
not visible  hidden [mm1]
             /etc/shadow: permission denied
would run    certainly [mm1]
             warm-cache
may run      perhaps [mm1]
             depends on what look gives

checked site.yml on 2 hosts in 12 s
  mm1                       drift 2, would run 1, may run 1, not visible 1, failed 1, left the play
  mm2                       ok 1, drift 1
`)
  })

  test('names the play of each task when there are several', () => {
    const second: Event = { type: 'play-started', at: at(1), play: 'rolls', place, hosts: ['mm1'] }
    const events = [
      ...task(forwarding, [['mm1', changed]]),
      second,
      ...task({ ...rules, play: 'rolls' }, [['mm1', changed]]),
    ]
    const text = report(whole('check', { mm1: summaryOf({ changed: 2 }) }, events))
    expect(text).toContain('drift        forward [mm1] in p\n')
    expect(text).toContain('drift        rules [mm1] in rolls\n')
    expect(text).not.toContain('play tunnels')
  })

  test('is one finding for a task that passes its hosts in batches', () => {
    const events = ['mm1', 'mm2'].flatMap((host) => task(forwarding, [[host, changed]]))
    const hosts = { mm1: summaryOf({ changed: 1 }), mm2: summaryOf({ changed: 1 }) }
    expect(report(whole('check', hosts, events))).toContain('drift        forward [mm1, mm2]\n')
  })

  test('keeps warnings about the playbook back, so that its verdict stands first', () => {
    const problem = new Problem({ code: 'IDLE_HANDLER', message: 'nobody notifies x', severity: 'warning' })
    const events: Event[] = [
      { type: 'warning', at: at(0), problem },
      ...whole('check', { mm1: summaryOf({ ok: 1 }) }, []),
    ]
    expect(report(events, { mode: 'check' })).toBe(`\
1 host · 1 state checked · no drift

warning[IDLE_HANDLER]: nobody notifies x

checked site.yml on 1 host in 12 s
  mm1                       nothing to change
`)
  })

  test('of converged hosts is short', () => {
    const text = report(whole('check', { mm1: summaryOf({ ok: 2 }) }, task(rules, [['mm1', ok]])))
    expect(text).toBe(`\
1 host · 2 states checked · no drift

checked site.yml on 1 host in 12 s
  mm1                       nothing to change
`)
  })

  test('counts a handler that is owed as drift', () => {
    const debt = {
      handler: 'reload ufw',
      playbook: 'site.yml',
      reason: 'rules changed',
      since: at(0),
      by: 'ann@laptop',
    }
    const events: Event[] = [{ type: 'debt-found', at: at(1), host: 'mm1', debt, handlerExists: true }]
    const text = report(whole('check', { mm1: summaryOf({ ok: 2 }, { owed: ['reload ufw'] }) }, events))
    expect(text).toContain('1 host · 2 states checked · no drift · 1 handler owed\n')
    const since = moment(debt.since, new Date(at(1)))
    expect(text).toContain(
      `owed         mm1: 'reload ufw' owed since ${since}, by ann@laptop, for 'rules changed' in site.yml\n`,
    )
  })
})

describe('the report of 500 hosts', () => {
  const names = Array.from({ length: 500 }, (_, index) => `web${String(index).padStart(3, '0')}`)

  test('tells what all of them share once', () => {
    const text = report(
      whole(
        'run',
        {},
        task(
          forwarding,
          names.map((name) => [name, changed]),
        ),
      ),
    )
    expect(text).toContain('changed      forward [all 500 hosts]\n')
  })

  test('has a recap that fits a screen, with what needs a person first', () => {
    const became = (index: number): HostSummary => {
      if (index % 100 === 7) return summaryOf({ ok: 3, failed: 1 }, { lost: 'failed', owed: ['restart nginx'] })
      if (index === 450) return summaryOf({ unreachable: 1 }, { lost: 'unreachable' })
      return index % 2 ? summaryOf({ ok: 4, changed: 2 }) : summaryOf({ ok: 6 })
    }
    const hosts = Object.fromEntries(names.map((name, index) => [name, became(index)]))
    expect(report(whole('run', hosts, []))).toBe(`\
running site.yml on 500 hosts
play tunnels [web000, web001, web002, web003, web004 and 495 more]

500 hosts in 12 s
  5 hosts: web007, web107 and 3 more      ok 3, failed 1, left the play, owes restart nginx
  web450                                  unreachable 1
  245 hosts: web001, web003 and 243 more  ok 4, changed 2
  249 hosts: web000, web002 and 247 more  nothing to change
1 host unreachable; 5 hosts failed; changed 490 tasks on 245 of 500 hosts
`)
  })

  test('has a recap that fits a screen when no two hosts are alike', () => {
    const hosts = Object.fromEntries(names.map((name, index) => [name, summaryOf({ changed: index + 1 })]))
    expect(report(whole('run', hosts, [])).split('\n').length).toBeLessThan(24)
  })
})

describe('the live view', () => {
  test('draws what is running, and takes it away when it is done', () => {
    const [started, first, second, finished] = task(forwarding, [
      ['mm1', ok],
      ['mm2', ok],
    ])
    const parts: string[] = []
    const reporter = createTerminalReporter({
      output: { write: (part: string) => parts.push(part) },
      width: () => 60,
      height: () => 24,
      colour: false,
      live: true,
      verbosity: 0,
      wholeDifferences: false,
    })
    for (const event of [started, first]) if (event) reporter(event)
    reporter({ type: 'tick', at: at(66) })
    for (const event of [second, finished]) if (event) reporter(event)
    expect(parts).toEqual([
      ' 0:00  forward: 0 of 2 done\n',
      '\u001b[1A\r\u001b[J 1:05  forward: 1 of 2 done, waiting for mm2\n',
      '\u001b[1A\r\u001b[Jok           forward [mm1, mm2]\n',
    ])
  })

  test('tells how many hosts have answered while there is no task yet', () => {
    const events: (Event | Aside)[] = [
      { type: 'run-started', at: at(0), mode: 'run', playbook: 'x.yml', operator: 'ann', hosts: ['a', 'b'] },
      { type: 'host-connected', at: at(1), host: 'a' },
      { type: 'tick', at: at(3) },
    ]
    const text = report(events, { live: true })
    expect(text.split('\u001b[J').at(-1)).toBe(' 0:03  connecting: 1 of 2 hosts have answered\n')
  })

  test('never draws a line wider than the terminal', () => {
    const long = { ...forwarding, name: 'a very long name of a task '.repeat(5) }
    const [started] = task(long, [['mm1', ok]])
    const text = report(started ? [started] : [], { live: true, width: () => 40 })
    expect(text.trimEnd().length).toBeLessThan(40)
  })
})

test('shows what a task says, without what a terminal would obey', () => {
  const said: TaskResult = { ...ok, message: 'first\n\u001b[31msecond' }
  const text = report(whole('run', { web1: summaryOf({ ok: 1 }) }, task(forwarding, [['web1', said]])))
  expect(text).toContain('forward [web1]\n             first\n             second\n')
})
