import { readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { RemoteHost } from '../../engine/remote/host.ts'
import { RemoteProblem } from '../../engine/remote/remote-problem.ts'
import type { Decision } from '../../engine/resource/action.ts'
import { sh } from '../../engine/resource/command.ts'
import { fileOf, predict, type RawState, read } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import {
  account,
  command,
  folder,
  go,
  lineAtEnd,
  note,
  openLocal,
  stubborn,
  type TestPlay,
  temporaryFolder,
  token,
  waitForFile,
} from './harness.ts'

describe('check and run', () => {
  test('agree on a chain of tasks that build on one another, and a second run changes nothing', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: folder, args: () => ({ path: `${at.path}/d` }) },
        { call: note, args: () => ({ path: `${at.path}/d/f`, text: 'one\n' }) },
        {
          call: lineAtEnd,
          items: () => ['two', 'three'],
          args: ({ item }) => ({ path: `${at.path}/d/f`, line: String(item) }),
        },
      ],
    }
    const check = await go('check', play)
    expect(check.lines).toEqual(['a t0: changed', 'a t1: changed', 'a t2 [two]: changed', 'a t2 [three]: changed'])
    const run = await go('run', play)
    expect(run.lines).toEqual(check.lines)
    expect(await readFile(`${at.path}/d/f`, 'utf8')).toBe('one\ntwo\nthree\n')
  })

  test('find nothing to do on a converged host, in one round', async () => {
    await using at = await temporaryFolder()
    await writeFile(`${at.path}/f`, 'same', { mode: 0o644 })
    const play: TestPlay = { steps: [{ call: note, args: () => ({ path: `${at.path}/f`, text: 'same' }) }] }
    for (const mode of ['check', 'run'] as const) {
      const { lines, rounds } = await go(mode, play)
      expect(lines).toEqual(['a t0: ok'])
      expect(rounds).toEqual({ a: 1 })
    }
  })

  test.each([10, 100, 1000])('need one round for %i converged tasks', async (count) => {
    await using at = await temporaryFolder()
    const steps = Array.from({ length: count }, (_, index) => ({
      call: note,
      args: () => ({ path: `${at.path}/${index}`, text: `${index}` }),
    }))
    for (let index = 0; index < count; index++) await writeFile(`${at.path}/${index}`, `${index}`, { mode: 0o644 })
    const { rounds, summary } = await go('run', { steps })
    expect(rounds).toEqual({ a: 1 })
    expect(summary.hosts.a?.counts.ok).toBe(count)
  })

  test('need one round more for each link of a chain of registered values', async () => {
    await using at = await temporaryFolder()
    await writeFile(`${at.path}/token`, 'abc')
    await writeFile(`${at.path}/copy`, 'abc', { mode: 0o644 })
    const play: TestPlay = {
      steps: [
        { call: token, register: 'made', args: () => ({ path: `${at.path}/token` }) },
        { call: note, args: ({ reg }) => ({ path: `${at.path}/copy`, text: textFrom(reg('made')) }) },
      ],
    }
    const { lines, rounds } = await go('run', play)
    expect(lines).toEqual(['a t0: ok', 'a t1: ok'])
    expect(rounds).toEqual({ a: 2 })
  })

  test('call what depends on a value that does not exist yet known after apply, on other hosts too', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      hosts: ['a', 'b'],
      steps: [
        { call: token, register: 'made', args: ({ host }) => ({ path: `${at.path}/token-${host}` }) },
        {
          call: note,
          args: ({ host, reg }) => ({
            path: `${at.path}/peer-of-${host}`,
            text: textFrom(reg('made', host === 'a' ? 'b' : 'a')),
          }),
        },
      ],
    }
    const check = await go('check', play)
    expect(check.lines).toEqual([
      'a t0: changed',
      'b t0: changed',
      'a t1: known-after-apply',
      'b t1: known-after-apply',
    ])
    expect(check.results[2]?.reason).toBe(`depends on the token ${at.path}/token-b, which does not exist yet`)
    const run = await go('run', play)
    expect(run.lines).toEqual(['a t0: changed', 'b t0: changed', 'a t1: changed', 'b t1: changed'])
    expect(await readFile(`${at.path}/peer-of-a`, 'utf8')).toBe(await readFile(`${at.path}/token-b`, 'utf8'))
    expect((await go('run', play)).lines).toEqual(['a t0: ok', 'b t0: ok', 'a t1: ok', 'b t1: ok'])
  })

  test('say NOT_SETTLED when a change does not come about', async () => {
    await using at = await temporaryFolder()
    const { results } = await go('run', { steps: [{ call: stubborn, args: () => ({ path: `${at.path}/x` }) }] })
    expect(results[0]?.failure).toMatchObject({
      code: 'NOT_SETTLED',
      message: `the change was made and the host still differs: ${at.path}/x`,
    })
  })

  test('see the removal of a folder in what lies below it', async () => {
    await using at = await temporaryFolder()
    await go('run', {
      steps: [
        { call: folder, args: () => ({ path: `${at.path}/d` }) },
        { call: note, args: () => ({ path: `${at.path}/d/f`, text: 'x' }) },
      ],
    })
    const play: TestPlay = {
      steps: [
        { call: folder, args: () => ({ path: `${at.path}/d`, absent: true }) },
        { call: folder, args: () => ({ path: `${at.path}/d` }) },
        { call: note, args: () => ({ path: `${at.path}/d/f`, text: 'x' }) },
      ],
    }
    const check = await go('check', play)
    expect(check.lines).toEqual(['a t0: changed', 'a t1: changed', 'a t2: changed'])
    expect((await go('run', play)).lines).toEqual(check.lines)
  })
})

