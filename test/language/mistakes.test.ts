import { describe, expect, test } from 'vitest'
import { complaintsOf, folderWith } from './folder.ts'
import { compileIn, HOSTS, playOf } from './stand-ins.ts'

/** The complaints about a playbook, as users see them. */
function complaints(playbook: string, files: Record<string, string> = {}, options = {}): string[] {
  const folder = folderWith({ 'hosts.yml': HOSTS, 'play.yml': playbook, ...files })
  return complaintsOf(() => compileIn(folder, options), folder)
}

/** The same without the lines that point at the place. */
function sentences(playbook: string, files: Record<string, string> = {}, options = {}): string[] {
  return complaints(playbook, files, options).map((text) =>
    text
      .split('\n')
      .filter((line) => !/^(\d+)? +\|/.test(line) && !/^\d+ \|/.test(line))
      .join('\n')
      .replace('\n  --> ', ' @ ')
      .replace('\nhint: ', ' ? '),
  )
}

test('a mistake is shown with its line, its place and what to do', () => {
  expect(complaints(playOf('- thing:\n    path: /x\n    moed: "0644"\n'))).toEqual([
    `error[UNKNOWN_ARG]: thing has no argument 'moed'
  --> play.yml:5:9
5 |         moed: "0644"
  |         ^^^^
hint: did you mean 'mode'?`,
  ])
})

test('all mistakes of all files are told at once, in the order of files and lines', () => {
  const playbook = `- hosts: all
  become: yes
  tasks:
    - thing: { path: x }
      notify: nobody
    - include: more.yml
    - say: '{{ colour }}{{ nope }}'
`
  const files = { 'more.yml': "- thnig: {}\n- say: !cel 'default(nope, 1) + color'\n" }
  expect(sentences(playbook, files)).toEqual([
    "error[UNKNOWN_MODULE]: there is no module 'thnig' @ more.yml:1:3 ? did you mean 'thing'?",
    "error[UNDEFINED_VARIABLE]: 'color' is not defined @ more.yml:2:33 ? did you mean 'colour'?",
    "error[WRONG_TYPE]: 'become' takes true or false, not 'yes' @ play.yml:2:11 ? write true",
    "error[WRONG_VALUE]: 'path' of thing is an absolute path on the host, not 'x' @ play.yml:4:22",
    "error[UNKNOWN_HANDLER]: there is no handler 'nobody' @ play.yml:5:15 ? the handlers of a play stand below handlers:",
    "error[UNDEFINED_VARIABLE]: 'colour' is not defined, on d1 @ play.yml:7:16",
    "error[UNDEFINED_VARIABLE]: 'nope' is not defined, on w1 and w2 @ play.yml:7:28",
  ])
})

describe('arguments', () => {
  test.each([
    ['{}', "MISSING_ARG]: thing needs 'path' @ play.yml:3:7"],
    ['', "MISSING_ARG]: thing needs 'path' @ play.yml:3:7"],
    [
      '{ path: /x, mode: 644 }',
      `WRONG_MODE]: 'mode' of thing is permission bits in quotes, not 644 @ play.yml:3:32 ? write it in quotes: "0644"`,
    ],
    [
      '{ path: /x, mode: 0644 }',
      `OCTAL_NUMBER]: 0644 is the number 644 in YAML 1.2 @ play.yml:3:32 ? write it in quotes: "0644"`,
    ],
    [
      '{ path: /x, state: presnt }',
      "WRONG_VALUE]: 'state' of thing takes one of present, absent, not 'presnt' @ play.yml:3:33 ? did you mean 'present'?",
    ],
    ['{ path: /x, size: "1" }', "WRONG_TYPE]: 'size' of thing takes a whole number, not '1' @ play.yml:3:32"],
    ['{ path: /x, size: -1 }', "WRONG_VALUE]: 'size' of thing must be >= 0 @ play.yml:3:32 ? How large."],
    [
      '{ path: /x, flag: yes }',
      "WRONG_TYPE]: 'flag' of thing takes true or false, not 'yes' @ play.yml:3:32 ? write true",
    ],
    [
      '{ path: /x, list: [{ nam: a }] }',
      "UNKNOWN_ARG]: 'list[0]' of thing has no argument 'nam' @ play.yml:3:35 ? did you mean 'name'?",
    ],
    [
      '{ path: /x, list: [{ name: a, n: b }] }',
      "WRONG_TYPE]: 'list[0].n' of thing takes a whole number, not 'b' @ play.yml:3:47",
    ],
    ['{ path: /x, list: a }', "WRONG_TYPE]: 'list' of thing takes a list, not 'a' @ play.yml:3:32"],
    [
      '{ path: /x, either: a }',
      "WRONG_TYPE]: 'either' of thing takes a whole number or a mapping, not 'a' @ play.yml:3:34",
    ],
    [
      '{ path: /x, either: { nam: a } }',
      "UNKNOWN_ARG]: 'either' of thing has no argument 'nam' @ play.yml:3:36 ? did you mean 'name'?",
    ],
    [
      '{ path: /x, find: "(" }',
      "WRONG_VALUE]: 'find' of thing is no regular expression of RE2: error parsing regexp: missing closing ): `(` @ play.yml:3:32",
    ],
    [
      '{ path: /x, src: none }',
      "FILE_MISSING]: there is no file 'none', on w1 and w2 @ play.yml:3:31 ? looked for files/none, none, ",
    ],
    [
      'path=/x state=absent',
      'WRONG_TYPE]: the arguments of thing are a mapping @ play.yml:3:14 ? write thing: { path: /x, state: absent }',
    ],
    [
      "{ path: '{{ colour }}' }",
      "WRONG_VALUE]: 'path' of thing is an absolute path on the host, not 'red', on w1 and w2 @ play.yml:3:22",
    ],
    [
      "{ path: '/{{ n }}', size: '{{ group_names }}' }",
      "WRONG_TYPE]: 'size' of thing takes a whole number, not a list, on w1 and w2 @ play.yml:3:40",
    ],
  ])('thing: %s', (args, sentence) => {
    const [first] = sentences(playOf(`- thing: ${args}\n  when: n < 3`))
    expect(first?.slice('error['.length).replace(/, [^,]*\/files\/none$/, ', ')).toBe(sentence)
  })
})

