import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { exitCodeOf } from '../../engine/cli/exit-code.ts'
import { breakLock } from '../../engine/remote/lock.ts'
import type { Event } from '../../engine/report/event.ts'
import { sh } from '../../engine/resource/command.ts'
import { moment } from '../../engine/resource/moment.ts'
import {
  command,
  go,
  note,
  openLocal,
  openLocked,
  stubborn,
  type TestPlay,
  type TestStep,
  temporaryFolder,
} from './harness.ts'

describe('the lock of a host', () => {
  const work = (script: string): TestPlay => ({ steps: [{ call: command, args: () => ({ cmd: script }) }] })

  test('keeps a second run out and tells it who is at work; check does not ask for it', async () => {
    const holder = await openLocked('a')
    const lock = { by: 'bert@desk', playbook: 'other.yml', since: '2026-01-01T00:00:00Z' }
    await holder.round({ become: undefined, jobs: [], reads: [], lock: { holder: lock, as: undefined } })
    const { lines, results, summary } = await go('run', work(':'), { open: openLocked })
    expect(lines).toEqual(['a connect: failed'])
    expect(results[0]?.failure?.message).toBe(
      `bert@desk has been working on a since ${moment(lock.since, new Date())}, with other.yml`,
    )
    expect(summary.hosts.a?.lost).toBe('locked')
    expect((await go('check', work(':'), { open: openLocked })).lines).toEqual(['a t0: would-run'])
    await holder.close()
    expect((await go('run', work(':'), { open: openLocked })).lines).toEqual(['a t0: changed'])
  })

  test('is waited for, by a run that says so, and then taken', async () => {
    const holder = await openLocked('a')
    const lock = { holder: { by: 'bert@desk', playbook: 'other.yml', since: '2026-01-01T00:00:00Z' }, as: undefined }
    await holder.round({ become: undefined, jobs: [], reads: [], lock })
    const onEvent = ({ type }: Event) => {
      if (type === 'lock-awaited') void holder.close()
    }
    const { events, lines } = await go('run', work(':'), { open: openLocked, lockTimeoutMs: 1000, onEvent })
    expect(events.flatMap((event) => (event.type === 'lock-awaited' ? event.message : []))).toEqual([
      `bert@desk has been working on a since ${moment(lock.holder.since, new Date())}, with other.yml`,
    ])
    expect(lines).toEqual(['a t0: changed'])
  })

  test('is waited for at once with those of all hosts that the playbook delegates to', async () => {
    const opened: string[] = []
    const open = async (host: string) => {
      opened.push(host)
      return await (host === 'a' ? openLocal : openLocked)(host)
    }
    const holder = await openLocked('localhost')
    const lock = { holder: { by: 'bert@desk', playbook: 'other.yml', since: '2026-01-01T00:00:00Z' }, as: undefined }
    await holder.round({ become: undefined, jobs: [], reads: [], lock })
    const onEvent = ({ type }: Event) => {
      if (type === 'lock-awaited') void holder.close()
    }
    const delegated: TestPlay = {
      steps: [
        { call: command, args: () => ({ cmd: ':' }) },
        { call: command, args: () => ({ cmd: ':' }), delegate: () => 'localhost' },
        { call: command, when: () => false, delegate: () => 'unneeded' },
      ],
    }
    expect((await go('run', delegated, { open })).lines).toEqual(['a t0: changed', 'a t1: failed'])
    opened.length = 0
    const { events, lines } = await go('run', delegated, { open, lockTimeoutMs: 1000, onEvent })
    expect(events.flatMap((event) => (event.type === 'lock-awaited' ? event.host : []))).toEqual(['localhost'])
    expect(lines).toEqual(['a t0: changed', 'a t1: changed', 'a t2: skipped'])
    expect(opened).toEqual(['a', 'localhost'])
  })

  test('is one for a machine that has two names in the inventory, and both are worked on', async () => {
    await using at = await temporaryFolder()
    const steps = [{ call: command, args: () => ({ cmd: `echo done >>${at.path}/work` }) }]
    const { lines } = await go('run', { hosts: ['a', 'alias'], steps: [...steps, ...steps] }, { open: openLocked })
    expect(lines).toEqual(['a t0: changed', 'alias t0: changed', 'a t1: changed', 'alias t1: changed'])
    expect(readFileSync(`${at.path}/work`, 'utf8')).toBe('done\n'.repeat(4))
  })

  test('that somebody breaks ends the work on the host, and neither a rescue nor ignore_errors goes on', async () => {
    const { events, lines, results, summary } = await go(
      'run',
      {
        steps: [
          { call: command, args: () => ({ cmd: `${breakLock('bert@desk', '2026-01-01T00:00:00Z').text}` }) },
          { call: command, ignoreErrors: true, args: () => ({ cmd: ':' }) },
          { call: command, args: () => ({ cmd: ':' }) },
        ],
      },
      { open: openLocked },
    )
    expect(lines).toEqual(['a t0: changed', 'a t1: failed'])
    expect(results[1]?.failure).toMatchObject({
      code: 'LOCK_BROKEN',
      message: expect.stringContaining('bert@desk broke the lock of this run on a at '),
    })
    expect(summary.hosts.a?.lost).toBe('locked')
    expect(events.filter(({ type }) => type === 'task-started')).toHaveLength(2)
  })

  test('is taken again by the shell that takes the place of one that hung', async () => {
    const path = process.getuid?.() === 0 ? '/run/lockstep.lock' : `${homedir()}/.lockstep.lock`
    const { lines } = await go(
      'run',
      {
        steps: [
          { call: command, timeoutMs: 100, ignoreErrors: true, args: () => ({ cmd: 'sleep 60' }) },
          { call: command, args: () => ({ cmd: `! flock -n ${path} true` }) },
        ],
      },
      { open: openLocked },
    )
    expect(lines).toEqual(['a t0: failed', 'a t1: changed'])
  })

  test('is not inherited by what a task leaves running, and leaves no file', async () => {
    const left = 'sleep 30 >/dev/null 2>&1 & echo $!'
    const { results } = await go('run', work(`${left}; [ ! -e /proc/self/fd/9 ]`), { open: openLocked })
    expect(results[0]?.status).toBe('changed')
    const pid = String(Object(results[0]?.value).stdout)
    expect((await go('run', work(`kill ${pid}`), { open: openLocked })).lines).toEqual(['a t0: changed'])
    expect([existsSync('/run/lockstep.lock'), existsSync(`${homedir()}/.lockstep.lock`)]).toEqual([false, false])
  })
})

