import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { RemoteHost } from '../../engine/remote/host.ts'
import type { TaskResult } from '../../engine/report/event.ts'
import { acts, type PlaybookRun, runText } from './playbook-run.ts'

const ONE = 'web: { hosts: { a: } }\n'
const FOUR = 'web: { hosts: { a: { rank: 3 }, b: { rank: 1 }, c: { rank: 2 }, d: { rank: 4 } } }\n'

function playOf(tasks: string, play = ''): string {
  return `- hosts: web\n${play}  tasks:\n${tasks.trim().replace(/^/gm, '    ')}\n`
}

async function did(tasks: string, given: PlaybookRun = {}, play = ''): Promise<string[]> {
  return (await runText(playOf(tasks, play), given)).lines
}

/** The results of the first task. */
async function results(tasks: string, given: PlaybookRun = {}): Promise<TaskResult[]> {
  const { events } = await runText(playOf(tasks), { hosts: ONE, ...given })
  return events.flatMap((event) => (event.type === 'task-result' ? [event.result] : []))
}

describe('loop', () => {
  test('does the task for each item, named by loop_var, numbered by index_var, shown by label', async () => {
    const tasks = `
- name: say
  debug: "{{i}} {{user.name}}"
  loop: [{ name: ann, secret: x }, { name: bob, secret: y }]
  loop_control: { loop_var: user, index_var: i, label: "user {{user.name}}" }
`
    const { events } = await runText(playOf(tasks), { hosts: ONE })
    const said = events.flatMap((event) =>
      event.type === 'task-result' ? [[event.result.item?.label, event.result.message]] : [],
    )
    expect(said).toEqual([
      ['user ann', '0 ann'],
      ['user bob', '1 bob'],
    ])
  })

  test('asks when for each item, and goes on after an item that fails', async () => {
    const tasks = `
- name: work
  shell: '[ {{item}} != b ]'
  loop: [a, b, c, d]
  when: item != "c"
  register: r
  ignore_errors: true
- { name: count, debug: x, when: "r.failed && r.results.filter(x, !default(x.failed, false)).size() == 3 && r.results[2].skipped" }
`
    expect(await did(tasks, { hosts: ONE })).toEqual([
      'a work [a]: changed',
      'a work [b]: failed, ignored',
      'a work [c]: skipped',
      'a work [d]: changed',
      'a count: ok',
    ])
  })

  test('of nothing does nothing', async () => {
    expect(await did('- { name: none, debug: x, loop: [] }\n- { name: after, debug: x }', { hosts: ONE })).toEqual([
      'a after: ok',
    ])
  })
})

describe('until', () => {
  const count = 'echo x >> {{at}}/tries; [ $(grep -c x {{at}}/tries) -ge 3 ]'

  test('asks for what an attempt does not have as for something that does not hold', async () => {
    const task = '- { name: t, shell: ":", until: result.none == 0, retries: 1, delay: 0 }'
    const [result] = await results(task)
    expect(result).toMatchObject({ status: 'failed', attempts: 2, failure: { code: 'UNDEFINED_VARIABLE' } })
    const [failing] = await results(task.replace('":"', '"exit 3"'))
    expect(failing).toMatchObject({ status: 'failed', attempts: 2, failure: { code: 'ACTION_FAILED' } })
  })

  test('tries again until it holds, and says how often it tried', async () => {
    const [result] = await results(`- { name: t, shell: "${count}", until: result.rc == 0, retries: 5, delay: 0 }`)
    expect(result).toMatchObject({ status: 'changed', attempts: 3 })
  })

  test('sees what is registered by its name', async () => {
    const [result] = await results(`- { name: t, shell: "${count}", register: r, until: r.rc == 0, retries: 5 }`)
    expect(result).toMatchObject({ status: 'changed', attempts: 3 })
  })

  test('fails when it never holds: the first try and the retries', async () => {
    const [result] = await results('- { name: t, shell: ":", until: result.stdout == "x", retries: 2, delay: 0 }')
    expect(result).toMatchObject({ status: 'failed', attempts: 3, failure: { code: 'NEVER_HELD' } })
  })

  test('that never holds shows the failure of the last try', async () => {
    const [result] = await results('- { name: t, shell: "exit 4", until: result.rc == 0, retries: 0 }')
    expect(result).toMatchObject({ status: 'failed', attempts: 1, failure: { command: { code: 4 } } })
  })

  test('tries three times more unless told otherwise', async () => {
    const [result] = await results('- { name: t, shell: "exit 4", until: result.rc == 0, delay: 0 }')
    expect(result?.attempts).toBe(4)
  })

  test('holds for each item of a loop', async () => {
    const tasks =
      '- { name: t, shell: "exit {{item}}", loop: [0, 1], until: result.rc == item, retries: 0, failed_when: false }'
    expect((await results(tasks)).map(({ status, attempts }) => [status, attempts])).toEqual([
      ['changed', 1],
      ['changed', 1],
    ])
  })
})

