import { describe, expect, test } from 'vitest'
import { type PlaybookRun, runText } from './playbook-run.ts'

/** What was done, without what was skipped. */
async function did(tasks: string, given: PlaybookRun = {}): Promise<string[]> {
  const { lines } = await runText(`- hosts: web\n  tasks:\n${tasks.trim().replace(/^/gm, '    ')}\n`, given)
  return lines.filter((line) => !line.endsWith(': skipped'))
}

const HOSTS = 'web: { hosts: { a: , b: } }\n'

describe('a block', () => {
  test('hands the host that failed to its rescue, while the others go on in it', async () => {
    const tasks = `
- block:
    - { name: boom, fail: no, when: inventory_hostname == "a" }
    - { name: rest, debug: x }
  rescue:
    - { name: rescue, debug: x }
  always:
    - { name: always, debug: x }
- { name: after, debug: x }
`
    expect(await did(tasks, { hosts: HOSTS })).toEqual([
      'a boom: failed, rescued',
      'b rest: ok',
      'a rescue: ok',
      'a always: ok',
      'b always: ok',
      'a after: ok',
      'b after: ok',
    ])
  })

  test('whose rescue fails does what it always does, and throws the host out', async () => {
    const tasks = `
- block:
    - { name: boom, fail: no, when: inventory_hostname == "a" }
  rescue:
    - { name: rescue, fail: no }
    - { name: rest of rescue, debug: x }
  always:
    - { name: always, debug: x }
- { name: after, debug: x }
`
    expect(await did(tasks, { hosts: HOSTS })).toEqual([
      'a boom: failed, rescued',
      'a rescue: failed',
      'a always: ok',
      'b always: ok',
      'b after: ok',
    ])
  })

  test('hands what the rescue of a block inside it could not help to its own rescue', async () => {
    const tasks = `
- block:
    - block:
        - { name: boom, fail: no }
      rescue:
        - { name: inner rescue, fail: no }
      always:
        - { name: inner always, debug: x }
    - { name: rest, debug: x }
  rescue:
    - { name: outer rescue, debug: x }
  always:
    - { name: outer always, debug: x }
- { name: after, debug: x }
`
    expect(await did(tasks, { hosts: 'web: { hosts: { a: } }\n' })).toEqual([
      'a boom: failed, rescued',
      'a inner rescue: failed, rescued',
      'a inner always: ok',
      'a outer rescue: ok',
      'a outer always: ok',
      'a after: ok',
    ])
  })

  test('whose always fails hands that to the rescue around it, and does not go on in its own', async () => {
    const tasks = `
- block:
    - block:
        - { name: work, debug: x }
      always:
        - { name: inner always, fail: no }
        - { name: rest of always, debug: x }
  rescue:
    - { name: outer rescue, debug: x }
`
    expect(await did(tasks, { hosts: 'web: { hosts: { a: } }\n' })).toEqual([
      'a work: ok',
      'a inner always: failed, rescued',
      'a outer rescue: ok',
    ])
  })

  test('without a rescue does what it always does before the host is out, and so do those around it', async () => {
    const tasks = `
- block:
    - block:
        - { name: boom, fail: no }
      always:
        - { name: inner always, debug: x }
    - { name: rest, debug: x }
  always:
    - { name: outer always, debug: x }
- block:
    - { name: other, debug: x }
  always:
    - { name: always of a block that was not begun, debug: x }
`
    expect(await did(tasks, { hosts: 'web: { hosts: { a: } }\n' })).toEqual([
      'a boom: failed',
      'a inner always: ok',
      'a outer always: ok',
    ])
  })

  test('may stand in a rescue and in an always', async () => {
    const tasks = `
- block:
    - { name: boom, fail: no }
  rescue:
    - block: [{ name: second boom, fail: no }]
      rescue: [{ name: rescue in the rescue, debug: x }]
  always:
    - block: [{ name: third boom, fail: no }]
      rescue: [{ name: rescue in always, debug: x }]
- { name: after, debug: x }
`
    expect(await did(tasks, { hosts: 'web: { hosts: { a: } }\n' })).toEqual([
      'a boom: failed, rescued',
      'a second boom: failed, rescued',
      'a rescue in the rescue: ok',
      'a third boom: failed, rescued',
      'a rescue in always: ok',
      'a after: ok',
    ])
  })

  test('that a condition excludes is skipped with its rescue and its always', async () => {
    const tasks = `
- when: inventory_hostname == "a"
  block: [{ name: boom, fail: no }]
  rescue: [{ name: rescue, debug: x }]
  always: [{ name: always, debug: x }]
`
    expect(await did(tasks, { hosts: HOSTS })).toEqual(['a boom: failed, rescued', 'a rescue: ok', 'a always: ok'])
  })

  test('cannot rescue a host that is gone, nor do on it what it always does', async () => {
    const tasks = `
- block: [{ name: work, shell: ":" }]
  rescue: [{ name: rescue, debug: x }]
  always: [{ name: always, debug: x }]
- { name: after, debug: x }
`
    expect(await did(tasks, { hosts: HOSTS, gone: ['a'] })).toEqual([
      'a connect: unreachable',
      'b work: changed',
      'b always: ok',
      'b after: ok',
    ])
  })

  test('lets go of a failure that is ignored, without its rescue', async () => {
    const tasks = `
- block:
    - { name: boom, fail: no, ignore_errors: true }
    - { name: rest, debug: x }
  rescue: [{ name: rescue, debug: x }]
`
    expect(await did(tasks, { hosts: 'web: { hosts: { a: } }\n' })).toEqual(['a boom: failed, ignored', 'a rest: ok'])
  })

  test('notifies handlers from its rescue as from anywhere', async () => {
    const playbook = `
- hosts: web
  tasks:
    - block: [{ name: boom, fail: no }]
      rescue: [{ name: rescue, shell: ":", notify: tell }]
  handlers:
    - { name: tell, debug: x }
`
    const { lines } = await runText(playbook, { hosts: 'web: { hosts: { a: } }\n' })
    expect(lines).toEqual(['a boom: failed, rescued', 'a rescue: changed', 'a tell: ok'])
  })
})