describe('keywords', () => {
  test.each([
    ['- wehn: true\n  say: a', "error[UNKNOWN_KEYWORD]: a task has no 'wehn' @ play.yml:3:7 ? did you mean 'when'?"],
    ['- with_items: [1]\n  say: a', "error[UNKNOWN_KEYWORD]: a task has no 'with_items' @ play.yml:3:7 ? write loop"],
    [
      '- include_tasks: a.yml',
      "error[UNKNOWN_MODULE]: there is no module 'include_tasks' @ play.yml:3:7 ? write include: with the path of the file",
    ],
    [
      '- ansible.builtin.thing: { path: /x }',
      "error[UNKNOWN_MODULE]: there is no module 'ansible.builtin.thing' @ play.yml:3:7 ? write thing",
    ],
    ['- name: nothing', 'error[NO_MODULE]: this task calls no module @ play.yml:3:7'],
    [
      '- say: a\n  thing: { path: /x }',
      "error[TWO_MODULES]: one task calls one module, not both 'say' and 'thing' @ play.yml:4:7 ? write two tasks",
    ],
    [
      '- say: a\n  register: groups',
      "error[VARIABLE_NAME]: 'groups' is no name that can be registered @ play.yml:4:17 ? a name is made of letters, digits and underscores",
    ],
    [
      '- say: a\n  register: n',
      "error[REGISTER_SHADOWS]: 'n' is a variable already, so that nothing can be registered under the name @ play.yml:4:17 ? the variable is defined at hosts.yml:1",
    ],
    [
      '- say: a\n  when: n',
      'error[WRONG_TYPE]: a condition is true or false, not a number @ play.yml:4:13 ? compare it with something',
    ],
    ['- say: a\n  loop: "{{ n }}"', 'error[WRONG_TYPE]: a loop goes through a list, not a number @ play.yml:3:7'],
    ['- say: a\n  retries: 3', "error[WRONG_KEYWORD]: 'retries' needs 'until' @ play.yml:4:7"],
    [
      '- say: a\n  serial: 0',
      "error[WRONG_TYPE]: 'serial' takes a number of hosts of at least 1, or a share such as 25% @ play.yml:4:15",
    ],
    [
      '- say: a\n  order: { dynamic: true }',
      "error[MISSING_ARG]: order needs 'by', an expression, or 'shuffle', a seed @ play.yml:4:14",
    ],
    [
      '- say: a\n  order: { by: inventory_hostname, ask: r }',
      "error[ORDER_ASKS]: no task of the play registers 'r', which the order asks for @ play.yml:4:20 ? ask an action that only looks, such as http with GET and changed_when: false, without a loop",
    ],
    [
      '- say: a\n  register: r\n- say: b\n  order: { by: inventory_hostname, ask: r }',
      "error[ORDER_ASKS]: the order asks 'say a' again, which is not sure to change nothing @ play.yml:6:20 ? ask an action that only looks, such as http with GET and changed_when: false, without a loop",
    ],
    [
      '- say: a\n  delegate_to: w9',
      "error[UNKNOWN_HOST]: delegate_to names 'w9', which is no host of the inventory @ play.yml:4:20 ? did you mean 'w1'?",
    ],
    [
      '- thing: { path: /x }\n  changed_when: true',
      "error[WRONG_KEYWORD]: 'changed_when' is for actions: whether thing changes something is known from the state @ play.yml:4:7",
    ],
    [
      '- block: [{ say: a }]\n  loop: [1]',
      "error[UNKNOWN_KEYWORD]: a block has no 'loop' @ play.yml:4:7 ? a loop is for one task",
    ],
    [
      '- include: "{{ x }}.yml"',
      'error[STATIC_INCLUDE]: an include is read while compiling: its path is a plain text @ play.yml:3:16 ? write the path as it is, and a condition with when',
    ],
    [
      '- include: play.yml',
      "error[UNKNOWN_MODULE]: there is no module 'hosts' @ play.yml:1:3 ? a play stands in a list of plays, not among tasks",
    ],
    ['- include: { role: wbe }', "error[UNKNOWN_ROLE]: there is no role 'wbe' @ play.yml:3:24"],
    ['- say: a\n  environment: { A: [1] }', 'error[WRONG_TYPE]: the environment variable A is a list @ play.yml:3:7'],
    [
      '- say: a\n  vars: { hostvars: 1 }',
      "error[RESERVED_NAME]: 'hostvars' has a meaning of its own and cannot be a variable @ play.yml:4:15",
    ],
    [
      '- say: "{{ a }}"\n  vars: { a: "{{ b }}", b: "{{ a }}" }',
      "error[VARIABLE_CIRCLE]: the variable 'a' needs its own value: a → b → a @ play.yml:4:18",
    ],
    [
      '- say: !cel r.x\n- say: a\n  register: r',
      "error[UNDEFINED_VARIABLE]: 'r' is not defined @ play.yml:3:17 ? it is registered by 'say a' (play.yml:4), which has not run there by then",
    ],
    [
      '- say: a\n  become: true\n  become_user: "{{ inventory_hostname }}"',
      'error[BECOME_DIFFERS]: become_user differs from host to host: w1, w2, d1 @ play.yml:3:7 ? write one play for each user',
    ],
    ['- say: a\n  order: { by: rnk }', "error[UNDEFINED_VARIABLE]: 'rnk' is not defined @ play.yml:4:20"],
    [
      '- serial: 1\n  order: { by: rnk }\n  block: [{ say: a }]',
      "error[UNDEFINED_VARIABLE]: 'rnk' is not defined @ play.yml:4:20",
    ],
    [
      '- say: a\n  any_errors_fatal: yes',
      "error[WRONG_TYPE]: 'any_errors_fatal' takes true or false, not 'yes' @ play.yml:4:25 ? write true",
    ],
    ['- thing: { path: /x, from: none.hbs }', "error[FILE_MISSING]: there is no template 'none.hbs' @ play.yml:3:32"],
    [
      "- say: '{{ facts.hostnam }}'",
      "error[UNDEFINED_VARIABLE]: 'facts.hostnam' is not defined @ play.yml:3:16 ? did you mean 'hostname'?",
    ],
  ])('%s', (tasks, sentence) => {
    const [first] = sentences(playOf(tasks))
    expect(first?.replace(/ \? looked for .*/, '').replace(/\(\/\S+\//, '(')).toBe(sentence)
  })
})

test('a condition on what is defined keeps a host from what is not', () => {
  expect(
    sentences(playOf("- say: '{{ colour }}'\n  when: defined(colour)\n- say: !cel default(hostvars.d1.colour, n)\n")),
  ).toEqual([])
})

test('a template tells the place inside of it, and the task that uses it', () => {
  const files = {
    'templates/a.hbs': 'one\n  {{#each list}}\n  {{ upper nam }}\n{{/each}}\n',
    'templates/b.hbs': '{{#if n}}\n',
  }
  const tasks =
    '- name: A\n  thing: { path: /x, from: a.hbs }\n  vars: { list: [{ name: a }] }\n- thing: { path: /x, from: b.hbs }\n'
  expect(complaints(playOf(tasks), files)).toEqual([
    `error[UNDEFINED_VARIABLE]: 'nam' is not defined (for the task 'A', play.yml:3)
  --> templates/a.hbs:3:12
3 |   {{ upper nam }}
  |            ^^^
hint: did you mean 'name'?`,
    `error[TEMPLATE_SYNTAX]: the template cannot be read here: it ends too early (for the task 'thing /x', play.yml:6)
  --> templates/b.hbs:1:10
1 | {{#if n}}
  |          ^`,
  ])
})

describe('hosts', () => {
  test.each([
    [{ limit: 'nobody' }, "error[UNKNOWN_HOST]: the inventory has no host or group 'nobody'"],
    [{ limit: 'wbe' }, "error[UNKNOWN_HOST]: the inventory has no host or group 'wbe' ? did you mean 'web'?"],
    [{ limit: 'x*' }, "error[EMPTY_LIMIT]: no host of the inventory is in --limit 'x*'"],
    [{ limit: 'd1' }, "error[EMPTY_LIMIT]: no play has a host that is in --limit 'd1'"],
  ])('%s', (options, sentence) => {
    expect(sentences('- hosts: web\n  tasks: [{ say: a }]\n', {}, options)).toEqual([sentence])
  })

  test.each([
    ['- tasks: []', "error[MISSING_ARG]: a play needs 'hosts' @ play.yml:1:3 ? name a host, a group or all"],
    [
      '- hosts: wbe',
      "error[UNKNOWN_HOST]: the inventory has no host or group 'wbe' @ play.yml:1:10 ? did you mean 'web'?",
    ],
    [
      '- hosts: all\n  order: { by: rank }\n  tasks: []',
      "error[UNDEFINED_VARIABLE]: 'rank' is not defined @ play.yml:2:16",
    ],
    [
      '- hosts: all\n  vars_files: [none.yml]',
      'error[FILE_MISSING]: none.yml cannot be read: there is no such file @ play.yml:2:16',
    ],
    ['hosts: all', 'error[WRONG_TYPE]: a playbook is a list of plays @ play.yml:1:1 ? begin each play with a dash'],
    ['', 'error[EMPTY_PLAYBOOK]: play.yml holds no plays'],
    ['- include: none.yml', 'error[FILE_MISSING]: none.yml cannot be read: there is no such file @ play.yml:1:12'],
    [
      '- include: play.yml',
      'error[INCLUDE_CIRCLE]: this playbook includes itself: play.yml → play.yml @ play.yml:1:12',
    ],
    ['- hosts: all\n  tasks: {}', 'error[WRONG_TYPE]: tasks are a list @ play.yml:2:10 ? begin each task with a dash'],
    [
      '- hosts: all\n  tasks:\n  - include: a.yml',
      'error[FILE_MISSING]: a.yml cannot be read: there is no such file @ play.yml:3:14',
    ],
    [
      '- hosts: all\n  handlers: [{ name: a, say: b }, { name: a, say: c }]',
      "error[DUPLICATE_HANDLER]: two handlers are called 'a' @ play.yml:2:43 ? a task would not know which of them it notifies",
    ],
    [
      '- hosts: all\n  handlers: [{ name: a, block: [{ name: b, say: c, listen: d }] }]',
      "error[WRONG_KEYWORD]: this task is a part of the handler 'a', which is notified as a whole @ play.yml:2:52 ? write listen beside the name of the handler",
    ],
    [
      '- hosts: all\n  strategy: free\n  tasks: [{ name: a, say: b, serial: 1 }]',
      "error[FREE_ROLL]: 'a' goes in batches, and with 'strategy: free' every host goes its own pace @ play.yml:3:19 ? leave 'strategy' out",
    ],
    [
      '- hosts: all\n  handlers: [{ name: a, meta: end_play }]',
      'error[WRONG_KEYWORD]: a handler has no meta: it runs when it is due @ play.yml:2:25',
    ],
  ])('%s', (playbook, sentence) => {
    expect(sentences(playbook).map((text) => text.replace(/\/tmp\/\S*\//g, ''))).toEqual([sentence])
  })
})

test('an included file that includes itself is told once', () => {
  expect(
    sentences(playOf('- include: a.yml'), { 'a.yml': '- include: b.yml\n', 'b.yml': '- include: a.yml\n' }),
  ).toEqual(['error[INCLUDE_CIRCLE]: this file includes itself: a.yml → b.yml → a.yml @ b.yml:1:12'])
})

test('a role that includes itself is told once', () => {
  const files = { 'roles/r/tasks/main.yml': '- say: a\n- include: { role: r }\n' }
  expect(sentences('- hosts: all\n  roles: [r]\n', files)).toEqual([
    'error[INCLUDE_CIRCLE]: this file includes itself: roles/r/tasks/main.yml → roles/r/tasks/main.yml @ roles/r/tasks/main.yml:2:20',
  ])
})