test('what says of itself that it changes nothing is left to the run, and so is what may wait for it', async () => {
  const tasks =
    '- { name: start, shell: ":", changed_when: false }\n- { name: wait, wait-for: { port: 1, timeout: 1 } }\n'
  expect(await did(tasks, { hosts: ONE, mode: 'check' })).toEqual(['a start: deferred', 'a wait: deferred'])
})

describe('failed_when and changed_when', () => {
  test.each([
    ['failed_when: result.rc > 1', 'exit 1', 'changed'],
    ['failed_when: result.rc > 1', 'exit 2', 'failed'],
    ['failed_when: [result.rc > 0, result.stdout == ""]', 'exit 1', 'failed'],
    ['failed_when: [result.rc > 0, result.stdout != ""]', 'exit 1', 'changed'],
    ['changed_when: false', ':', 'ok'],
    ['changed_when: result.stdout == "new"', 'echo new', 'changed'],
    ['changed_when: result.stdout == "new"', 'echo old', 'ok'],
  ])('%s after %s', async (keyword, command, status) => {
    const [result] = await results(`- name: t\n  shell: '${command}'\n  ${keyword}\n`)
    expect(result?.status).toBe(status)
  })
})

describe('delegate_to', () => {
  /** Notes on which host something is done. */
  const noting =
    (done: string[]) => (host: string, work: RemoteHost['round']) => (trip: Parameters<typeof work>[0]) => {
      if (acts(trip)) done.push(host)
      return work(trip)
    }

  test('does it on another host with the variables of the first, and registers it for the first', async () => {
    const done: string[] = []
    const tasks = `
- { name: work, shell: "echo {{inventory_hostname}}", delegate_to: c, register: r }
- { name: check, assert: r.stdout == inventory_hostname }
`
    expect(
      await did(tasks, { hosts: 'web: { hosts: { a: , b: } }\nother: { hosts: { c: } }\n', round: noting(done) }),
    ).toEqual(['a work: changed', 'b work: changed', 'a check: ok', 'b check: ok'])
    expect(new Set(done)).toEqual(new Set(['c']))
  })

  test('localhost does it on the controller, which needs no place in the inventory', async () => {
    const done: string[] = []
    const lines = await did('- { name: work, shell: "echo >{{at}}/here", delegate_to: localhost }', {
      hosts: ONE,
      round: noting(done),
    })
    expect([lines, done]).toEqual([['a work: changed'], ['localhost']])
  })

  test('may be another host for each item', async () => {
    const done: string[] = []
    await did('- { name: work, shell: ":", loop: [b, c], delegate_to: "{{item}}" }', {
      hosts: 'web: { hosts: { a: } }\nother: { hosts: { b: , c: } }\n',
      round: noting(done),
    })
    expect(done.toSorted()).toEqual(['b', 'c'])
  })

  test('on a block holds for its tasks', async () => {
    const done: string[] = []
    await did('- { delegate_to: b, block: [{ name: work, shell: ":" }] }', {
      hosts: 'web: { hosts: { a: } }\nother: { hosts: { b: } }\n',
      round: noting(done),
    })
    expect(done).toEqual(['b'])
  })
})

describe('ignore_unreachable', () => {
  test('on a task keeps the host in the play, which is tried again by the next task', async () => {
    let rounds = 0
    const lines = await did(
      `
- { name: first, shell: ":" }
- { name: cut, shell: ":", ignore_unreachable: true }
- { name: after, shell: ":" }
`,
      {
        hosts: ONE,
        round: (host, work) => async (trip) => {
          if (acts(trip) && ++rounds === 2)
            throw new (await import('../../engine/remote/remote-problem.ts')).RemoteProblem({
              code: 'UNREACHABLE',
              host,
              message: 'gone for a moment',
            })
          return await work(trip)
        },
      },
    )
    expect(lines).toEqual(['a first: changed', 'a cut: unreachable, ignored', 'a after: changed'])
  })

  test('on a play keeps hosts that never answer; each of their tasks says so', async () => {
    const tasks = '- { name: work, shell: ":" }'
    const lines = await did(
      tasks,
      { hosts: 'web: { hosts: { a: , b: } }\n', gone: ['a'] },
      '  ignore_unreachable: true\n',
    )
    expect(lines.toSorted()).toEqual([
      'a connect: unreachable, ignored',
      'a work: unreachable, ignored',
      'b work: changed',
    ])
  })
})