describe('a debt', () => {
  const reload = (extra: Partial<TestStep>) => ({ name: 'reload', call: command, args: () => ({ cmd: ':' }), ...extra })
  const owing = (at: string, handler: TestStep & { name: string }): TestPlay => ({
    steps: [{ call: note, notify: ['reload'], args: () => ({ path: `${at}/x`, text: 'x' }) }],
    handlers: [handler],
  })

  test.each([
    ['whose handler is not needed after all', { when: () => false }],
    ['whose handler finds that it is done', { args: () => ({ cmd: ':', creates: '/' }) }],
    ['whose handler runs in several parts', { items: () => ['one', 'two'] }],
    ['whose handler is done by another host', { delegate: () => 'b' }],
  ])('%s does not stand for ever', async (_, extra) => {
    await using at = await temporaryFolder()
    await go('run', owing(at.path, reload(extra)))
    const { events, lines } = await go('run', owing(at.path, reload(extra)))
    expect(events.filter(({ type }) => type === 'debt-found')).toEqual([])
    expect(lines).toEqual(['a t0: ok'])
  })

  test.each([
    ['is judged a failure by the task', { failedWhen: [{} as never] }],
    ['is a module that does not settle', { call: stubborn, args: () => ({ path: '/none' }) }],
  ])('stands when its handler %s, and is said to be owed', async (_, extra) => {
    await using at = await temporaryFolder()
    const failing = await go('run', owing(at.path, reload(extra)))
    expect(failing.lines).toEqual(['a t0: changed', 'a reload: failed'])
    const paying = await go('run', owing(at.path, reload({})))
    expect(paying.lines).toEqual(['a t0: ok', 'a reload: changed'])
    expect(paying.results[1]?.reason).toMatch(/^owed since .*, by ann@laptop, for 't0' in test.yml$/)
    expect(paying.summary.hosts.a?.owed).toEqual([])
  })

  test('stands for the hosts that a stopped roll of its handler did not get to', async () => {
    await using at = await temporaryFolder()
    const play = (cmd: string): TestPlay => ({
      hosts: ['a', 'b'],
      steps: [{ call: note, notify: ['reload'], args: ({ host }) => ({ path: `${at.path}/${host}`, text: 'x' }) }],
      handlers: [
        reload({
          roll: { serial: [{ kind: 'count', count: 1 }], order: { kind: 'inventory' } } as never,
          args: () => ({ cmd }),
        }),
      ],
      play: { anyErrorsFatal: true },
    })
    const { lines, summary } = await go('run', play('exit 1'))
    expect(lines).toEqual(['a t0: changed', 'b t0: changed', 'a reload: failed'])
    expect([summary.hosts.a?.owed, summary.hosts.b?.owed]).toEqual([['reload'], ['reload']])
    expect((await go('run', play(':'))).lines).toEqual([
      'a t0: ok',
      'b t0: ok',
      'a reload: changed',
      'b reload: changed',
    ])
  })

  test('stands for the handlers that an interrupted run did not get to', async () => {
    await using at = await temporaryFolder()
    const interrupt = new AbortController()
    const play: TestPlay = {
      steps: [{ call: note, notify: ['reload', 'again'], args: () => ({ path: `${at.path}/x`, text: 'x' }) }],
      handlers: [reload({}), reload({ name: 'again' })],
    }
    const onEvent = ({ type, ...event }: Event) => {
      if (type === 'task-started' && 'task' in event && event.task.handler) interrupt.abort()
    }
    const cut = await go('run', play, { signal: interrupt.signal, onEvent })
    expect(cut.lines).toEqual(['a t0: changed'])
    expect(cut.summary.hosts.a?.owed).toEqual(['reload', 'again'])
    expect((await go('run', play)).lines).toEqual(['a t0: ok', 'a reload: changed', 'a again: changed'])
    expect((await go('run', play)).lines).toEqual(['a t0: ok'])
  })

  test('of a change that broke half way is paid when the play goes on all the same', async () => {
    await using at = await temporaryFolder()
    const half = { ...stubborn, apply: { change: () => sh`false` } }
    const steps = [{ call: half, notify: ['reload'], ignoreErrors: true, args: () => ({ path: `${at.path}/x` }) }]
    const { lines } = await go('run', { steps, handlers: [reload({})] })
    expect(lines).toEqual(['a t0: failed', 'a reload: changed'])
  })

  test('whose handler the playbook does not have is drift that no run of it mends', async () => {
    await using at = await temporaryFolder()
    const steps = (fails: boolean): TestStep[] => [
      { call: note, notify: ['reload'], args: () => ({ path: `${at.path}/x`, text: 'x' }) },
      { call: command, args: () => ({ cmd: fails ? 'exit 1' : ':' }) },
    ]
    await go('run', { steps: steps(true), handlers: [reload({})] })
    for (const mode of ['check', 'run', 'run'] as const) {
      const { events, summary } = await go(mode, { steps: [] })
      expect(events.find(({ type }) => type === 'debt-found')).toMatchObject({ handlerExists: false })
      expect(summary.hosts.a?.owed).toEqual(['reload'])
      expect(exitCodeOf(summary, mode)).toBe(mode === 'check' ? 2 : 0)
    }
    expect((await go('run', { steps: steps(false), handlers: [reload({})] })).summary.hosts.a?.owed).toEqual([])
  })

  test('stands as long as its handler cannot do what it is for', async () => {
    await using at = await temporaryFolder()
    const handler = (path: string) => reload({ call: note, args: () => ({ path, text: 'y' }) })
    const failing = await go('run', owing(at.path, handler(`${at.path}/none/y`)))
    expect(failing.lines).toEqual(['a t0: changed', 'a reload: failed'])
    const paying = await go('run', owing(at.path, handler(`${at.path}/y`)))
    expect(paying.lines).toEqual(['a t0: ok', 'a reload: changed'])
  })

  test('is recorded where it is owed when the change is made elsewhere, and cleared there', async () => {
    await using at = await temporaryFolder()
    const work: string[] = []
    const open = async (host: string) => {
      const remote = await openLocal(host)
      const round: typeof remote.round = (trip) => {
        const texts = trip.jobs.flatMap(({ commands }) => commands.map(({ text }) => text))
        work.push(
          ...texts
            .filter((text) => text.includes('/debts'))
            .map((text) => `${host} ${/rm -f/.test(text) ? 'clears' : 'owes'}`),
        )
        return remote.round(trip)
      }
      return { ...remote, round }
    }
    const play = owing(at.path, reload({}))
    await go('run', { ...play, steps: play.steps.map((step) => ({ ...step, delegate: () => 'b' })) }, { open })
    expect(work.filter((line) => !line.startsWith('b'))).toEqual(['a owes', 'a clears'])
    expect(work.filter((line) => line === 'b clears')).toEqual([])
  })
})
