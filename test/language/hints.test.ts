import { describe, expect, test } from 'vitest'
import { Secret } from '../../engine/resource/secret.ts'
import { complaintsOf, folderWith } from './folder.ts'
import { compiled, compileIn, HOSTS, playOf, runtimeWith, said } from './stand-ins.ts'

describe('warnings', () => {
  const warned = (playbook: string, options = {}) =>
    compiled(playbook, options).warnings.map(({ code, message }) => `${code}: ${message}`)

  test.each([
    ['- say: a\n  ignore_errors: true', "IGNORED_ERRORS: every failure of 'say a' is ignored"],
    ['- say: a\n  become_user: ann', "BECOME_OFF: 'say a' names a become_user and does not become anybody"],
    ['- say: a\n  become: true\n  become_user: ann', undefined],
    ['- say: a\n  when: 1 > 2', "ALWAYS_FALSE: the condition '1 > 2' holds on no host"],
    ['- say: a\n  when: false', "ALWAYS_FALSE: the condition 'false' holds on no host"],
    [
      "- say: a\n  when: inventory_hostname == 'w3'",
      "ALWAYS_FALSE: the condition 'inventory_hostname == 'w3'' holds on no host",
    ],
    [
      '- say: a\n  when: "\'wbe\' in group_names"',
      "ALWAYS_FALSE: the condition ''wbe' in group_names' holds on no host",
    ],
    ['- say: a\n  when: size(groups.web) > 5', "ALWAYS_FALSE: the condition 'size(groups.web) > 5' holds on no host"],
    ['- say: a\n  when: "\'db\' in group_names"', undefined],
    ['- say: a\n  when: n > 9', undefined],
    ['- when: 1 > 2\n  block: [{ say: a }, { say: b }]', "ALWAYS_FALSE: the condition '1 > 2' holds on no host"],
    ['- say: a\n  vars: { m: 1 }', "UNREAD_VARIABLE: nothing reads the variable 'm' of the task 'a task'"],
    [
      '- name: B\n  vars: { m: 1 }\n  block: [{ say: a }]',
      "UNREAD_VARIABLE: nothing reads the variable 'm' of the block 'B'",
    ],
    ['- name: B\n  vars: { m: 1 }\n  block: [{ say: "{{ m }}" }]', undefined],
    ['- say: "{{ a }}"\n  vars: { a: "{{ b }}", b: 1 }', undefined],
    ['- name: "of {{ a }}"\n  say: x\n  vars: { a: 1 }', undefined],
    ['- say: x\n  become: true\n  become_user: "{{ a }}"\n  vars: { a: ann }', undefined],
    ['- say: x\n  loop: "{{ a }}"\n  loop_control: { label: "{{ b }}" }\n  vars: { a: [1], b: 2 }', undefined],
    ['- say: x\n  environment: { A: "{{ a }}" }\n  vars: { a: 1 }', undefined],
    ['- say: x\n  serial: 1\n  order: { by: a }\n  vars: { a: 1 }', undefined],
    ['- thing: { path: /x, from: t.hbs }\n  vars: { a: 1 }', undefined],
    [
      '- module_defaults: { thing: { mode: "0600" } }\n  block: [{ say: a }]',
      "IDLE_DEFAULT: no task takes 'mode' of thing from module_defaults",
    ],
    [
      '- module_defaults: { thing: { mode: "0600" } }\n  block: [{ thing: { path: /x, mode: "0644" } }]',
      "IDLE_DEFAULT: no task takes 'mode' of thing from module_defaults",
    ],
    ['- module_defaults: { thing: { mode: "0600" } }\n  block: [{ thing: { path: /x } }]', undefined],
  ])('%s', (tasks, message) => {
    const files = { 'templates/t.hbs': '{{ a }}' }
    expect(warned(playOf(tasks), { files })).toEqual(message === undefined ? [] : [message])
  })

  test('tell of variables of a play and of a role’s call that nothing reads, and not of those in files', () => {
    const playbook = `
- name: P
  hosts: w1
  vars: { used: 1, unusde: 2 }
  vars_files: [more.yml]
  roles: [{ role: r, vars: { port: 1, prot: 2, typed: 3 } }]
  tasks: [{ say: '{{ used }}' }]
`
    const files = {
      'more.yml': 'other: 1\n',
      'roles/r/vars/main.yml': 'own: 1\n',
      'roles/r/inputs.yml': 'typed: { type: integer }\n',
      'roles/r/tasks/main.yml': "- say: '{{ port }}'\n",
    }
    expect(compiled(playbook, { files }).warnings.map(({ message, hint }) => [message, hint])).toEqual([
      ["nothing reads the variable 'unusde' of the play 'P'", undefined],
      ["nothing reads the variable 'prot' of the role 'r'", "did you mean 'port'?"],
    ])
  })

  test('say nothing of a variable that -e takes the place of', () => {
    const playbook = "- hosts: w1\n  vars: { url: 'http://{{ port }}', port: 80 }\n  tasks: [{ say: '{{ url }}' }]\n"
    expect(warned(playbook, { extraVars: { url: 'x' } })).toEqual([])
  })

  test('tell of a play without hosts', () => {
    expect(warned('- hosts: web:&db\n  tasks: [{ say: a }]\n')).toEqual(["NO_HOSTS: no host is in 'web:&db'"])
    const empty = "- hosts: '{{ web }}'\n  vars: { web: '{{ where }}' }\n  tasks: [{ say: a }]\n"
    expect(warned(empty, { extraVars: { where: '' } })).toEqual(["NO_HOSTS: no host is in ''"])
  })

  test('say nothing of a play whose hosts an expression leaves out', () => {
    expect(warned('- hosts: !cel \'has(groups.none) ? ["none"] : []\'\n  tasks: [{ say: a }]\n')).toEqual([])
  })

  test('tell of a part of --limit that chooses no host', () => {
    const playbook = playOf('- say: a')
    expect(warned(playbook, { limit: 'w1,x*' })).toEqual([
      "UNMATCHED_LIMIT: no host of the inventory is in 'x*' of --limit",
    ])
    expect(warned(playbook, { limit: 'web,!w1,&web' })).toEqual([])
  })

  test('are the same whatever --limit leaves', () => {
    expect(warned(playOf("- say: a\n  when: inventory_hostname == 'w1'"), { limit: 'w2' })).toEqual([])
  })

  test('tell of a variable of the command line that nothing reads', () => {
    const playbook = "- hosts: w1\n  vars: { x: '{{ deep }}' }\n  tasks: [{ say: '{{ x }}' }]\n"
    const extraVars = { deep: 1, n: 5, address: '::1', colur: 'blue' }
    expect(warned(playbook, { extraVars })).toEqual(["UNREAD_VARIABLE: nothing reads the variable 'colur' of -e"])
  })

  test('come sorted by file and line', () => {
    const playbook =
      '- hosts: w1\n  tasks:\n    - { say: a, ignore_errors: true }\n    - { include: a.yml }\n    - { say: b, when: 1 > 2 }\n'
    const { warnings, folder } = compiled(playbook, { files: { 'a.yml': '- { say: c, when: 2 > 3 }\n' } })
    expect(warnings.map(({ place }) => `${place?.file.replace(`${folder}/`, '')}:${place?.line}`)).toEqual([
      'a.yml:1',
      'play.yml:3',
      'play.yml:5',
    ])
  })
})