describe('actions', () => {
  test('without a guard are told as would run, with one are decided', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: command, args: () => ({ cmd: `touch ${at.path}/plain` }) },
        { call: command, args: () => ({ cmd: `touch ${at.path}/made`, creates: `${at.path}/made` }) },
        { call: waitForFile, args: () => ({ path: `${at.path}/made` }) },
      ],
    }
    expect((await go('check', play)).lines).toEqual(['a t0: would-run', 'a t1: changed', 'a t2: deferred'])
    expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: changed', 'a t2: ok'])
    expect((await go('check', play)).lines).toEqual(['a t0: would-run', 'a t1: ok', 'a t2: ok'])
  })

  test('that take back what they do are left to the run, where they are no change', async () => {
    await using at = await temporaryFolder()
    const path = `${at.path}/gone`
    const visit = { ...waitForFile, onlyRuns: true, run: () => sh`touch ${path} && rm ${path}` } as const
    const play: TestPlay = { steps: [{ call: visit, args: () => ({ path }) }] }
    expect((await go('check', play)).lines).toEqual(['a t0: deferred'])
    expect((await go('run', play)).lines).toEqual(['a t0: ok'])
  })

  test('say the same of what they do in check and in a run, and neither says what no_log hides', async () => {
    await using at = await temporaryFolder()
    const args = () => ({ cmd: `touch ${at.path}/made`, creates: `${at.path}/made` })
    for (const noLog of [false, true]) {
      const play: TestPlay = { steps: [{ call: command, args, noLog }] }
      const [check] = (await go('check', play)).results
      const [run] = (await go('run', play)).results
      expect(run?.differences).toEqual(check?.differences)
      expect(run?.differences[0]?.what).toBe(noLog ? 't0' : `runs touch ${at.path}/made`)
      await rm(`${at.path}/made`)
    }
  })

  test('that say what they leave behind are built upon', async () => {
    await using at = await temporaryFolder()
    const file = fileOf('made\n', { mode: 0o644 })
    const make = { ...command, after: () => [predict(read.file(`${at.path}/f`), file)] }
    const play: TestPlay = {
      steps: [
        { call: make, args: () => ({ cmd: `echo made >${at.path}/f`, creates: `${at.path}/f` }) },
        { call: note, args: () => ({ path: `${at.path}/f`, text: 'made\n' }) },
      ],
    }
    const check = await go('check', play)
    expect(check.lines).toEqual(['a t0: changed', 'a t1: ok'])
    expect((await go('run', play)).lines).toEqual(check.lines)
  })

  test('leave behind what nobody can foresee where their guards look', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: command, args: () => ({ cmd: `echo made >${at.path}/f`, creates: `${at.path}/f` }) },
        { call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }) },
        { call: command, args: () => ({ cmd: ':', creates: `${at.path}/f` }) },
      ],
    }
    expect((await go('check', play)).lines).toEqual(['a t0: changed', 'a t1: known-after-apply', 'a t2: may-run'])
    expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: changed', 'a t2: ok'])
  })

  test('may run when their guard may look at anything and a change before it is only foreseen', async () => {
    await using at = await temporaryFolder()
    const grown = (path: string) => read.raw(`grown:${path}`, sh`test -s ${path}`, { anything: true })
    const unlessGrown = {
      ...command,
      reads: ({ creates }: { creates?: string }) => ({ grown: grown(creates ?? '') }),
      decide: (_: object, { grown }: { grown: RawState }): Decision =>
        grown.code === 0 ? { due: false } : { due: true, what: 'grows it' },
    }
    const grow = { call: unlessGrown as never, args: () => ({ cmd: `echo x >${at.path}/f`, creates: `${at.path}/f` }) }
    const play: TestPlay = { steps: [{ call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }) }, grow] }
    expect((await go('check', { steps: [grow] })).lines).toEqual(['a t0: changed'])
    expect((await go('check', play)).lines).toEqual(['a t0: changed', 'a t1: may-run'])
    expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: ok'])
    expect((await go('check', play)).lines).toEqual(['a t0: ok', 'a t1: ok'])
  })

  test.each([
    ['would-run', undefined],
    ['changed', 'd'],
  ])(
    'make what fails after them known after apply in check, since nobody can foresee what they do: %s',
    async (status, made) => {
      await using at = await temporaryFolder()
      const play: TestPlay = {
        steps: [
          {
            call: command,
            args: () => ({ cmd: `mkdir ${at.path}/d`, ...(made ? { creates: `${at.path}/${made}` } : {}) }),
          },
          { call: note, args: () => ({ path: `${at.path}/d/f`, text: 'x' }) },
        ],
      }
      expect((await go('check', play)).lines).toEqual([`a t0: ${status}`, 'a t1: known-after-apply'])
      expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: changed'])
    },
  )

  test('that are modules leave what they do not touch foreseeable, even when known after apply', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: token, args: () => ({ path: `${at.path}/t` }), register: 't' },
        { call: note, args: ({ reg }) => ({ path: `${at.path}/f`, text: textFrom(reg('t')) }) },
        { call: note, args: () => ({ path: `${at.path}/none/f`, text: 'x' }) },
      ],
    }
    expect((await go('check', play)).lines).toEqual(['a t0: changed', 'a t1: known-after-apply', 'a t2: failed'])
    expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: changed', 'a t2: failed'])
  })

  test('that fail show their command, code and words', async () => {
    const { results } = await go('run', {
      steps: [{ call: command, args: () => ({ cmd: 'echo so; echo why >&2; exit 3' }) }],
    })
    expect(results[0]?.failure).toMatchObject({
      message: 'it ended with exit code 3',
      command: { code: 3, stdout: 'so', stderr: 'why' },
    })
  })
})

