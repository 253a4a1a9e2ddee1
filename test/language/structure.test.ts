import { describe, expect, test } from 'vitest'
import type { Step } from '../../engine/language/playbook.ts'
import { compiled, playOf, runtimeWith, said } from './stand-ins.ts'

function steps(playbook: string, options = {}): readonly Step[] {
  return compiled(playbook, options).playbook.plays.flatMap((play) => play.steps)
}

describe('steps', () => {
  test('stand in the order of reading: pre_tasks, roles, tasks, post_tasks', () => {
    const files = { 'roles/r/tasks/main.yml': '- say: role\n', 'more.yml': '- say: more\n' }
    const playbook = `
- hosts: all
  post_tasks: [{ say: post }]
  tasks: [{ say: a }, { include: more.yml }, { include: { role: r } }, { include: { tasks: more.yml } }]
  roles: [r]
  pre_tasks: [{ say: pre }]
`
    expect(steps(playbook, { files }).map(({ name, section }) => `${section}: ${name}`)).toEqual([
      'pre_tasks: say pre',
      'roles: say role',
      'tasks: say a',
      'tasks: say more',
      'tasks: say role',
      'tasks: say more',
      'post_tasks: say post',
    ])
  })

  test('of a role come from the file that an include names, with what the role defines', () => {
    const files = {
      'roles/r/tasks/main.yml': '- say: main\n',
      'roles/r/tasks/more.yml': '- include: main.yml\n- say: "{{ word }}"\n- { say: last, notify: h }\n',
      'roles/r/handlers/main.yml': '- name: h\n  say: handled\n',
      'roles/r/defaults/main.yml': 'word: more\n',
    }
    const found = steps(playOf('- include: { role: r, tasks: more.yml }\n'), { files })
    expect(found.map(({ name }) => name)).toEqual(['say main', 'say more', 'say last'])
  })

  test('have ids of their own, made of where they stand', () => {
    const ids = steps(
      '- name: P\n  hosts: all\n  tasks: [{ say: a }, { block: [{ say: b }], always: [{ say: c }] }]\n- name: P\n  hosts: all\n  tasks: [{ say: a }]\n',
    ).map(({ id }) => id)
    expect(ids).toEqual([
      'play.yml/P/tasks/0',
      'play.yml/P/tasks/1/block/0',
      'play.yml/P/tasks/1/always/0',
      'play.yml/P (2)/tasks/0',
    ])
  })

  test('tell the blocks that they are in, outermost first', () => {
    const tasks = `- block:
    - say: a
    - block: [{ say: b }]
      rescue: [{ say: c }]
  always:
    - say: d
`
    const found = steps(playOf(tasks)).map(({ blocks }) =>
      blocks.map(({ id, section, hasRescue }) => `${id.slice('play.yml/all/tasks/'.length)} ${section} ${hasRescue}`),
    )
    expect(found).toEqual([
      ['0 block false'],
      ['0 block false', '0/block/1 block true'],
      ['0 block false', '0/block/1 rescue true'],
      ['0 always false'],
    ])
  })

  test('take over what stands on the play and the blocks around them', () => {
    const playbook = `
- hosts: all
  become: true
  tags: play
  timeout: 60
  no_log: true
  environment: { A: play, B: play }
  tasks:
    - when: n > 0
      tags: [block]
      become_user: ann
      ignore_errors: true
      environment: { B: block }
      throttle: 2
      block:
        - say: a
          when: [n < 9, true]
          tags: task
          no_log: false
          timeout: 5
          become_method: su
        - say: b
          become: false
          ignore_errors: false
`
    const play = compiled(playbook)
    const [a, b] = play.playbook.plays[0]?.steps ?? []
    expect(a).toMatchObject({
      tags: ['play', 'block', 'task'],
      become: { user: 'ann', method: 'su' },
      ignoreErrors: true,
      noLog: false,
      timeoutMs: 5000,
      throttle: 2,
    })
    expect(a?.when.map(({ text }) => text)).toEqual(['n > 0', 'n < 9', 'true'])
    expect(b).toMatchObject({ ignoreErrors: false, noLog: true, timeoutMs: 60_000 })
    expect(b?.become).toBeUndefined()
    const evaluator = play.evaluatorFor(runtimeWith())
    expect(a && evaluator.environment(a, 'w1')).toEqual({ A: 'play', B: 'block' })
  })

  test('carry loop, until, register, delegation and the rest as data', () => {
    const tasks = `- name: all of it
  say: a
  register: r
  until: r.ok
  retries: 7
  delay: 0
  changed_when: false
  failed_when: [result.rc != 0, r.rc != 0]
  delegate_to: w2
  run_once: true
  check_mode: false
  diff: false
  serial: [1, 50%]
  order: { by: n, dynamic: true }
  max_failures: 1
`
    const [step] = steps(playOf(tasks))
    expect(step).toMatchObject({
      name: 'all of it',
      register: 'r',
      until: { retries: 7, delayMs: 0 },
      runOnce: true,
      checkMode: false,
      diff: false,
      roll: {
        serial: [
          { kind: 'count', count: 1 },
          { kind: 'share', percent: 50 },
        ],
        order: { kind: 'by', dynamic: true },
        maxFailures: { kind: 'count', count: 1 },
      },
    })
  })

  test('say what they depend on, through the variables that they use', () => {
    const playbook = `
- hosts: w1
  vars: { peers: !cel 'groups.all.map(h, hostvars[h].n)', name: '{{ facts.hostname }}', plain: 1 }
  tasks:
    - say: a
      register: key
    - say: '{{ plain }} {{ item }}'
      loop: '{{ peers }}'
    - say: '{{ name }}'
      when: key.x
    - thing: { path: /x, from: t.hbs }
`
    const refs = steps(playbook, { files: { 'templates/t.hbs': '{{#each peers}}{{this}}{{../plain}}{{/each}}' } }).map(
      (step) => step.refs,
    )
    expect(refs.map(({ variables }) => variables.toSorted())).toEqual([
      [],
      ['groups', 'hostvars', 'peers', 'plain'],
      ['facts', 'key', 'name'],
      ['groups', 'hostvars', 'peers', 'plain'],
    ])
    expect(refs.map(({ hostvars }) => hostvars)).toEqual([false, true, false, true])
    expect(refs[2]?.facts).toBe(true)
  })

  test.each([
    ['- say: a', 'say a'],
    ['- thing: { mode: "0644", path: /etc/x }', 'thing /etc/x'],
    ['- say: "line one\\nline two"', 'say line one'],
    ['- name: of {{ group }}\n  say: a\n  vars: { group: x }', 'of x'],
    ['- name: on {{ inventory_hostname }}\n  say: a', 'on {{ inventory_hostname }}'],
    ['- meta: flush_handlers', 'flush_handlers'],
  ])('are called by what they do when they have no name: %s', (tasks, name) => {
    expect(steps(playOf(tasks))[0]?.name).toBe(name)
  })

  test('take defaults for a module, from the play and the blocks around', () => {
    const playbook = `
- hosts: w1
  module_defaults: { thing: { mode: "0600", state: absent } }
  tasks:
    - module_defaults: { thing: { mode: "0640" } }
      block:
        - thing: { path: /x, state: present }
        - thing: { path: '/{{ n }}' }
`
    const play = compiled(playbook)
    const evaluator = play.evaluatorFor(runtimeWith())
    expect(play.playbook.plays[0]?.steps.map((step) => evaluator.args(step, 'w1'))).toEqual([
      { kind: 'known', args: { path: '/x', state: 'present', mode: '0640' } },
      { kind: 'known', args: { path: '/1', state: 'absent', mode: '0640' } },
    ])
  })

  test('get their arguments as the schema asks, files and templates read', () => {
    const files = {
      'files/a.txt': 'A',
      'templates/t.hbs': 'n={{ n }}\n',
      'roles/r/templates/t.hbs': 'role {{ n }}',
      'roles/r/tasks/main.yml': '- thing: { path: /r, from: t.hbs }\n',
    }
    const play = compiled(
      playOf('- thing: { path: /x, src: a.txt, from: t.hbs, pass: hush }\n- include: { role: r }\n'),
      { files },
    )
    const evaluator = play.evaluatorFor(runtimeWith())
    const [first, second] = play.playbook.plays[0]?.steps ?? []
    if (!first || !second) throw new Error('no steps')
    expect(evaluator.args(first, 'w2')).toMatchObject({
      args: {
        path: '/x',
        state: 'present',
        src: { path: 'a.txt', content: Buffer.from('A') },
        from: { path: 't.hbs', content: 'n=2\n' },
      },
    })
    expect(evaluator.args(second, 'w1')).toMatchObject({ args: { from: { content: 'role 1' } } })
  })

  test('hand expressions over with their values', () => {
    const play = compiled(playOf('- assert: [n > 1, "true"]\n'))
    const step = play.playbook.plays[0]?.steps[0]
    if (!step) throw new Error('no step')
    expect(play.evaluatorFor(runtimeWith()).args(step, 'w1')).toEqual({
      kind: 'known',
      args: {
        that: [
          { expression: 'n > 1', value: false },
          { expression: 'true', value: true },
        ],
      },
    })
  })

  test('tell the condition that does not hold', () => {
    const play = compiled(playOf('- say: a\n  when: [n > 0, n == 2]\n'))
    const step = play.playbook.plays[0]?.steps[0]
    if (!step) throw new Error('no step')
    const evaluator = play.evaluatorFor(runtimeWith())
    expect(evaluator.when(step, 'w1')).toEqual({ holds: false, reason: 'n == 2' })
    expect(evaluator.when(step, 'w2')).toEqual({ holds: true })
  })
})