describe('a secret that would be shown', () => {
  test('in an expression that is handed over with its value is refused', () => {
    const play = compiled(playOf('- say: a\n  register: r\n- assert: [r.password]\n'))
    const step = play.playbook.plays[0]?.steps[1]
    if (!step) throw new Error('no step')
    const runtime = runtimeWith({ w1: { r: { password: new Secret('hunter2') } } })
    expect(() => play.evaluatorFor(runtime).args(step, 'w1')).toThrow(
      "'r.password' of assert would show a secret, in the task 'assert', on w1",
    )
  })
})

describe('hosts are tried one and all', () => {
  /** Three hundred hosts of which the last has something else for its address. */
  const hosts = (last: string) =>
    `web:\n  hosts:\n${Array.from({ length: 300 }, (_, n) => `    h${n}: { address: 'a${n}', on: false }\n`).join('')}    last: ${last}\n`
  const tasks = `- say: '{{ address }}'
- say: '{{ upper address }}'
- say: !cel groups.web.map(h, hostvars[h].address).join(',')
`
  const complaint = (last: string, more = '') => {
    const folder = folderWith({ 'hosts.yml': hosts(last), 'play.yml': playOf(tasks + more) })
    return complaintsOf(() => compileIn(folder), folder).map((text) => text.split('\n')[0])
  }

  test('when three hundred of them look at all the others, for a name and for a type', () => {
    expect(complaint('{ on: false }')[0]).toBe("error[UNDEFINED_VARIABLE]: 'address' is not defined, on last")
    expect(complaint('{ address: [], on: false }')).toContain(
      'error[WRONG_VALUE]: upper takes text, not a list, on last',
    )
    expect(complaint("{ address: 'x', on: false }")).toEqual([])
  })

  test('of each kind when they are too many for that: other names, other types, another truth', () => {
    // Each of these tasks looks at all hosts from all hosts.
    const many = '- say: !cel "groups.web.map(h, hostvars[h].on).size() > 0 && on ? nope : address"\n'.repeat(9)
    expect(complaint("{ address: 'x', on: true }", many)[0]).toBe(
      "error[UNDEFINED_VARIABLE]: 'nope' is not defined, on last",
    )
  })
})