describe('in check mode', () => {
  test('a rescue runs for what fails for certain, and the rest of the block does not', async () => {
    const tasks = `
- block:
    - { name: boom, fail: no }
    - { name: rest, debug: x }
  rescue: [{ name: rescue, debug: x }]
  always: [{ name: always, debug: x }]
`
    expect(await did(tasks, { hosts: 'web: { hosts: { a: } }\n', mode: 'check' })).toEqual([
      'a boom: failed, rescued',
      'a rescue: ok',
      'a always: ok',
    ])
  })
})

describe('meta in a block', () => {
  test('end_host ends the tasks of its host after what the block always does, and handlers still run', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: change, shell: ":", notify: tell }
    - block:
        - { name: begin, debug: x }
        - { meta: end_host, when: inventory_hostname == "a" }
        - { name: rest, debug: x }
      always: [{ name: always, debug: x }]
    - { name: after, debug: x }
  handlers:
    - { name: tell, debug: x }
- hosts: web
  tasks:
    - { name: next play, debug: x }
`
    const { lines, summary } = await runText(playbook, { hosts: HOSTS })
    expect(lines).toEqual([
      'a change: changed',
      'b change: changed',
      'a begin: ok',
      'b begin: ok',
      'b rest: ok',
      'a always: ok',
      'b always: ok',
      'b after: ok',
      'a tell: ok',
      'b tell: ok',
      'a next play: ok',
      'b next play: ok',
    ])
    expect(summary.hosts.a?.lost).toBeUndefined()
  })

  test('end_play ends the tasks of all hosts of the play, later batches included', async () => {
    const playbook = `
- hosts: web
  serial: 2
  tasks:
    - block:
        - { name: begin, debug: x }
        - { meta: end_play, when: inventory_hostname == "b" }
        - { name: rest, debug: x }
      always: [{ name: always, debug: x }]
- hosts: web
  tasks:
    - { name: next play, debug: x }
`
    const { lines } = await runText(playbook)
    expect(lines).toEqual([
      'a begin: ok',
      'b begin: ok',
      'a always: ok',
      'b always: ok',
      'a next play: ok',
      'b next play: ok',
      'c next play: ok',
    ])
  })

  test('flush_handlers runs what is due on the hosts that are in the block', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: change, shell: ":", notify: tell }
    - when: inventory_hostname == "a"
      block:
        - meta: flush_handlers
        - { name: rest, debug: x }
  handlers:
    - { name: tell, debug: x }
`
    const { lines } = await runText(playbook, { hosts: HOSTS })
    expect(lines.filter((line) => !line.endsWith('skipped'))).toEqual([
      'a change: changed',
      'b change: changed',
      'a tell: ok',
      'a rest: ok',
      'b tell: ok',
    ])
  })
})
