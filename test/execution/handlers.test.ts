import { describe, expect, test } from 'vitest'
import { RemoteProblem } from '../../engine/remote/remote-problem.ts'
import { acts, type PlaybookRun, runText } from './playbook-run.ts'

const ONE = 'web: { hosts: { a: } }\n'

async function did(playbook: string, given: PlaybookRun = {}): Promise<string[]> {
  return (await runText(playbook, { hosts: ONE, ...given })).lines
}

describe('handlers', () => {
  test('run when a section ends, roles and tasks being one', async () => {
    const playbook = `
- hosts: web
  pre_tasks: [{ name: pre, shell: ":", notify: tell }]
  roles: [r]
  tasks: [{ name: task, shell: ":", notify: tell }]
  post_tasks: [{ name: post, shell: ":", notify: tell }]
  handlers: [{ name: tell, debug: x }]
`
    const files = { 'roles/r/tasks/main.yml': '- { name: role, shell: ":", notify: tell }\n' }
    expect(await did(playbook, { files })).toEqual([
      'a pre: changed',
      'a tell: ok',
      'a role: changed',
      'a task: changed',
      'a tell: ok',
      'a post: changed',
      'a tell: ok',
    ])
  })

  test('run in their own order, once, whoever notified them and however often', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: one, shell: ":", notify: [second, first] }
    - { name: two, shell: ":", notify: first }
    - { name: three, shell: ":", changed_when: false, notify: third }
  handlers:
    - { name: first, debug: x }
    - { name: second, debug: x }
    - { name: third, debug: x }
`
    expect((await did(playbook)).slice(3)).toEqual(['a first: ok', 'a second: ok'])
  })

  test('listen to topics, several to one and one to several', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: one, shell: ":", notify: web changed }
  handlers:
    - { name: first, debug: x, listen: [web changed, all changed] }
    - { name: second, debug: x, listen: web changed }
    - { name: third, debug: x, listen: all changed }
  post_tasks:
    - { name: two, shell: ":", notify: all changed }
`
    expect(await did(playbook)).toEqual([
      'a one: changed',
      'a first: ok',
      'a second: ok',
      'a two: changed',
      'a first: ok',
      'a third: ok',
    ])
  })

  test('notify others, those before them as well', async () => {
    const playbook = `
- hosts: web
  tasks: [{ name: one, shell: ":", notify: second }]
  handlers:
    - { name: first, shell: ":" }
    - { name: second, shell: ":", notify: [first, third] }
    - { name: third, shell: ":" }
`
    const { lines, summary } = await runText(playbook, { hosts: ONE })
    expect(lines).toEqual(['a one: changed', 'a second: changed', 'a first: changed', 'a third: changed'])
    expect(summary.hosts.a?.owed).toEqual([])
  })

  test('that notify themselves do not run for ever, and stay owed', async () => {
    const playbook = `
- hosts: web
  tasks: [{ name: one, shell: ":", notify: first }]
  handlers:
    - { name: first, shell: ":", notify: second }
    - { name: second, shell: ":", notify: first }
`
    const { lines, summary } = await runText(playbook, { hosts: ONE })
    expect(lines).toEqual(['a one: changed', 'a first: changed', 'a second: changed'])
    expect(summary.hosts.a?.owed).toEqual(['first'])
  })

  test('run for the hosts on which something has changed, and wait for those that fail', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: one, shell: ":", changed_when: inventory_hostname != "b", notify: tell }
    - { name: two, fail: no, when: inventory_hostname == "c" }
  handlers: [{ name: tell, debug: x }]
`
    const { lines, summary } = await runText(playbook)
    expect(lines.filter((line) => line.includes('tell'))).toEqual(['a tell: ok'])
    expect(summary.hosts.c?.owed).toEqual(['tell'])
  })

  test('take conditions, loops and delegation like any task', async () => {
    const playbook = `
- hosts: web
  tasks: [{ name: one, shell: ":", notify: [not, each] }]
  handlers:
    - { name: not, shell: ":", when: inventory_hostname == "z" || size(group_names) > 5 }
    - { name: each, shell: ":", loop: [1, 2], delegate_to: localhost }
`
    expect(await did(playbook)).toEqual([
      'a one: changed',
      'a not: skipped',
      'a each [1]: changed',
      'a each [2]: changed',
    ])
  })

  test('are notified by each task of a block and of an include', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { notify: tell, block: [{ name: one, shell: ":" }] }
    - meta: flush_handlers
    - { include: more.yml, notify: tell }
  handlers: [{ name: tell, debug: x }]
`
    expect(await did(playbook, { files: { 'more.yml': '- { name: two, shell: ":" }\n' } })).toEqual([
      'a one: changed',
      'a tell: ok',
      'a two: changed',
      'a tell: ok',
    ])
  })

  test('run after each batch of a play, for its hosts', async () => {
    const playbook = `
- hosts: web
  serial: 2
  tasks: [{ name: one, shell: ":", notify: tell }]
  handlers: [{ name: tell, debug: x }]
`
    expect((await runText(playbook)).lines).toEqual([
      'a one: changed',
      'b one: changed',
      'a tell: ok',
      'b tell: ok',
      'c one: changed',
      'c tell: ok',
    ])
  })

  test('with run_once run on one of the hosts on which they are due, each time they are due', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: one, shell: ":", notify: tell }
    - meta: flush_handlers
    - { name: two, shell: ":", notify: tell }
  handlers: [{ name: tell, debug: x, run_once: true }]
`
    const { lines, summary } = await runText(playbook, { hosts: 'web: { hosts: { a: , b: } }\n' })
    expect(lines.filter((line) => line.includes('tell'))).toEqual(['a tell: ok', 'a tell: ok'])
    expect(summary.hosts.b?.owed).toEqual([])
  })
})

describe('tags', () => {
  const playbook = `