describe('a task as an account', () => {
  const become = { user: 'nobody-yet', method: 'sudo' } as const
  const open = async (host: string) => {
    const remote = await openLocal(host)
    const round: typeof remote.round = async ({ become: as, ...trip }) => {
      if (as?.user === become.user) throw new RemoteProblem({ code: 'BECOME_FAILED', host, message: 'unknown user' })
      return await remote.round({ ...trip, become: undefined })
    }
    return { ...remote, round }
  }

  test('that an earlier task makes is checked as root sees the host', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: account, args: () => ({ name: become.user }) },
        { call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }), become },
      ],
    }
    expect((await go('check', play, { open })).lines).toEqual(['a t0: changed', 'a t1: changed'])
  })

  test('that nothing makes fails, in check and in a run alike', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = { steps: [{ call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }), become }] }
    for (const mode of ['check', 'run'] as const) {
      const { results } = await go(mode, play, { open })
      expect(results.map(({ failure }) => failure?.message)).toEqual(['the host has no account nobody-yet to become'])
    }
  })
})

describe('conditions', () => {
  test('skip what they exclude and may run what depends on the unknown', async () => {
    await using at = await temporaryFolder()
    const args = () => ({ path: `${at.path}/f`, text: 'x' })
    const play: TestPlay = {
      steps: [
        { call: note, args, when: () => false },
        { call: note, args, when: () => new Unknown('the weather') },
      ],
    }
    expect((await go('check', play)).lines).toEqual(['a t0: skipped', 'a t1: may-run'])
  })
})