test('throttle lets no more hosts than so many act at a time', async () => {
  let now = 0
  let most = 0
  await did('- { name: work, shell: ":", throttle: 2 }\n', {
    hosts: FOUR,
    round: (_, work) => async (trip) => {
      if (!acts(trip)) return await work(trip)
      most = Math.max(most, ++now)
      try {
        return await work(trip)
      } finally {
        now--
      }
    },
  })
  expect(most).toBe(2)
})

describe('timeout', () => {
  test('of a task goes with its commands, in seconds; ten minutes unless given', async () => {
    const limits: number[] = []
    await did('- { name: short, shell: ":", timeout: 5 }\n- { name: long, shell: ":" }', {
      hosts: ONE,
      round: (_, work) => (trip) => {
        const own = trip.jobs.filter((job) => acts({ ...trip, jobs: [job] }))
        limits.push(...own.map(({ timeoutMs }) => timeoutMs))
        return work(trip)
      },
    })
    expect(limits).toEqual([5000, 600_000])
  })

  test('ends a command that takes longer', async () => {
    const [result] = await results('- { name: t, shell: "sleep 600", timeout: 1 }')
    expect(result?.failure?.code).toBe('STEP_TIMEOUT')
  })
})

test('environment reaches the command, the innermost name winning', async () => {
  const tasks = `
- environment: { A: block, B: block }
  block:
    - name: t
      shell: echo "$A $B $C"
      environment: { B: task }
      register: r
- { name: check, assert: r.stdout == "block task play" }
`
  expect(await did(tasks, { hosts: ONE }, '  environment: { A: play, C: play }\n')).toEqual([
    'a t: changed',
    'a check: ok',
  ])
})

test('become may be another user and another way for each task of a play', async () => {
  const users: string[] = []
  const tasks = `
- { name: one, shell: ":" }
- { name: two, shell: ":", become_user: ann }
- { name: three, shell: ":", become_method: su }
- { name: four, shell: ":", become: false }
- { become_method: doas, become_user: bob, block: [{ name: five, shell: ":" }] }
`
  const { lines } = await runText(playOf(tasks, '  become: true\n'), {
    hosts: ONE,
    become: (become) => users.push(become ? `${become.method} ${become.user}` : 'nobody'),
  })
  expect(lines).toHaveLength(5)
  expect(users).toEqual(['sudo root', 'sudo ann', 'su root', 'nobody', 'doas bob'])
})

describe('check_mode', () => {
  test('true on a task keeps it from acting in a run', async () => {
    const { lines, folder } = await runText(
      playOf('- { name: t, check_mode: true, copy: { dest: "{{at}}/made", content: x } }'),
      { hosts: ONE },
    )
    expect(lines).toEqual(['a t: changed'])
    expect(() => readFileSync(`${folder}/made`)).toThrow('ENOENT')
  })

  test('false lets it act in a check', async () => {
    const { lines, folder } = await runText(
      playOf('- { name: t, check_mode: false, shell: "echo x >{{at}}/made", changed_when: false }'),
      { hosts: ONE, mode: 'check' },
    )
    expect(lines).toEqual(['a t: ok'])
    expect(readFileSync(`${folder}/made`, 'utf8')).toBe('x\n')
  })
})

test.each(['check', 'run'] as const)('diff: false tells that something differs, and not how, in a %s', async (mode) => {
  const copy = (diff: string) => `- { name: t, copy: { dest: "{{at}}/made", content: words }${diff} }`
  const [shown] = await results(copy(''), { mode })
  expect(shown?.differences.some(({ after }) => after === 'words')).toBe(true)
  const [unseen] = await results(copy(', diff: false'), { mode })
  expect(unseen?.status).toBe('changed')
  expect(unseen?.differences.map(({ kind }) => kind)).toEqual(shown?.differences.map(({ kind }) => kind))
  expect(JSON.stringify(unseen?.differences)).not.toContain('words')
})

test.each([
  ['a command that fails', 'shell: "echo hush >&2; exit 3"'],
  ['a command that succeeds', 'shell: "echo hush"'],
  ['a command by its arguments', 'command: { argv: [echo, hush] }'],
  ['a failure with its own words', 'fail: hush'],
  ['an assertion', "assert: \"'hush' == 'x'\""],
  ['a difference', 'copy: { dest: "{{at}}/f", content: hush }'],
  ['a module that cannot', 'copy: { dest: "{{at}}/none/hush/f", content: x }'],
  ['the items of a loop', 'debug: x, loop: [hush]'],
  ['what a task says', 'debug: hush'],
])('no_log hides what is in %s', async (_, call) => {
  for (const mode of ['check', 'run'] as const) {
    const [result] = await results(`- { name: t, no_log: true, ${call} }`, { mode })
    expect(JSON.stringify(result), mode).not.toContain('hush')
  }
})

test('no_log hides arguments, differences and result', async () => {
  const [hidden] = await results('- { name: t, shell: "echo hush", no_log: true }')
  expect(JSON.stringify(hidden)).not.toContain('hush')
})