- hosts: web
  tags: shop
  tasks:
    - { name: one, shell: ":", tags: a, notify: tell }
    - { tags: b, block: [{ name: two, debug: x }, { name: three, debug: x, tags: never }] }
    - { name: four, debug: x, tags: always }
  handlers: [{ name: tell, debug: x }]
`
  test.each([
    [{}, ['one', 'two', 'four', 'tell']],
    [{ tags: ['a'] }, ['one', 'four', 'tell']],
    [{ tags: ['b'] }, ['two', 'three', 'four']],
    [{ tags: ['shop'], skipTags: ['always,never'] }, ['one', 'two', 'tell']],
    [{ skipTags: ['a'] }, ['two', 'four']],
  ])('%j choose %j, and handlers go with who notifies them', async (options, names) => {
    const lines = await did(playbook, { options })
    expect(lines.map((line) => line.split(' ')[1]?.replace(':', ''))).toEqual(names)
  })
})

describe('a handler of several tasks', () => {
  const roll = `
    - name: roll
      serial: 1
      order: reverse_inventory
      max_failures: 0
      block:
        - { name: one, debug: x }
        - { name: two, shell: "[ {{inventory_hostname}} != {{bad}} ]", changed_when: false }
`
  const playbook = (handler: string, task = 'shell: ":"') => `
- hosts: web
  vars: { bad: none }
  tasks:
    - { name: change, ${task}, notify: roll }
    - { name: none, shell: ":", changed_when: false, notify: other }
  handlers:${handler}
    - { name: other, debug: x }
`

  test('goes through its batches as a block does, and is paid host by host', async () => {
    const { lines, summary } = await runText(playbook(roll))
    expect(lines.slice(6)).toEqual(['c one: ok', 'c two: ok', 'b one: ok', 'b two: ok', 'a one: ok', 'a two: ok'])
    expect(Object.values(summary.hosts).map(({ owed }) => owed)).toEqual([[], [], []])
  })

  test('stops as a whole, and stays owed where it was not done to its end', async () => {
    const { lines, summary } = await runText(playbook(roll), { options: { extraVars: { bad: 'b' } } })
    expect(lines.slice(6)).toEqual(['c one: ok', 'c two: ok', 'b one: ok', 'b two: failed'])
    expect(summary.hosts).toMatchObject({ a: { owed: ['roll'] }, b: { owed: ['roll'] }, c: { owed: [] } })
  })

  test('is paid host by host by the roll at its end, whatever comes before that', async () => {
    const inside = roll.slice(roll.indexOf('      serial')).replaceAll('\n      ', '\n          ').trim()
    const handler = `\n    - name: roll\n      block:\n        - { name: zero, debug: x }\n        - ${inside}\n`
    const { lines, summary } = await runText(playbook(handler), { options: { extraVars: { bad: 'b' } } })
    expect(lines.slice(9)).toEqual(['c one: ok', 'c two: ok', 'b one: ok', 'b two: failed'])
    expect(summary.hosts).toMatchObject({ a: { owed: ['roll'] }, b: { owed: ['roll'] }, c: { owed: [] } })
  })

  test('may be a file of tasks, and listens as a whole', async () => {
    const handler = '\n    - { name: both, include: both.yml, listen: [roll] }'
    const files = { 'both.yml': '- { name: one, debug: x }\n- { name: two, debug: x }\n' }
    expect((await did(playbook(handler), { files })).slice(2)).toEqual(['a one: ok', 'a two: ok'])
  })

  test('stays owed to a host that did not answer to a part of it, though the play lets the host go on', async () => {
    let rounds = 0
    const both = roll.replace('{ name: one, debug: x }', '{ name: one, shell: ":" }')
    const { lines, summary } = await runText(
      playbook(both).replace('- hosts: web', '- hosts: web\n  ignore_unreachable: true'),
      {
        hosts: ONE,
        round: (host, work) => async (trip) => {
          // Two tasks and then the first part of the handler.
          if (acts(trip) && ++rounds === 3)
            throw new RemoteProblem({ code: 'UNREACHABLE', host, message: 'gone for a moment' })
          return await work(trip)
        },
      },
    )
    expect(lines.slice(2)).toEqual(['a one: unreachable, ignored', 'a two: ok'])
    expect(summary.hosts.a?.owed).toEqual(['roll'])
  })

  test('has a rescue and an always, each time that it runs', async () => {
    const handler = `
    - name: roll
      block: [{ name: try, fail: no, when: once.n == 1 }, { name: on, debug: x }]
      rescue: [{ name: mend, debug: x }]
      always: [{ name: end, debug: x }]`
    const text = playbook(handler, 'shell: "echo 1", register: first').replace(
      '- { name: none',
      '- meta: flush_handlers\n    - { name: again, shell: ":", notify: roll, vars: { n: 2 } }\n    - { name: none',
    )
    const twice = text.replace('once.n == 1', 'true')
    expect(await did(twice)).toEqual([
      'a change: changed',
      'a try: failed, rescued',
      'a mend: ok',
      'a end: ok',
      'a again: changed',
      'a none: ok',
      'a try: failed, rescued',
      'a mend: ok',
      'a end: ok',
    ])
  })

  test('is said by check task by task', async () => {
    const { lines } = await runText(playbook(roll), { mode: 'check' })
    expect(lines.filter((line) => / (one|two):/.test(line))).toHaveLength(6)
    // What says that it changes nothing is left to the run, and no drift.
    expect(lines.filter((line) => line.includes(' two: deferred'))).toHaveLength(3)
  })
})