test('what a task only looks at in a run too is not built upon by a check', async () => {
  await using at = await temporaryFolder()
  const play: TestPlay = {
    steps: [
      { call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }), checkMode: true },
      { call: lineAtEnd, args: () => ({ path: `${at.path}/f`, line: 'y' }) },
    ],
  }
  expect((await go('check', play)).lines).toEqual(['a t0: changed', 'a t1: failed'])
  expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: failed'])
})

test('the shells of an account end before it changes', async () => {
  const rounds: (readonly string[] | undefined)[] = []
  const open = async (host: string): Promise<RemoteHost> => {
    const remote = await openLocal(host)
    return {
      ...remote,
      round: (work) => {
        rounds.push(work.changes)
        return remote.round(work)
      },
    }
  }
  await go('run', { steps: [{ call: account, args: () => ({ name: 'no-such-account' }) }] }, { open })
  expect(rounds).toEqual([undefined, ['no-such-account']])
})

test('what may be done or not leaves known after apply what it would touch', async () => {
  await using at = await temporaryFolder()
  const play: TestPlay = {
    steps: [
      { call: token, args: () => ({ path: `${at.path}/t` }), register: 't' },
      {
        call: note,
        when: ({ reg }) => (Object(reg('t')).token instanceof Unknown ? new Unknown('the token') : true),
        args: () => ({ path: `${at.path}/f`, text: 'x\n' }),
      },
      { call: lineAtEnd, args: () => ({ path: `${at.path}/f`, line: 'y' }) },
    ],
  }
  await writeFile(`${at.path}/f`, 'y\n')
  expect((await go('check', play)).lines).toEqual(['a t0: changed', 'a t1: may-run', 'a t2: known-after-apply'])
  expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: changed', 'a t2: changed'])
})

test('a handler that only what may run notifies may run, and leaves what it would touch unknown', async () => {
  await using at = await temporaryFolder()
  const stamp = { call: note, args: () => ({ path: `${at.path}/stamp`, text: 'x' }) }
  const play: TestPlay = {
    steps: [
      { call: token, args: () => ({ path: `${at.path}/t` }), register: 't' },
      {
        call: note,
        when: ({ reg }) => (Object(reg('t')).token instanceof Unknown ? new Unknown('the token') : true),
        args: () => ({ path: `${at.path}/f`, text: 'x' }),
        notify: ['stamp'],
      },
      { call: 'flush_handlers' },
      stamp,
      { call: 'flush_handlers' },
    ],
    handlers: [{ name: 'stamp', ...stamp }],
  }
  const check = await go('check', play)
  expect(check.lines).toEqual(['a t0: changed', 'a t1: may-run', 'a stamp: may-run', 'a t3: known-after-apply'])
  expect(check.results[2]?.reason).toBe('it is notified by what may run')
  expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: changed', 'a stamp: changed', 'a t3: ok'])
  expect((await go('check', play)).lines).toEqual(['a t0: ok', 'a t1: ok', 'a t3: ok'])
})