test('module_defaults give arguments where a task gives none', async () => {
  const { folder } = await runText(
    playOf(
      '- { name: t, copy: { dest: "{{at}}/made", content: x } }',
      '  module_defaults: { copy: { mode: "0600" } }\n',
    ),
    { hosts: ONE },
  )
  const { statSync } = await import('node:fs')
  expect(statSync(`${folder}/made`).mode & 0o777).toBe(0o600)
})

describe('vars_files, vars and register', () => {
  test('a task’s vars hold for the task alone', async () => {
    const tasks = `
- { name: one, assert: x == "task", vars: { x: task } }
- { name: two, assert: x == "play" }
`
    expect(await did(tasks, { hosts: ONE }, '  vars: { x: play }\n')).toEqual(['a one: ok', 'a two: ok'])
  })

  test('what is registered holds for the plays after it and for other hosts', async () => {
    const playbook = `
- hosts: web
  tasks: [{ name: ask, shell: "echo {{inventory_hostname}}", register: r }]
- hosts: web
  tasks: [{ name: check, assert: [r.stdout == inventory_hostname, hostvars.b.r.stdout == "b"] }]
`
    const { lines } = await runText(playbook, { hosts: 'web: { hosts: { a: , b: } }\n' })
    expect(lines.slice(2)).toEqual(['a check: ok', 'b check: ok'])
  })

  test('what was skipped registers that it was', async () => {
    const tasks = `
- { name: not, shell: ":", when: "1 > 2", register: r }
- { name: check, assert: [r.skipped, "!r.changed"] }
`
    expect(await did(tasks, { hosts: ONE })).toEqual(['a not: skipped', 'a check: ok'])
  })
})

describe('when', () => {
  test('of a list holds when all of it does, and stops asking at the first that does not', async () => {
    const tasks = `
- { name: t, debug: x, when: [defined(nope), nope > 1] }
- { name: u, debug: x, when: ["1 < 2", "2 < 3"] }
`
    expect(await did(tasks, { hosts: ONE })).toEqual(['a t: skipped', 'a u: ok'])
  })
})

describe('facts', () => {
  /** Rounds in which facts are asked for, by host. */
  async function asked(playbook: string): Promise<string[]> {
    const found: string[] = []
    const rounds = new Map<string, number>()
    await runText(playbook, {
      hosts: 'web: { hosts: { a: , b: } }\n',
      round: (host, work) => (trip) => {
        rounds.set(host, (rounds.get(host) ?? 0) + 1)
        if (trip.reads.some(({ key }) => key.includes('lockstep-facts'))) found.push(`${host} ${rounds.get(host)}`)
        return work(trip)
      },
    })
    return found.toSorted()
  }

  test('are not gathered when nothing names them', async () => {
    expect(await asked(playOf('- { name: t, debug: x }'))).toEqual([])
  })

  test('are gathered in the first round, from the hosts for which something names them', async () => {
    const tasks = `- { name: t, debug: "{{facts.hostname}}", when: inventory_hostname == "b" }`
    expect(await asked(playOf(tasks))).toEqual(['b 1'])
  })

  test('are gathered from all hosts in the first round with gather_facts', async () => {
    expect(await asked(playOf('- { name: t, debug: x }', '  gather_facts: true\n'))).toEqual(['a 1', 'b 1'])
  })

  test('may order a block', async () => {
    const tasks = '- { serial: 1, order: { by: facts.hostname }, block: [{ name: t, debug: x }] }'
    expect(await asked(playOf(tasks))).toEqual(['a 1', 'b 1'])
  })

  test.each([
    ['gather_facts: false', '- { name: t, debug: "{{facts.hostname}}" }', "'t' names facts, and gather_facts is false"],
    [
      'order: { by: facts.cpus }',
      '- { name: t, debug: x }',
      'the order of a play is worked out before its hosts are asked for facts',
    ],
  ])('that nobody can know are told before the run: %s', async (play, tasks, sentence) => {
    await expect(runText(playOf(tasks, `  ${play}\n`))).rejects.toThrow(sentence)
  })
})

test('now is when the run began, in every task of it', async () => {
  let ticks = 0
  const { folder } = await runText(
    playOf(`
- { name: one, shell: "printf %s '{{now}}' >{{at}}/one" }
- { name: two, shell: "printf %s '{{now}}' >{{at}}/two" }
`),
    { hosts: ONE, now: () => new Date(Date.UTC(2026, 0, 2) + 1000 * ticks++) },
  )
  expect([readFileSync(`${folder}/one`, 'utf8'), readFileSync(`${folder}/two`, 'utf8')]).toEqual([
    '2026-01-02T00:00:00.000Z',
    '2026-01-02T00:00:00.000Z',
  ])
})
