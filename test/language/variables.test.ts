import { describe, expect, test } from 'vitest'
import { HIDDEN, Secret } from '../../engine/resource/secret.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { compiled, playOf, runtimeWith, said } from './stand-ins.ts'

describe('a variable', () => {
  /** Each level with the one below it taken away. */
  const levels = [
    { level: 'the command line', extraVars: { x: 'command line' }, value: 'command line' },
    { level: 'the task', task: true, value: 'task' },
    { level: 'the block', block: true, value: 'block' },
    { level: 'the play', play: true, value: 'play' },
    { level: 'the host', host: true, value: 'host' },
    { level: 'the group', group: true, value: 'group' },
    { level: 'all', value: 'all' },
  ]
  test.each(levels)('has the value of $level when nothing nearer gives one', ({ value, ...given }) => {
    const at = levels.findIndex((each) => each.value === value)
    const has = (name: string) => levels.slice(at).some((each) => name in each)
    const vars = (name: string, text: string) => (has(name) ? `vars: { x: ${text} }` : 'vars: {}')
    const playbook = `
- hosts: g
  ${vars('play', 'play')}
  tasks:
    - block:
        - say: '{{ x }}'
          ${vars('task', 'task')}
      ${vars('block', 'block')}
`
    const hosts = `all: { vars: { x: all } }\ng: { hosts: { h: { ${has('host') ? 'x: host' : ''} } }, ${vars('group', 'group')} }\n`
    expect(
      said(compiled(playbook, { hosts, ...('extraVars' in given ? { extraVars: given.extraVars } : {}) }), 'h'),
    ).toEqual([value])
  })

  test('of a role is a default below the inventory, or a value above the play, and stays inside the role', () => {
    const files = {
      'roles/r/defaults/main.yml': 'colour: default\nsize: default\n',
      'roles/r/vars/main.yml': 'shape: role\n',
      'roles/r/tasks/main.yml': "- say: '{{ colour }} {{ size }} {{ shape }} {{ given }}'\n",
    }
    const playbook = `
- hosts: w1
  vars: { shape: play, given: play }
  roles: [{ role: r, vars: { given: call } }]
  tasks:
    - say: '{{ shape }} {{ default size "none" }}'
`
    expect(said(compiled(playbook, { files }), 'w1')).toEqual(['red default role call', 'play none'])
  })

  test('from vars_files wins over vars', () => {
    const playbook =
      "- hosts: w1\n  vars: { x: vars, y: vars }\n  vars_files: ['{{ x }}.yml']\n  tasks: [{ say: '{{ x }} {{ y }}' }]\n"
    expect(said(compiled(playbook, { files: { 'vars.yml': 'y: file\n' } }), 'w1')).toEqual(['vars file'])
  })

  test('may be a template of others, whatever their level and order', () => {
    const hosts =
      'all: { vars: { url: "http://{{ name }}:{{ port }}", port: 80 }, hosts: { a: { name: A }, b: { port: 8080 } } }\n'
    const playbook =
      "- hosts: all\n  vars: { name: '{{ inventory_hostname }}' }\n  tasks: [{ say: '{{ url }}', vars: { port: 1 } }, { say: '{{ url }}' }]\n"
    const play = compiled(playbook, { hosts })
    expect(said(play, 'a')).toEqual(['http://a:1', 'http://a:80'])
    expect(said(play, 'b')).toEqual(['http://b:1', 'http://b:8080'])
  })

  test.each([
    ['{{ list }}', [1, { a: null }]],
    ['{{ no }}', false],
    ['{{ zero }}', 0],
    ['{{ none }}', null],
    ['{{ list.[1] }} ', undefined],
    ['n={{ zero }}', 'n=0'],
    ['', ''],
  ])('keeps its kind through %s', (text, value) => {
    const playbook = `- hosts: w1\n  vars: { list: [1, { a: null }], no: false, zero: 0, none: null }\n  tasks: [{ say: '${text}' }]\n`
    if (value === undefined) expect(() => compiled(playbook)).toThrow('which has no text')
    else expect(said(compiled(playbook), 'w1')).toEqual([value])
  })
})

describe('names', () => {
  test.each([
    ['inventory_hostname', 'w2'],
    ['group_names', ['web']],
    ['groups', { all: ['w1', 'w2', 'd1'], db: ['d1'], web: ['w1', 'w2'] }],
    ['play_hosts', ['w1', 'w2', 'd1']],
    ['hostvars.d1.n', 3],
    ['hostvars[groups.web[0]].colour', 'red'],
    ['check_mode', false],
    ['hostvars.w1.inventory_hostname', 'w1'],
  ])('%s is there for everyone', (name, value) => {
    expect(said(compiled(playOf(`- say: !cel ${name}`)), 'w2')).toEqual([value])
  })

  test('--limit does not change what hostvars can see', () => {
    expect(said(compiled(playOf('- say: !cel hostvars.d1.n'), { limit: 'w1' }), 'w1')).toEqual([3])
  })

  test('a loop gives its item, under any name, and its position', () => {
    const tasks = `- say: '{{ item }}{{ n }}'
  loop: [a, b]
- say: '{{ i }}:{{ each.k }}'
  loop: '{{ maps }}'
  loop_control: { loop_var: each, index_var: i }
  vars: { maps: [{ k: 0 }] }
`
    expect(said(compiled(playOf(tasks)), 'w2')).toEqual(['a2', 'b2', '0:0'])
  })
})