describe('tags', () => {
  const playbook = playOf(`- { say: plain }
- { say: a, tags: a }
- { say: ab, tags: [a, b] }
- { say: always, tags: always }
- { say: never, tags: [never, n] }
`)
  test.each([
    [{}, ['plain', 'a', 'ab', 'always']],
    [{ tags: ['a'] }, ['a', 'ab', 'always']],
    [{ tags: ['b,n'] }, ['ab', 'always', 'never']],
    [{ skipTags: ['a'] }, ['plain', 'always']],
    [{ tags: ['a'], skipTags: ['b', 'always'] }, ['a']],
    [{ tags: ['untagged'] }, ['plain', 'always']],
    [{ tags: ['tagged'], skipTags: ['never'] }, ['a', 'ab', 'always']],
    [{ tags: ['never'] }, ['always', 'never']],
  ])('%j choose %j', (options, names) => {
    expect(steps(playbook, options).map(({ name }) => name.replace('say ', ''))).toEqual(names)
  })

  test('that nothing has are a warning', () => {
    expect(compiled(playbook, { tags: ['bb'] }).warnings.map(String)).toEqual([
      "warning[UNKNOWN_TAG]: no task has the tag 'bb'\nhint: did you mean 'b'?",
    ])
  })
})

describe('handlers', () => {
  test('are notified by name or topic, from tasks, blocks and roles', () => {
    const files = {
      'roles/r/handlers/main.yml': '- name: of role\n  say: a\n  listen: topic\n',
      'roles/r/tasks/main.yml': '- say: a\n  notify: of role\n',
    }
    const playbook = `
- hosts: all
  roles: [r, r]
  tasks:
    - notify: one
      block:
        - say: a
          notify: [topic, one]
  handlers:
    - { name: one, say: a }
    - { name: two, say: a, listen: [topic] }
`
    const [play] = compiled(playbook, { files }).playbook.plays
    expect(play?.handlers.map(({ id, name }) => `${id}: ${name}`)).toEqual([
      'play.yml/all/handlers/one: one',
      'play.yml/all/handlers/two: two',
      'play.yml/all/handlers/of role: of role',
    ])
    expect(play?.steps.map(({ notify }) => notify)).toEqual([['of role'], ['of role'], ['one', 'two', 'of role']])
  })

  test('are blocks and includes with a name, as a whole', () => {
    const playbook = `
- hosts: all
  tasks:
    - { say: a, notify: [whole, topic] }
  handlers:
    - name: whole
      serial: 1
      block: [{ name: one, say: a }, { block: [{ name: two, say: a }] }]
    - { name: file, include: file.yml, listen: topic }
    - block: [{ name: alone, say: a, listen: topic }]
`
    const files = { 'file.yml': '- { name: one, say: a }\n' }
    const [play] = compiled(playbook, { files }).playbook.plays
    expect(play?.handlers.map(({ id, name, handler }) => `${id.slice(22)}: ${handler}, ${name}`)).toEqual([
      'whole/0: whole, one',
      'whole/1: whole, two',
      'file: file, one',
      'alone: alone, alone',
    ])
    expect(play?.steps.map(({ notify }) => notify)).toEqual([['whole', 'file', 'alone']])
  })

  test('that nothing notifies are a warning', () => {
    const { warnings } = compiled(playOf('- say: a', '  handlers: [{ name: idle, say: a }]\n'))
    expect(warnings.map(({ message }) => message)).toEqual(["nothing notifies the handler 'idle'"])
  })
})

