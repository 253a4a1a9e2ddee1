import { describe, expect, test } from 'vitest'
import { complaintsOf, folderWith } from './folder.ts'
import { compiled, compileIn, HOSTS, playOf, said } from './stand-ins.ts'

describe('warnings', () => {
  const warned = (playbook: string, options = {}) =>
    compiled(playbook, options).warnings.map(({ code, message }) => `${code}: ${message}`)

  test.each([
    ['- say: a\n  ignore_errors: true', "IGNORED_ERRORS: every failure of 'say a' is ignored"],
    ['- say: a\n  become_user: ann', "BECOME_OFF: 'say a' names a become_user and does not become anybody"],
    ['- say: a\n  when: 1 > 2', "NEVER: the condition '1 > 2' never holds"],
    ['- say: a\n  when: n > 2', undefined],
    ['- say: a\n  become: true\n  become_user: ann', undefined],
  ])('%s', (tasks, message) => {
    expect(warned(playOf(tasks))).toEqual(message === undefined ? [] : [message])
  })

  test('tell of a play without hosts', () => {
    expect(warned('- hosts: web:&db\n  tasks: [{ say: a }]\n')).toEqual(["NO_HOSTS: no host is in 'web:&db'"])
  })

  test('tell of a variable of the command line that nothing reads', () => {
    const playbook = "- hosts: w1\n  vars: { x: '{{ deep }}' }\n  tasks: [{ say: '{{ x }}' }]\n"
    const extraVars = { deep: 1, n: 5, address: '::1', colur: 'blue' }
    expect(warned(playbook, { extraVars })).toEqual(["UNREAD_VARIABLE: nothing reads the variable 'colur' of -e"])
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