describe('what is known after apply', () => {
  const play = compiled(
    playOf(`- say: first
  register: key
- say: '{{ key.public }}'
- say: 'of {{ key.path }}'
- say: !cel key.path + key.public
  when: key.changed
- say: yes
  when: key.public == "x" && false
- say: maybe
  when: key.public == "x"
- say: { msg: { all: '{{ key }}', peer: !cel hostvars.w2.key.path } }
`),
  )
  const key = { changed: true, path: '/k', public: new Unknown('the key, which does not exist yet') }
  const later = expect.objectContaining({ reason: 'the key, which does not exist yet' })

  test('stays so through templates, expressions and conditions, and nothing else does', () => {
    const values = said(play, 'w1', runtimeWith({ w1: { key }, w2: { key: { path: '/other' } } }))
    expect(values).toEqual(['first', later, 'of /k', later, false, later, later])
  })

  test('is known once it was registered', () => {
    const known = { ...key, public: 'x' }
    const values = said(play, 'w1', runtimeWith({ w1: { key: known }, w2: { key: known } }))
    expect(values).toEqual(['first', 'x', 'of /k', '/kx', false, 'maybe', { all: known, peer: '/k' }])
  })

  test('leaves the known part of the arguments to be shown', () => {
    const { playbook, evaluatorFor } = compiled(
      playOf(
        "- say: a\n  register: r\n- thing: { path: '/{{ n }}', text: 'is {{ r.x }}', list: [{ name: '{{ r.x }}' }] }\n",
      ),
    )
    const step = playbook.plays[0]?.steps[1]
    if (!step) throw new Error('no step')
    const args = evaluatorFor(runtimeWith({ w2: { r: { x: new Unknown('why') } } })).args(step, 'w2')
    expect(args).toMatchObject({
      kind: 'unknown',
      unknown: { reason: 'why' },
      partial: { path: '/2', text: { reason: 'why' }, list: [{ name: { reason: 'why' } }] },
    })
  })
})

test('what comes from a host is never evaluated', () => {
  const play = compiled(
    playOf(
      "- say: a\n  register: r\n- say: '{{ r.x }}'\n- say: 'of {{ r.x }}'\n- say: !cel r.x + '{{ n }}'\n  vars: { y: '{{ r.x }}' }\n- say: '{{ y }}'\n  vars: { y: '{{ r.x }}' }\n",
    ),
  )
  const values = said(play, 'w1', runtimeWith({ w1: { r: { x: '{{ n }}' } } }))
  expect(values.slice(1)).toEqual(['{{ n }}', 'of {{ n }}', '{{ n }}{{ n }}', '{{ n }}'])
})

describe('a secret', () => {
  const registered = { w1: { r: { password: new Secret('hunter2'), user: 'ann' } } }

  test('makes a secret of what is computed from it, and of nothing else', () => {
    const tasks = `- say: first
  register: r
- say: '{{ r.user }}'
- say: '{{ r.password }}'
- say: 'user={{ r.user }} password={{ r.password }}'
- say: '{{ upper r.password }}'
- say: !cel '{"auth": r.user + ":" + r.password}'
- say: !cel r.password == "hunter2"
`
    // `say` shows what it is given, so that the values are looked at one by one.
    const { playbook, evaluatorFor } = compiled(
      playOf(tasks.replaceAll('say: ', 'thing: { path: /x, text: ').replace(/(text: .*)$/gm, '$1 }')),
    )
    const evaluator = evaluatorFor(runtimeWith(registered))
    const texts = playbook.plays[0]?.steps.slice(1, 5).map((step) => evaluator.args(step, 'w1')) ?? []
    const shown = texts.map((args) =>
      args.kind === 'known' ? String((args.args as { text: unknown }).text) : args.unknown,
    )
    expect(shown).toEqual(['ann', HIDDEN, HIDDEN, HIDDEN])
    const revealed = texts.map((args) => (args.kind === 'known' ? (args.args as { text: Secret }).text : undefined))
    expect(revealed[2]?.reveal()).toBe('user=ann password=hunter2')
    expect(revealed[3]?.reveal()).toBe('HUNTER2')
  })

  test('is refused where it would show', () => {
    const { playbook, evaluatorFor } = compiled(
      playOf("- say: a\n  register: r\n- thing: { path: '/{{ r.password }}' }\n"),
    )
    const step = playbook.plays[0]?.steps[1]
    if (!step) throw new Error('no step')
    expect(() => evaluatorFor(runtimeWith(registered)).args(step, 'w1')).toThrow(
      /^'path' of thing would show a secret, in the task 'thing .*', on w1$/,
    )
  })
})
