import { describe, expect, test } from 'vitest'
import { complaintsOf, folderWith } from './folder.ts'
import { compileIn, HOSTS, playOf } from './stand-ins.ts'

/** `CODE: sentence ? hint` of the first thing that is wrong. */
function answer(playbook: string, files: Record<string, string> = {}): string {
  const folder = folderWith({ 'hosts.yml': HOSTS, 'play.yml': playbook, ...files })
  const [first = 'nothing'] = complaintsOf(() => compileIn(folder), folder)
  const [head = '', ...rest] = first.split('\n')
  const hint = rest.find((line) => line.startsWith('hint: '))
  return head.replace(/^error\[(\w+)\]/, '$1') + (hint ? hint.replace('hint: ', ' ? ') : '')
}

describe('what Ansible writes in a task is answered with what we write', () => {
  test.each([
    ['with_items: [1]', 'write loop'],
    ['with_list: [1]', 'write loop'],
    ['with_dict: {}', 'write loop: "{{items name}}"'],
    ['with_sequence: end=3', 'write loop: "{{range 1 11}}" for 1 to 10'],
    ['with_nested: []', 'write loop with an expression'],
    ['with_together: []', 'write loop with an expression'],
    ['with_fileglob: x', 'list the files in loop'],
    ['with_file: [x]', 'write loop with the paths, and file(item) in the task'],
    ['with_first_found: [x]', 'give the path by a variable of the group or host'],
    ['with_indexed_items: [x]', 'write loop, and loop_control: { index_var: NAME }'],
    [
      'with_subelements: [x]',
      'write loop with an expression: users.map(u, u.keys.map(k, {"user": u, "key": k})).flatten()',
    ],
    ['with_random_choice: [x]', 'write loop, with an expression where it is no plain list'],
    ['async: 60', 'give the task a timeout'],
    ['poll: 0', 'leave it out'],
    ['args: { chdir: / }', 'write the arguments below the module'],
    ['action: say x', 'write the module as a key of its own, as in file: { path: … }'],
    ['local_action: say x', 'write delegate_to: localhost'],
    ['sudo: true', 'write become: true'],
    ['become_flags: -H', 'leave it out'],
    ['delegate_facts: true', 'leave it out'],
    ['collections: [x]', 'leave it out: modules are built in'],
    ['environement: {}', 'write environment'],
  ])('%s', (keyword, hint) => {
    const [name] = keyword.split(':')
    expect(answer(playOf(`- say: a\n  ${keyword}`))).toBe(`UNKNOWN_KEYWORD: a task has no '${name}' ? ${hint}`)
  })
})

describe('a module of Ansible’s is answered with ours, or with what to do without', () => {
  test.each([
    ['ansible.builtin.thing: { path: /x }', 'write thing'],
    ['include_tasks: "{{ x }}.yml"', 'write include: with the path of the file'],
    ['import_tasks: x.yml', 'write include: with the path of the file'],
    ['include_role: { name: x }', 'write include: { role: NAME }'],
    ['import_role: { name: x }', 'write include: { role: NAME }'],
    ['import_playbook: x.yml', 'write include: with the path of the playbook'],
    ['set_fact: { x: 1 }', 'write vars on the block or the play, or use a registered value'],
    ['ansible.builtin.set_fact: x=1', 'write vars on the block or the play, or use a registered value'],
    ['include_vars: x.yml', 'write vars_files on the play'],
    ['setup: {}', 'leave it out: facts are gathered when something names them'],
    ['stat: { path: /x }', 'write a guard on the command: creates, removes, unless or only_if'],
    ['pause: { seconds: 3 }', 'write wait-for with what is waited for'],
    ['get_url: {}', 'write shell: { cmd: "curl -fsSLo PATH URL", creates: PATH }'],
    ['community.general.git: {}', 'write command with a guard: creates, unless or only_if'],
    ['yum: {}', 'package is for Debian; write command with a guard'],
    ['raw: uptime', 'write command or shell: hosts need nothing but a shell'],
  ])('%s', (call, hint) => {
    const [name] = call.split(':')
    expect(answer(playOf(`- ${call}`))).toBe(`UNKNOWN_MODULE: there is no module '${name}' ? ${hint}`)
  })
})