describe('the inputs of a role', () => {
  const files = {
    'roles/r/inputs.yml':
      'layout: { enum: [one, two], description: Which. }\nports: { type: array, items: { type: integer }, required: true }\n',
    'roles/r/tasks/main.yml': '- say: "{{ layout }} {{ join ports }}"\n',
    'roles/r/defaults/main.yml': 'layout: one\n',
  }
  const complaints = (playbook: string) => {
    const folder = folderWith({ 'hosts.yml': HOSTS, 'play.yml': playbook, ...files })
    return complaintsOf(() => compileIn(folder), folder).map((text) =>
      text
        .split('\n')
        .filter((_, index) => index !== 2 && index !== 3)
        .join(' '),
    )
  }

  test('are checked for every host before the first is contacted', () => {
    expect(said(compiled('- hosts: w1\n  roles: [{ role: r, vars: { ports: [1] } }]\n', { files }), 'w1')).toEqual([
      'one 1',
    ])
    expect(complaints('- hosts: all\n  roles: [{ role: r, vars: { layout: thre, ports: ["{{ n }}", x] } }]\n')).toEqual(
      [
        "error[WRONG_VALUE]: 'layout' of the role r takes one of one, two, not 'thre'   --> play.yml:2:19",
        "error[WRONG_TYPE]: 'ports[1]' of the role r takes a whole number, not 'x'   --> play.yml:2:19",
      ],
    )
  })

  test('are told of where they are no JSON Schema', () => {
    const wrong = { ...files, 'roles/r/inputs.yml': 'layout: { enmu: [one] }\nports: { type: lst }\n' }
    const folder = folderWith({
      'hosts.yml': HOSTS,
      'play.yml': '- hosts: w1\n  vars: { ports: [1] }\n  roles: [r]\n',
      ...wrong,
    })
    const told = complaintsOf(() => compileIn(folder), folder).map((text) => text.split('\n').slice(0, 2))
    expect(told).toEqual([
      [
        `error[WRONG_VALUE]: the input 'layout' is no JSON Schema: strict mode: unknown keyword: "enmu"`,
        '  --> roles/r/inputs.yml:1:9',
      ],
      [
        expect.stringContaining("error[WRONG_VALUE]: the input 'ports' is no JSON Schema: "),
        '  --> roles/r/inputs.yml:2:8',
      ],
    ])
  })

  test('may be missing only where the role does nothing', () => {
    const [first] = complaints('- hosts: w1\n  roles: [r]\n')
    expect(first).toBe("error[MISSING_ARG]: the role r needs 'ports'   --> play.yml:2:11")
    expect(complaints('- hosts: w1\n  roles: [{ role: r, when: n > 1 }]\n')).toEqual([])
  })
})

test('env holds the environment of the controller', () => {
  const play = compiled(playOf('- say: \'{{ env.STAGE }} {{ default env.NOPE "none" }}\''), {
    environment: { STAGE: 'test' },
  })
  expect(said(play, 'w1')).toEqual(['test none'])
})