test('a rescue of what cannot be foreseen to fail may run', async () => {
  await using at = await temporaryFolder()
  const block = (section: 'block' | 'rescue') => [{ id: 'b', section, hasRescue: true }]
  const play: TestPlay = {
    steps: [
      { call: command, args: () => ({ cmd: ':' }) },
      { call: note, args: () => ({ path: `${at.path}/none/f`, text: 'x' }), blocks: block('block') },
      { call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }), blocks: block('rescue') },
    ],
  }
  expect((await go('check', play)).lines).toEqual(['a t0: would-run', 'a t1: known-after-apply', 'a t2: may-run'])
  expect((await go('run', play)).lines).toEqual(['a t0: changed', 'a t1: failed', 'a t2: changed'])
})

describe('handlers', () => {
  test('run once at the end, are predicted by check, and stay quiet when nothing changed', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: ['x', 'y'].map((text) => ({
        call: note,
        notify: ['reload'],
        args: () => ({ path: `${at.path}/${text}`, text }),
      })),
      handlers: [
        {
          name: 'reload',
          call: command,
          args: () => ({ cmd: `echo >>${at.path}/reloads` }),
        },
      ],
    }
    const check = await go('check', play)
    expect(check.lines).toEqual(['a t0: changed', 'a t1: changed', 'a reload: changed'])
    expect((await go('run', play)).lines).toEqual(check.lines)
    expect((await go('run', play)).lines).toEqual(['a t0: ok', 'a t1: ok'])
    expect(await readFile(`${at.path}/reloads`, 'utf8')).toBe('\n')
  })

  test('that a failed run owed are paid by the next one, even when nothing changes any more', async () => {
    await using at = await temporaryFolder()
    const steps = (fails: boolean): TestPlay => ({
      steps: [
        { call: note, notify: ['reload'], args: () => ({ path: `${at.path}/x`, text: 'x' }) },
        { call: command, args: () => ({ cmd: fails ? 'exit 1' : ':' }) },
      ],
      handlers: [
        {
          name: 'reload',
          call: command,
          args: () => ({ cmd: `echo >>${at.path}/reloads` }),
        },
      ],
    })
    const failing = await go('run', steps(true))
    expect(failing.lines).toEqual(['a t0: changed', 'a t1: failed'])
    expect(failing.summary.hosts.a?.owed).toEqual(['reload'])
    const check = await go('check', steps(false))
    expect(check.lines).toEqual(['a t0: ok', 'a t1: would-run', 'a reload: changed'])
    expect(check.events.find(({ type }) => type === 'debt-found')).toMatchObject({
      host: 'a',
      debt: { handler: 'reload', reason: 't0', by: 'ann@laptop' },
    })
    expect((await go('run', steps(false))).lines).toEqual(['a t0: ok', 'a t1: changed', 'a reload: changed'])
    expect((await go('run', steps(false))).lines).toEqual(['a t0: ok', 'a t1: changed'])
  })
})

describe('blocks', () => {
  const block = (section: 'block' | 'rescue' | 'always', hasRescue = true) => [{ id: 'b', section, hasRescue }]
  test('hand a failure to their rescue, and always do what they always do', async () => {
    const play: TestPlay = {
      steps: [
        { call: command, blocks: block('block'), args: () => ({ cmd: 'exit 1' }) },
        { call: command, blocks: block('block'), args: () => ({ cmd: ':' }) },
        { call: command, blocks: block('rescue'), args: () => ({ cmd: ':' }) },
        { call: command, blocks: block('always'), args: () => ({ cmd: ':' }) },
        { call: command, args: () => ({ cmd: ':' }) },
      ],
    }
    const { lines } = await go('run', play)
    expect(lines).toEqual(['a t0: failed', 'a t2: changed', 'a t3: changed', 'a t4: changed'])
  })

  test('without a rescue throw the host out after always', async () => {
    const play: TestPlay = {
      steps: [
        { call: command, blocks: block('block', false), args: () => ({ cmd: 'exit 1' }) },
        { call: command, blocks: block('always', false), args: () => ({ cmd: ':' }) },
        { call: command, args: () => ({ cmd: ':' }) },
      ],
    }
    expect((await go('run', play)).lines).toEqual(['a t0: failed', 'a t1: changed'])
  })
})