describe('Ansible’s way of writing values is answered with ours', () => {
  test.each([
    [
      '- thing: path=/x state=absent',
      'WRONG_TYPE: the arguments of thing are a mapping ? write thing: { path: /x, state: absent }',
    ],
    [
      '- thing: { path: /x, mode: 0644 }',
      'OCTAL_NUMBER: 0644 is the number 644 in YAML 1.2 ? write it in quotes: "0644"',
    ],
    [
      '- thing: { path: /x, mode: 644 }',
      `WRONG_MODE: 'mode' of thing is permission bits in quotes, not 644 ? write it in quotes: "0644"`,
    ],
    ['- thing: { path: /x, flag: yes }', "WRONG_TYPE: 'flag' of thing takes true or false, not 'yes' ? write true"],
    ['- thing: { path: /x, flag: no }', "WRONG_TYPE: 'flag' of thing takes true or false, not 'no' ? write false"],
    ['- say: a\n  become: yes', "WRONG_TYPE: 'become' takes true or false, not 'yes' ? write true"],
    ['- say: a\n  run_once: off', "WRONG_TYPE: 'run_once' takes true or false, not 'off' ? write false"],
    [
      '- say: a\n  ignore_errors: "{{ check_mode }}"',
      "WRONG_TYPE: 'ignore_errors' takes true or false, not '{{ check_mode }}' ? it is read before the run and cannot be a template; a condition is written with when",
    ],
    [
      '- say: a\n  throttle: "{{ n }}"',
      "WRONG_TYPE: 'throttle' takes a number of at least 1, not '{{ n }}' ? it is read before the run and cannot be a template; a condition is written with when",
    ],
    [
      '- include: "{{ x }}.yml"',
      'STATIC_INCLUDE: an include is read while compiling: its path is a plain text ? write the path as it is, and a condition with when',
    ],
    [
      '- say: a\n  notify: restart it',
      "UNKNOWN_HANDLER: there is no handler 'restart it' ? the handlers of a play stand below handlers:",
    ],
    ['- say: {{ n }}', 'UNQUOTED_TEMPLATE: a value that begins with {{ is a mapping'],
  ])('%s', (tasks, sentence) => {
    expect(answer(playOf(tasks)).slice(0, sentence.length)).toBe(sentence)
  })
})

describe('Jinja is answered with Handlebars', () => {
  test.each([
    ["{{ x | default('d') }}", 'write {{default x "d"}}'],
    ['{{ x | default(0) }}', 'write {{default x 0}}'],
    ['{{ x|upper }}', 'write {{upper x}}'],
    ['{{ a.b | join(", ") }}', 'a filter is a helper here: {{upper name}}, {{default name "x"}}'],
    ["{{ a.b | join('-') }}", 'write {{join a.b "-"}}'],
    ["{{ x | default('a') | lower }}", 'write {{lower (default x "a")}}'],
    ["{{ x | regex_replace('a', 'b') }}", 'write {{regex_replace x "a" "b"}}'],
    ['{{ x | to_json }}', 'write {{json x}}'],
    ['{{ x | dict2items }}', 'write {{items x}}'],
    ['{{ x | length }}', 'write {{length x}}'],
    ['{{ x | b64encode }}', 'write {{b64encode x}}'],
    ['{{ x | ipaddr("host") }}', 'a filter is a helper here: {{upper name}}, {{default name "x"}}'],
    ["{{ 'a' if b else 'c' }}", 'write {{if b "a" "c"}}'],
    ["{{ 'a' if b == 1 else 'c' }}", 'write {{cel "CONDITION ? A : B"}}'],
    ["{{ lookup('env', 'HOME') }}", 'write {{env.HOME}}'],
    ["{{ lookup('file', 'x.txt') }}", 'write {{file "x.txt"}}'],
    [
      '{{ lookup("pipe", x) }}',
      'there are no lookups: write {{file "path"}}, {{env.NAME}}, or {{lookup map key}} for a key of a mapping',
    ],
    ['{{ x + 1 }}', 'a template has no operators: use a helper as in {{add a 1}}, or {{cel "a + 1"}}'],
    ['{{ x[0] }}', 'write {{list.[0]}} or {{lookup map key}}'],
    ['{{ n }}{% if x %}a{% endif %}', 'write {{#if x}}…{{/if}} and {{#each list}}…{{/each}}'],
    ['{{ n }} {# note #}', 'a comment is written {{! … }}'],
  ])('%s', (text, hint) => {
    const tasks = `- say: ${JSON.stringify(`text ${text}`)}`
    expect(answer(playOf(tasks))).toMatch(/^(TEMPLATE_SYNTAX|UNKNOWN_HELPER): /)
    expect(answer(playOf(tasks)).split(' ? ')[1]).toBe(hint.split(' ? ')[0])
  })
})

