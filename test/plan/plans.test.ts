import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { hostPlans } from '../../engine/plan/host-plans.ts'
import { type PlannedTask, parsePlan } from '../../engine/plan/saved-plan.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import {
  command,
  folder,
  go,
  lineAtEnd,
  note,
  type Outcome,
  openLocal,
  type TestPlay,
  temporaryFolder,
  token,
} from '../execution/harness.ts'

const made = { at: '2026-01-01T00:00:00.000Z', by: 'ann@laptop' }

/** The plan of a check, as it comes out of its file. */
async function planOf(play: TestPlay) {
  const { events, playbook } = await go('check', play)
  return JSON.parse(JSON.stringify({ ...made, hosts: hostPlans(events, playbook) }))
}

/** What a result of the run says, with what it shows. */
function told({ results }: Outcome): string[] {
  return results.map(({ host, task, status, failure, differences }) =>
    [
      `${host} ${task}: ${status}`,
      ...(failure ? [failure.message] : []),
      ...(failure ? differences : []).map(({ what, before, after }) => `${what}: ${before ?? '-'} => ${after ?? '-'}`),
    ].join('\n'),
  )
}

describe('a run by a saved plan', () => {
  test('does what the plan has, on one connection and no more rounds than looking twice takes', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: folder, args: () => ({ path: `${at.path}/d` }) },
        { call: note, args: () => ({ path: `${at.path}/d/f`, text: 'one\n' }), notify: ['tell'] },
        {
          call: lineAtEnd,
          items: () => ['two', 'three'],
          args: ({ item }) => ({ path: `${at.path}/d/f`, line: String(item) }),
        },
        { call: command, args: () => ({ cmd: `touch ${at.path}/ran` }) },
      ],
      handlers: [{ name: 'tell', call: command, args: () => ({ cmd: `echo >>${at.path}/told` }) }],
    }
    const plan = await planOf(play)
    let opened = 0
    const open = (host: string) => {
      opened++
      return openLocal(host)
    }
    const run = await go('run', play, { plan, open })
    expect(run.lines).toEqual([
      'a t0: changed',
      'a t1: changed',
      'a t2 [two]: changed',
      'a t2 [three]: changed',
      'a t3: changed',
      'a tell: changed',
    ])
    expect(await readFile(`${at.path}/d/f`, 'utf8')).toBe('one\ntwo\nthree\n')
    expect(await readFile(`${at.path}/told`, 'utf8')).toBe('\n')
    expect(opened).toBe(1)
  })

  test('leaves a host alone that is no longer as the plan has it, and does the other', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      hosts: ['a', 'b'],
      steps: [
        { call: note, args: ({ host }) => ({ path: `${at.path}/${host}`, text: 'new' }) },
        { call: note, args: ({ host }) => ({ path: `${at.path}/${host}2`, text: 'new' }) },
      ],
    }
    const plan = await planOf(play)
    await writeFile(`${at.path}/a`, 'damaged')
    await writeFile(`${at.path}/a2`, 'new', { mode: 0o644 })
    const run = await go('run', play, { plan })
    expect(told(run)).toEqual([
      `a connect: failed
a is no longer as in the plan that ann@laptop made at 2026-01-01T00:00:00.000Z: 2 tasks differ
t0: drift
${at.path}/a: absent → new
 => drift
${at.path}/a: damaged → new

t1: drift
${at.path}/a2: absent → new
 => -`,
      'b t0: changed',
      'b t1: changed',
    ])
    expect([run.summary.hosts.a?.lost, run.summary.hosts.b?.lost]).toEqual(['refused', undefined])
    expect(await readFile(`${at.path}/a`, 'utf8')).toBe('damaged')
  })

  test('makes no change that came up after it looked, and none that stands behind it on that host', async () => {
    await using at = await temporaryFolder()
    await writeFile(`${at.path}/kept`, 'as wanted', { mode: 0o644 })
    const play: TestPlay = {
      steps: [
        // What an unguarded command does, nobody can plan.
        { call: command, args: () => ({ cmd: `rm ${at.path}/kept` }) },
        { call: note, args: () => ({ path: `${at.path}/kept`, text: 'as wanted' }) },
        { call: note, args: () => ({ path: `${at.path}/later`, text: 'new' }) },
      ],
    }
    const plan = await planOf(play)
    const run = await go('run', play, { plan })
    expect(told(run)).toEqual([
      'a t0: changed',
      `a t1: failed
this change is not in the plan that ann@laptop made at 2026-01-01T00:00:00.000Z, and was not made
t1: - => drift
${at.path}/kept: absent → as wanted
`,
    ])
    expect(run.summary.hosts.a?.lost).toBe('refused')
    expect([existsSync(`${at.path}/kept`), existsSync(`${at.path}/later`)]).toEqual([false, false])
  })

  test('lets the run decide what the plan left to it', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: token, register: 'made', args: () => ({ path: `${at.path}/token` }) },
        {
          call: note,
          args: ({ reg }) => ({
            path: `${at.path}/copy`,
            text: (reg('made') as { token: never } | undefined)?.token ?? '',
          }),
          notify: ['tell'],
        },
      ],
      handlers: [{ name: 'tell', call: command, args: () => ({ cmd: `echo >>${at.path}/told` }) }],
    }
    const plan = await planOf(play)
    expect(plan.hosts.a.tasks.map(({ status }: { status: string }) => status)).toEqual([
      'changed',
      'known-after-apply',
      'changed',
    ])
    const run = await go('run', play, { plan })
    expect(run.lines).toEqual(['a t0: changed', 'a t1: changed', 'a tell: changed'])
  })

  test('pays what a task notifies of which the plan did not know whether it runs', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: token, register: 'made', args: () => ({ path: `${at.path}/token` }) },
        {
          call: note,
          when: ({ reg }) => {
            const made = (reg('made') as { token?: unknown } | undefined)?.token
            return made instanceof Unknown ? made : true
          },
          args: () => ({ path: `${at.path}/f`, text: 'x' }),
          notify: ['first'],
        },
      ],
      handlers: [
        { name: 'first', call: command, args: () => ({ cmd: `echo >>${at.path}/told` }), notify: ['second'] },
        { name: 'second', call: command, args: () => ({ cmd: `echo >>${at.path}/told` }) },
      ],
    }
    const plan = await planOf(play)
    expect(plan.hosts.a.tasks.map(({ name, status }: PlannedTask) => [name, status])).toEqual([
      ['t0', 'changed'],
      ['t1', 'may-run'],
      ['first', 'may-run'],
      ['second', 'may-run'],
    ])
    const run = await go('run', play, { plan })
    expect(run.lines).toEqual(['a t0: changed', 'a t1: changed', 'a first: changed', 'a second: changed'])
  })

  test('is not for hosts that the plan could not see to the end', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = { steps: [{ call: lineAtEnd, args: () => ({ path: `${at.path}/f`, line: 'x' }) }] }
    const plan = await planOf(play)
    await writeFile(`${at.path}/f`, '')
    expect(told(await go('run', play, { plan }))).toEqual([
      'a connect: failed\nthe plan that ann@laptop made at 2026-01-01T00:00:00.000Z is not for a, which was failed then',
    ])
  })

  test('finds nothing to refuse where nothing is to be done', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = { steps: [{ call: note, args: () => ({ path: `${at.path}/f`, text: 'x' }) }] }
    await writeFile(`${at.path}/f`, 'x', { mode: 0o644 })
    const plan = await planOf(play)
    expect(plan.hosts).toEqual({ a: { tasks: [] } })
    expect((await go('run', play, { plan })).lines).toEqual(['a t0: ok'])
    await rm(`${at.path}/f`)
    expect((await go('run', play, { plan })).summary.hosts.a?.lost).toBe('refused')
  })

  test('keeps no secret in its plan', async () => {
    await using at = await temporaryFolder()
    const play: TestPlay = {
      steps: [
        { call: note, args: () => ({ path: `${at.path}/f`, text: new Secret('hunter2') }) },
        { call: note, args: () => ({ path: `${at.path}/g`, text: 'hunter2' }), noLog: true },
      ],
    }
    const { hosts } = await planOf(play)
    expect(JSON.stringify(hosts)).not.toContain('hunter2')
    expect(hosts.a.tasks.map(({ differences }: { differences: unknown }) => differences)).toEqual([
      [{ kind: 'write', what: `${at.path}/f`, form: 'hidden', after: '‹secret›' }],
      [{ kind: 'write', what: `${at.path}/g`, form: 'hidden', after: '‹secret›' }],
    ])
  })
})

describe('a plan in a file', () => {
  test.each([
    ['', 'it is no JSON: Unexpected end of JSON input'],
    ['null', 'it does not say that it is a plan'],
    ['{"format":"lockstep-plan","version":2}', 'it is of version 2, and this Lockstep knows version 1'],
    ['{"format":"lockstep-plan","version":1}', "it must have required property 'at'"],
  ])('%j is none', (text, sentence) => expect(parsePlan(text)).toBe(sentence))
})