describe('a play', () => {
  test('has its hosts in inventory order, after --limit', () => {
    const [play] = compiled('- hosts: [db, web]\n  tasks: [{ say: a }]\n', { limit: 'all:!w1' }).playbook.plays
    expect(play?.hosts).toEqual(['w2', 'd1'])
  })

  test('may take its hosts from the command line', () => {
    const [play] = compiled("- hosts: '{{ target }}'\n  tasks: [{ say: a }]\n", { extraVars: { target: 'db' } })
      .playbook.plays
    expect(play?.hosts).toEqual(['d1'])
  })

  test('says how it rolls and what it bears', () => {
    const [play] = compiled(
      '- hosts: all\n  serial: 25%\n  order: reverse_sorted\n  max_fail_percentage: 10\n  any_errors_fatal: true\n  strategy: free\n  gather_facts: false\n',
    ).playbook.plays
    expect(play).toMatchObject({
      roll: {
        serial: [{ kind: 'share', percent: 25 }],
        order: { kind: 'reverse_sorted' },
        maxFailures: { kind: 'share', percent: 10 },
      },
      anyErrorsFatal: true,
      strategy: 'free',
      gatherFacts: false,
      usesFacts: false,
    })
  })

  test('of another playbook can be included', () => {
    const files = {
      'sub/other.yml': '- name: other\n  hosts: db\n  tasks: [{ include: tasks.yml }]\n',
      'sub/tasks.yml': '- say: sub\n',
    }
    const play = compiled('- include: sub/other.yml\n- name: own\n  hosts: web\n', { files })
    expect(play.playbook.plays.map(({ name }) => name)).toEqual(['other', 'own'])
    expect(said(play, 'd1')).toEqual(['sub'])
  })
})