describe('Jinja’s tests and Python’s words are answered with CEL', () => {
  test.each([
    ['x is defined', 'write defined(name) or !defined(name)'],
    ['x is not defined', 'write defined(name) or !defined(name)'],
    ['x is undefined', 'write defined(name) or !defined(name)'],
    ['r is changed', 'write result.changed, result.failed or result.skipped'],
    ['r is not failed', 'write result.changed, result.failed or result.skipped'],
    ['r is succeeded', 'write !result.failed'],
    ["x is match('^a')", 'write name.matches("x"), with ^ for the beginning'],
    ['x is number', 'a test is a comparison or a function: name == "x", name.matches("x")'],
    ['x and y', 'write && for and, || for or, ! for not'],
    ['not x', 'write && for and, || for or, ! for not'],
    ['x not in y', 'write !(x in list)'],
    ['x | default(1) == 1', 'a filter is a function here: name.upper(), default(name, "x")'],
    ['"{{ x }}"', 'an expression has no {{ }}'],
    ['x = 1', 'write == to compare'],
  ])('when: %s', (text, hint) => {
    expect(answer(playOf(`- say: a\n  when: ${text}`))).toContain(` ? ${hint}`)
  })

  test('a choice is written with ? and :', () => {
    expect(answer(playOf(`- say: !cel "'a' if n > 1 else 'b'"`))).toContain(' ? write condition ? a : b')
  })

  test.each([
    ['n == True', 'write true'],
    ['n == None', 'write null'],
  ])('when: %s', (text, hint) => {
    expect(answer(playOf(`- say: a\n  when: ${text}`))).toContain(` ? ${hint}`)
  })
})

describe('a name of Ansible’s is answered with ours', () => {
  test.each([
    ['ansible_hostname', 'write facts.hostname'],
    ['ansible_facts', 'write facts, as in facts.hostname'],
    ['ansible_distribution', 'write facts.os.id'],
    ['ansible_default_ipv4', 'write facts.default_address'],
    ['ansible_memtotal_mb', 'write facts.memory_mib'],
    ['ansible_check_mode', 'write check_mode'],
    ['ansible_play_hosts', 'write play_hosts'],
    ['ansible_date_time', 'write now'],
    ['ansible_env', 'write env.NAME, the environment of the controller'],
    ['ansible_selinux', "that is Ansible's name: facts are below facts, as in facts.os.id"],
    ['inventory_hostname_short', 'write inventory_hostname.split(".")[0]'],
    ['omit', 'there is no omit: write two tasks with when, or default(name, …) with the value that is meant'],
    ['role_path', 'paths in a role are relative to it already'],
    ['item', "'item' is the item of a loop, and there is none here"],
  ])('%s', (name, hint) => {
    const sentence = `UNDEFINED_VARIABLE: '${name}' is not defined ? ${hint}`
    expect(answer(playOf(`- say: '{{ ${name} }}'`))).toBe(sentence)
    expect(answer(playOf(`- say: !cel ${name}`))).toBe(sentence)
  })

  test('also below ansible_facts', () => {
    expect(answer(playOf(`- say: !cel ansible_facts['hostname']`))).toBe(
      "UNDEFINED_VARIABLE: 'ansible_facts' is not defined ? write facts, as in facts.hostname",
    )
  })
})