function textFrom(value: unknown): string {
  const { token: made } = (value instanceof Unknown ? { token: value } : value) as { token: string }
  return made
}

describe('a host that cannot be reached', () => {
  const open = async (host: string) => {
    if (host === 'gone') throw new RemoteProblem({ code: 'UNREACHABLE', host, message: 'gone does not answer' })
    return await openLocal(host)
  }

  test('leaves the play while the others go on', async () => {
    const play: TestPlay = { hosts: ['a', 'gone'], steps: [{ call: command, args: () => ({ cmd: ':' }) }] }
    const { lines, summary } = await go('run', play, { open })
    expect(lines).toEqual(['gone connect: unreachable', 'a t0: changed'])
    expect(summary.hosts.gone?.lost).toBe('unreachable')
  })

  test('fails what is delegated to it, once', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [{ call: note, delegate: () => 'gone', args: () => ({ path: `${at.path}/f`, text: 'x' }) }],
    }
    const { lines, results } = await go('run', play, { open })
    expect(lines).toEqual(['a t0: unreachable'])
    expect(results[0]?.failure?.message).toBe('gone does not answer')
  })

  test('counts as lost against the budget of the play', async () => {
    const play: TestPlay = {
      hosts: ['gone', 'a'],
      steps: [{ call: command, args: () => ({ cmd: ':' }) }],
      play: { anyErrorsFatal: true },
    }
    expect((await go('run', play, { open })).lines).toEqual(['gone connect: unreachable'])
  })
})

describe('batches', () => {
  const steps = [0, 1].map(() => ({ call: command, args: () => ({ cmd: ':' }) }))
  const serial = [
    { kind: 'count' as const, count: 1 },
    { kind: 'share' as const, percent: 100 },
  ]

  test('of a play pass through all of its steps one after the other', async () => {
    const { lines } = await go('run', {
      hosts: ['a', 'b', 'c'],
      steps,
      play: { roll: { serial, order: { kind: 'reverse_inventory' } } },
    })
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['c t0', 'c t1', 'b t0', 'a t0', 'b t1', 'a t1'])
  })

  test('of a block pass through the block, and meet again behind it', async () => {
    const roll = { serial: [{ kind: 'count' as const, count: 1 }], order: { kind: 'inventory' as const } }
    const blocks = [{ id: 'b', section: 'block' as const, hasRescue: false, roll }]
    const rolled = [...steps.map((step) => ({ ...step, blocks })), { call: command, args: () => ({ cmd: ':' }) }]
    const { lines } = await go('run', { hosts: ['a', 'b'], steps: rolled })
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['a t0', 'a t1', 'b t0', 'b t1', 'a t2', 'b t2'])
  })
})

test('hosts that share a file through delegation lose none of their lines', async () => {
  await using at = await temporaryFolder()
  await writeFile(`${at.path}/f`, '')
  const play: TestPlay = {
    hosts: ['a', 'b', 'c'],
    steps: [{ call: lineAtEnd, delegate: () => 'a', args: ({ host }) => ({ path: `${at.path}/f`, line: host }) }],
  }
  const check = await go('check', play)
  const run = await go('run', play)
  expect(run.lines).toEqual(check.lines)
  expect(await readFile(`${at.path}/f`, 'utf8')).toBe('a\nb\nc\n')
})

test('what an action says for the reader is in its result, and hidden by no_log', async () => {
  const saying = {
    ...command,
    decide: () => ({ due: false as const, result: { msg: 'hello\n' } }),
    speaks: true as const,
  }
  const args = () => ({ cmd: ':' })
  const { results } = await go('run', {
    steps: [
      { call: saying, args },
      { call: saying, args, noLog: true },
    ],
  })
  expect(results.map(({ message }) => message)).toEqual(['hello', undefined])
})