describe('on plays and roles', () => {
  test.each([
    ['- hosts: all\n  gather_facts: no\n', "WRONG_TYPE: 'gather_facts' takes true or false, not 'no' ? write false"],
    [
      '- hosts: all\n  gather_subset: [min]\n',
      "UNKNOWN_KEYWORD: a play has no 'gather_subset' ? leave it out: facts are few",
    ],
    ['- hosts: all\n  vars_prompt: []\n', "UNKNOWN_KEYWORD: a play has no 'vars_prompt' ? give the value with -e"],
    [
      '- hosts: all\n  any_error_fatal: true\n',
      "UNKNOWN_KEYWORD: a play has no 'any_error_fatal' ? write any_errors_fatal",
    ],
    [
      '- hosts: all\n  force_handlers: true\n',
      "UNKNOWN_KEYWORD: a play has no 'force_handlers' ? leave it out: a notified handler is never lost",
    ],
    [
      '- hosts: all\n  roles: [{ role: r, shop_port: 80 }]\n',
      "UNKNOWN_KEYWORD: a role has no 'shop_port' ? write vars: { shop_port: … }",
    ],
    [
      '- hosts: all\n  roles: [r]\n',
      'WRONG_KEYWORD: the role r has dependencies, which have no effect here ? write include: { role: NAME } for each of them as the first of its tasks',
    ],
  ])('%s', (playbook, sentence) => {
    const files = { 'roles/r/tasks/main.yml': '[]', 'roles/r/meta/main.yml': 'dependencies: [other]\n' }
    expect(answer(playbook, playbook.includes('[r]') ? files : { 'roles/r/tasks/main.yml': '[]' })).toBe(sentence)
  })

  test('empty dependencies of a role are none', () => {
    const files = { 'roles/r/tasks/main.yml': '[]', 'roles/r/meta/main.yml': 'dependencies: []\n' }
    expect(answer('- hosts: all\n  roles: [r]\n', files)).toBe('nothing')
  })
})

describe('did you mean', () => {
  const at = (tasks: string, more = '') => answer(playOf(tasks, more))
  test.each([
    ['modules', () => at('- thnig: {}'), 'thing'],
    ['arguments', () => at('- thing: { paht: /x }'), 'path'],
    ['arguments of arguments', () => at('- thing: { path: /x, list: [{ nmae: a }] }'), 'name'],
    ['values', () => at('- thing: { path: /x, state: presnt }'), 'present'],
    ['keywords of a task', () => at('- say: a\n  wehn: true'), 'when'],
    ['keywords of a block', () => at('- block: []\n  resuce: []'), 'rescue'],
    ['keywords of a play', () => answer('- hosts: all\n  taks: []\n'), 'tasks'],
    ['keywords of a loop', () => at('- say: a\n  loop: [1]\n  loop_control: { loop_vra: x }'), 'loop_var'],
    ['keywords of an order', () => at('- say: a\n  order: { yb: n }'), 'by'],
    ['orders', () => at('- say: a\n  order: invenory'), 'inventory'],
    ['meta', () => at('- meta: flush_handler'), 'flush_handlers'],
    ['variables', () => at('- say: "{{ colour }}{{ colur }}"\n  when: "\'web\' in group_names"'), 'colour'],
    ['variables in expressions', () => at('- say: !cel inventory_hostnam'), 'inventory_hostname'],
    ['registered values', () => at('- say: a\n  register: answer\n- say: "{{ anwser }}"'), 'answer'],
    ['facts', () => at('- say: "{{ facts.hostnam }}"'), 'hostname'],
    ['facts in expressions', () => at('- say: !cel facts.os.verson'), 'version'],
    ['functions', () => at('- say: !cel uper("a")'), 'upper'],
    ['helpers', () => at('- say: "x {{ uper n }}"'), 'upper'],
    ['handlers', () => at('- say: a\n  notify: restrat', '  handlers: [{ name: restart, say: a }]\n'), 'restart'],
    [
      'topics',
      () => at('- say: a\n  notify: topci', '  handlers: [{ name: restart, say: a, listen: topic }]\n'),
      'topic',
    ],
    ['groups', () => answer('- hosts: wbe\n  tasks: []\n'), 'web'],
    ['hosts', () => at('- say: a\n  delegate_to: w11'), 'w1'],
    ['roles', () => answer('- hosts: all\n  roles: [frist]\n', { 'roles/first/tasks/main.yml': '[]' }), 'first'],
    ['modules of module_defaults', () => answer('- hosts: all\n  module_defaults: { thnig: {} }\n'), 'thing'],
    [
      'arguments of module_defaults',
      () => answer('- hosts: all\n  module_defaults: { thing: { paht: /x } }\n'),
      'path',
    ],
  ])('names %s', (_, complaint, meant) => {
    expect(complaint()).toContain(`did you mean '${meant}'?`)
  })
})
